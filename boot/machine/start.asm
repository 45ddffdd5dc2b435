; Where GRUB and QEMU enter: 32-bit protected mode, paging off, eax = Multiboot magic, ebx = address
; of its information.
;
; Builds the boot page table, makes the scratch instance of the node state, and enters boot_sys in
; long mode. Touches only the image's boot part and what follows load_end; every register is free.
; Uses no stack until long mode.
;
; The boot page table is the boot CPU's while it runs part 1, and that of CPUs that answer the roll
; call. Every other CPU loads its node's boot table (node_boot_table.c) before it turns paging on.
;
; The boot page table maps, all writable and executable (no other table of the system does):
;   the first 4 GiB at 0 and at KERNEL_WINDOW   (boot_sys adds the rest of RAM to the window)
;   the image at KERNEL_IMAGE, the scratch instance at NODE_STATE, the global state at GLOBAL_STATE
;   one page table for LOCAL_APIC and what follows it (boot_sys fills it)

%include "offsets.inc"
%include "node/arrival.inc"
%define PHYSICAL(symbol) (symbol - KERNEL_IMAGE)
%define PRESENT_WRITABLE 3
%define LARGE 0x80
; Where the entry for an address lies in its PML4, page directory pointer table, page directory.
%define PML4_ENTRY(address) (((address) >> 39) & 511) * 8
%define PDPT_ENTRY(address) (((address) >> 30) & 511) * 8
%define DIRECTORY_ENTRY(address) (((address) >> 21) & 511) * 8

MULTIBOOT1_FLAGS equ 0x00010003          ; page-aligned modules, memory map, address fields valid
MULTIBOOT2_MAGIC equ 0xe85250d6

extern image_start, load_end, image_end
extern data_template, scratch_start, global_state_physical
extern boot_sys, cpu_arrival, answer_roll_call
global start, boot_pml4, boot_top_table, trampoline_start, trampoline_end
global arrival_code, enter_arrival, enter_roll_call

section .multiboot
align 8
multiboot1:
    dd 0x1badb002, MULTIBOOT1_FLAGS, -(0x1badb002 + MULTIBOOT1_FLAGS)
    dd multiboot1, image_start, load_end, image_end, start
align 8
multiboot2:
    dd MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2
    dd -(MULTIBOOT2_MAGIC + (multiboot2_end - multiboot2)) & 0xffffffff
    dw 0, 0                              ; end tag
    dd 8
multiboot2_end:

section .boot_bss nobits alloc write align=4096
boot_pml4:        resb 4096
boot_window_pdpt: resb 4096              ; RAM: for the window, and identity for its first 4 GiB
boot_low_tables:  resb 4 * 4096
boot_image_pdpt:  resb 4096              ; the top 2 GiB
boot_image_table: resb 4096
boot_state_table: resb 4096
boot_global_table: resb 4096
boot_top_directory: resb 4096
boot_top_table:   resb 4096
                  resb 64 * 1024
boot_stack_top:

section .boot progbits alloc exec write align=16
bits 32

; fill ENTRIES, FIRST, STEP, TABLE: page table entries FIRST, FIRST + STEP, ... from TABLE on.
%macro fill 4
    mov edi, %4
    mov eax, %2
    mov ecx, %1
%%next:
    mov [edi], eax
    add edi, 8
    add eax, %3
    dec ecx
    jnz %%next
%endmacro

; lead TABLE, OFFSET, NEXT: the entry at this offset of a table leads to the next one.
%macro lead 3
    mov dword [PHYSICAL(%1) + %2], PHYSICAL(%3) + PRESENT_WRITABLE
%endmacro

start:
    cli
    cld
    mov [multiboot_magic], eax
    mov [multiboot_information], ebx
    rdtsc
    mov [entry_tsc], eax
    mov [entry_tsc + 4], edx

    ; Long mode is a CPUID bit, in a leaf that old CPUs do not have (Intel SDM volume 2, CPUID).
    mov eax, 0x80000000
    cpuid
    mov esi, no_long_mode
    cmp eax, 0x80000001
    jb refuse
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc refuse

    ; All tables are in memory that the loader cleared. The 32-bit entries' upper halves stay zero:
    ; everything is below 4 GiB.
    mov dword [PHYSICAL(boot_pml4)], PHYSICAL(boot_window_pdpt) + PRESENT_WRITABLE
    lead boot_pml4, PML4_ENTRY(KERNEL_WINDOW), boot_window_pdpt
    lead boot_pml4, PML4_ENTRY(KERNEL_IMAGE), boot_image_pdpt
    fill 4, PHYSICAL(boot_low_tables) + PRESENT_WRITABLE, 4096, PHYSICAL(boot_window_pdpt)
    fill 2048, LARGE + PRESENT_WRITABLE, 0x200000, PHYSICAL(boot_low_tables)
    lead boot_image_pdpt, PDPT_ENTRY(KERNEL_IMAGE), boot_image_table
    lead boot_image_pdpt, PDPT_ENTRY(LOCAL_APIC), boot_top_directory
    fill 8, LARGE + PRESENT_WRITABLE, 0x200000, PHYSICAL(boot_image_table)
    lead boot_image_table, DIRECTORY_ENTRY(GLOBAL_STATE), boot_global_table
    lead boot_image_table, DIRECTORY_ENTRY(NODE_STATE), boot_state_table
    lead boot_top_directory, DIRECTORY_ENTRY(LOCAL_APIC), boot_top_table
    fill 512, global_state_physical + PRESENT_WRITABLE, 4096, PHYSICAL(boot_global_table)
    fill 512, scratch_start + PRESENT_WRITABLE, 4096, PHYSICAL(boot_state_table)

    ; The scratch instance: .bss is clear already, .data comes from the template.
    mov esi, data_template - KERNEL_IMAGE
    mov edi, scratch_start
    mov ecx, load_end
    sub ecx, esi
    shr ecx, 2
    rep movsd

    mov ebp, enter_boot_sys
    mov edi, PHYSICAL(boot_pml4)
    jmp enter_long_mode

