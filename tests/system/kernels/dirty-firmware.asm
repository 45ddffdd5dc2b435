; An option ROM that leaves privileged registers of all CPUs as no good firmware would, within what
; still lets the BIOS go on: what CMK then runs with must come from CMK. run_privileged_state.py
; gives the file its checksum and hands it to the emulator.
;
; Called by the BIOS in real mode on the boot CPU, which starts the others once; each of them runs
; `dirty` and halts, until CMK starts it again.
bits 16
org 0

APIC           equ 0xfee00000
LOW_PAGE       equ 0x7000                ; free memory, where the other CPUs start: vector 7
WAIT_READS     equ 0x4000                ; of port 0x80, a microsecond or so each

%macro set_msr 3                         ; number, high half, low half
    mov ecx, %1
    mov eax, %3
    mov edx, %2
    wrmsr
%endmacro
%macro set_apic 2
    mov dword [dword fs:APIC + %1], %2
%endmacro

    dw 0xaa55
    db 4                                 ; times 512 bytes
entry:
    pushad
    pushfd
    push ds
    push es
    push fs
    cli
    call dirty
    ; The other CPUs: a far jump to `other_cpu`, at a page that a start-up IPI can name.
    xor ax, ax
    mov ds, ax
    mov byte [LOW_PAGE], 0xea
    mov word [LOW_PAGE + 1], other_cpu
    mov [LOW_PAGE + 3], cs
    set_apic 0x300, 0x000c4500           ; INIT to all others
    call pause_a_little
    set_apic 0x300, 0x000c4600 | LOW_PAGE >> 12
    call pause_a_little
    pop fs
    pop es
    pop ds
    popfd
    popad
    retf

other_cpu:
    cli
    call dirty
.halt:
    hlt
    jmp .halt

pause_a_little:
    mov ecx, WAIT_READS
.next:
    in al, 0x80
    dec ecx
    jnz .next
    ret

; All of it, on the CPU that calls. Changes EAX, ECX, EDX, and FS, whose limit becomes 4 GiB.
dirty:
    mov eax, cs
    shl eax, 4
    add eax, table
    push ds
    push dword eax
    push word table_end - table - 1
    mov bp, sp
    o32 lgdt [ss:bp]
    add sp, 6
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov dx, 8
    mov fs, dx
    and al, 0xfe
    mov cr0, eax
    pop ds

    set_msr 0xc0000081, 0x00aa00a8, 0    ; STAR
    set_msr 0xc0000082, 0x1234, 0x5000   ; LSTAR
    set_msr 0xc0000083, 0x1234, 0x6000   ; CSTAR
    set_msr 0xc0000084, 0, 0             ; FMASK
    set_msr 0xc0000102, 0x1234, 0x7000   ; KERNEL_GS_BASE
    set_msr 0xc0000103, 0, 0x77          ; TSC_AUX
    set_msr 0x174, 0, 8                  ; SYSENTER_CS, ESP, EIP
    set_msr 0x175, 0, 0x8000
    set_msr 0x176, 0, 0x9000
    set_msr 0x277, 0x05050505, 0x05050505 ; PAT: everything write-protected
    mov ecx, 0xc0000080                  ; EFER: SVME, where the CPU has it, and SCE
    mov eax, 0x80000001
    cpuid
    shl ecx, 10                          ; CPUID's bit 2 becomes bit 12
    and ecx, 0x1000
    mov eax, ecx
    or eax, 1
    xor edx, edx
    mov ecx, 0xc0000080
    wrmsr
    mov eax, 1                           ; XCR0: AVX, where the CPU has it
    cpuid
    and ecx, 1 << 28 | 1 << 26
    cmp ecx, 1 << 28 | 1 << 26
    jne .no_avx
    mov eax, cr4
    or eax, 1 << 18
    mov cr4, eax
    mov eax, 7
    xor edx, edx
    xor ecx, ecx
    xsetbv
.no_avx:
    mov eax, 0xd                         ; XSS: what the CPU has
    xor ecx, ecx
    cpuid
    mov eax, 0xd
    mov ecx, 1
    cpuid
    test al, 8
    jz .no_xss
    mov eax, ecx
    xor edx, edx
    mov ecx, 0xda0
    wrmsr
.no_xss:
    mov eax, 0x1230
    mov dr0, eax
    mov dr1, eax
    mov dr2, eax
    mov dr3, eax
    mov eax, 0xffff0fff
    mov dr6, eax
    mov eax, 0x00ff0400                  ; conditions, none enabled
    mov dr7, eax

    set_apic 0x080, 0x20                 ; task priority
    set_apic 0x0d0, 0x01000000           ; logical destination
    set_apic 0x0e0, 0x0fffffff           ; its format: clusters
    set_apic 0x320, 0x00010031           ; timer
    set_apic 0x330, 0x00000032           ; thermal events
    set_apic 0x340, 0x00000400           ; counters: NMI
    set_apic 0x360, 0x00010000           ; LINT1
    set_apic 0x370, 0x00000033           ; errors
    ret

align 8
table:
    dq 0
    dq 0x00cf93000000ffff                ; data, 4 GiB
table_end:
times 2047 - ($ - $$) db 0
    db 0                                 ; makes the sum of all bytes zero