; Prints the text at esi on com1 and halts. Firmware has left the UART at some rate; 115200 baud,
; 8N1 is also what a kernel that boots would set. Each character waits for room, at most 100,000
; reads.
refuse:
    mov edx, 0x3fb
    mov al, 0x83                         ; 8N1, divisor latch open
    out dx, al
    mov edx, 0x3f8
    mov al, 1
    out dx, al
    mov edx, 0x3f9
    mov al, 0
    out dx, al
    mov edx, 0x3fb
    mov al, 3
    out dx, al
.next:
    lodsb
    test al, al
    jz .halt
    mov ah, al
    mov ecx, 100000
    mov edx, 0x3fd                       ; line status
.wait:
    in al, dx
    test al, 0x20
    loopz .wait
    mov edx, 0x3f8
    mov al, ah
    out dx, al
    jmp .next
.halt:
    cli
    hlt
    jmp .halt

; The trampoline comes here, in 32-bit protected mode with the boot GDT.
arrive_32:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ebp, [arrival_code]
    mov eax, PHYSICAL(boot_pml4)
    cmp ebp, enter_roll_call
    je .table_known
    OWN_APIC_ID
    mov esi, global_state_physical + ARRIVAL_OFFSET
    FIND_ARRIVAL esi, eax, .unplanned
.table_known:
    mov edi, eax
    jmp enter_long_mode
.unplanned:
    cli
    hlt
    jmp .unplanned

; Paging on with the page table at edi, then to the 64-bit code at ebp.
enter_long_mode:
    lgdt [boot_gdt_pointer]
    ; INIT leaves the TLB as it was, with what an earlier life of the CPU used, perhaps global. A
    ; change of CR4.PGE drops everything (Intel SDM volume 3, 4.10.4.1), and with paging off nothing
    ; new comes. CPUs without the bit have no global entries, and the load of CR3 does it.
    mov eax, 1
    cpuid
    mov eax, 1 << 5                      ; CR4.PAE
    bt edx, 13                           ; PGE
    jnc .no_global_pages
    bts eax, 7
    mov cr4, eax
    btr eax, 7
.no_global_pages:
    mov cr4, eax
    mov cr3, edi
    mov eax, 0x80000001                  ; start has seen that this leaf is there
    cpuid
    mov ebx, edx
    mov ecx, 0xc0000080                  ; EFER
    rdmsr
    bts eax, 8                           ; LME
    bt ebx, 20                           ; no-execute bits, as detect_features() sees them
    jnc .no_execute_disable
    bts eax, 11                          ; NXE: nodes' boot tables have them
.no_execute_disable:
    wrmsr
    mov eax, 0x80010011                  ; CR0: PG, WP, ET, PE
    mov cr0, eax
    jmp 8:long_mode

bits 64
long_mode:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov eax, ebp                         ; the upper half is undefined after long mode began
    jmp rax

enter_boot_sys:
    mov rsp, boot_stack_top
    mov edi, [multiboot_magic]
    mov esi, [multiboot_information]
    mov rdx, [entry_tsc]
    mov rax, boot_sys
    call rax                             ; does not return

enter_arrival:                           ; still without a stack
    mov rax, cpu_arrival
    jmp rax

enter_roll_call:
    mov rax, answer_roll_call
    jmp rax

; Real mode, at the start of a page below 1 MiB that INIT-SIPI named: position-independent, copied
; there by boot_sys and never written again.
bits 16
trampoline_start:
    cli
    o32 lgdt [cs:boot_gdt_pointer_copy - trampoline_start]
    mov eax, cr0
    or al, 1                             ; CR0.PE
    mov cr0, eax
    jmp dword 24:arrive_32
align 4
boot_gdt_pointer_copy:
    dw boot_gdt_end - boot_gdt - 1
    dd boot_gdt
trampoline_end:

no_long_mode:
    db "cmk: mistake: this CPU has no long mode: CMK needs x86-64", 13, 10
    db "cmk: refused: 1 mistake, nothing boots", 13, 10, 0

align 8
boot_gdt:
    dq 0
    dq 0x00af9b000000ffff                ; 64-bit code
    dq 0x00cf93000000ffff                ; data
    dq 0x00cf9b000000ffff                ; 32-bit code, for the trampoline
boot_gdt_end:
boot_gdt_pointer:
    dw boot_gdt_end - boot_gdt - 1
    dd boot_gdt
arrival_code: dd enter_arrival           ; where CPUs go; roll_call.c changes it
multiboot_magic: dd 0
multiboot_information: dd 0
entry_tsc: dq 0
