; Interrupts and exceptions: 256 stubs for each KIND of node, and the tables that the IDT is made
; of.
;
; From user mode the CPU has pushed ss, rsp, rflags, cs, rip (and perhaps an error code) where
; TSS.RSP0 points: into the current thread's context. The stub adds the missing error code and the
; vector. From idle, the only place in the kernel with interrupts on, the same lies on the CPU's own
; stack and is dropped. Interrupts are off (interrupt gates).

%include "entry.inc"

extern enter_one, enter_many
extern nmi_stub, double_fault_stub, machine_check_stub, debug_stub_one, debug_stub_many
extern kernel_exception, idle_start, idle_end
global interrupt_stubs_one, interrupt_stubs_many, exception_from_user_one, exception_from_user_many

section .text

; What the stubs leave at rsp, from either side.
FRAME_VECTOR equ 0
FRAME_RIP    equ 16
FRAME_CS     equ 24

; What a stub is for.
INTERRUPT          equ 0                 ; the APIC's alone: the gate is closed to users
EXCEPTION          equ 1
SOFTWARE_INTERRUPT equ 2                 ; `int n`, an unknown system call; or the APIC's

FIRST_SOFTWARE_INTERRUPT equ 160
LAST_SOFTWARE_INTERRUPT  equ 254

; rsp = vector in the context, everything above it filled in. %1: KIND of node, %2: what the stub is
; for.
%macro SAVE_AT_INTERRUPT 2
    PUSH_REGISTERS
    mov [rsp - CONTEXT_RAX + CONTEXT_RCX], rcx
    mov [rsp - CONTEXT_RAX + CONTEXT_R11], r11
    cld                                  ; an interrupt gate leaves the user's direction flag
    mov rax, [rsp - CONTEXT_RAX + CONTEXT_RIP]
    push rax                             ; restart_ip
    FIND_CPU
    mov rax, [rsp - CONTEXT_RESTART_IP + CONTEXT_VECTOR]
    mov rcx, [rsp - CONTEXT_RESTART_IP + CONTEXT_ERROR]
    mov [rbx + CPU_TRAP_VECTOR], rax
    mov [rbx + CPU_TRAP_ERROR], rcx
%if %2 == EXCEPTION
    cmp eax, 14
    jne %%no_address
    mov rax, cr2
    mov [rbx + CPU_TRAP_ADDRESS], rax
%%no_address:
%elif %2 == SOFTWARE_INTERRUPT
    STEP_BACK_UNLESS_IN_SERVICE
%endif
    mov rsp, rbp
    jmp enter_%1
%endmacro

; eax = vector, rsp = restart_ip, rbx = CPU block. An interrupt message with this vector is in
; service in the APIC. If it is not, the user executed `int n`, and both addresses go back to that
; instruction: it is repeated if the event is dropped (docs/locking.md step 6), and that is where
; the contract has the fault.
%macro STEP_BACK_UNLESS_IN_SERVICE 0
    mov r8d, eax
    shr eax, 5                           ; 32 vectors to a register
    test byte [rbx + CPU_FEATURES], CPU_FEATURE_X2APIC
    jz %%memory_mapped
    lea ecx, [rax + X2APIC_IN_SERVICE]
    rdmsr
    jmp %%have_register
%%memory_mapped:
    shl eax, 4
    mov eax, [rax + LOCAL_APIC_IN_SERVICE]
%%have_register:
    bt eax, r8d                          ; modulo 32
    jc %%done
    sub qword [rsp], 2
    sub qword [rsp - CONTEXT_RESTART_IP + CONTEXT_RIP], 2
%%done:
%endmacro

; %1: KIND.
%macro ENTRIES 1
align 16
interrupt_%1:
    test byte [rsp + FRAME_CS], 3
    jz from_kernel_%1
    SAVE_AT_INTERRUPT %1, INTERRUPT

align 16
software_interrupt_%1:
    test byte [rsp + FRAME_CS], 3
    jz from_kernel_%1
    SAVE_AT_INTERRUPT %1, SOFTWARE_INTERRUPT

align 16
exception_%1:
    test byte [rsp + FRAME_CS], 3
    jz from_kernel_%1
exception_from_user_%1:
    SAVE_AT_INTERRUPT %1, EXCEPTION

; From idle: the frame is dropped and this CPU enters with no thread. From anywhere else: the kernel
; has a bug.
from_kernel_%1:
    mov rax, [rsp + FRAME_RIP]
    cmp rax, idle_start
    jb in_kernel
    cmp rax, idle_end
    jae in_kernel
    mov rax, [rsp + FRAME_VECTOR]
    BLOCK_OF_STACK rbx
    mov qword [rbx + CPU_TRAP_THREAD], 0
    mov [rbx + CPU_TRAP_VECTOR], rax
    lea rsp, [rbx + CPU_STACK_TOP]
    jmp enter_%1
%endmacro

ENTRIES one
ENTRIES many

in_kernel:
    mov rdi, rsp
    cld
    and rsp, -16
    call kernel_exception
    ud2

; %1: KIND, %2: vector.
%macro STUB 2
align 8
stub_%1_%2:
%if %2 == 17 || %2 == 21 || %2 == 29 || %2 == 30
    ; An exception with these numbers has an error code; a device's message with such a vector,
    ; which the APIC lets pass, has none. The CPU aligned the frame to 16 bytes, so its size shows.
    test spl, 8
    jz %%has_error
    push 0
%%has_error:
%elif %2 != 10 && %2 != 11 && %2 != 12 && %2 != 13 && %2 != 14
    push 0
%endif
    push %2
%if %2 < 32
    jmp exception_%1
%elif %2 >= FIRST_SOFTWARE_INTERRUPT && %2 <= LAST_SOFTWARE_INTERRUPT
    jmp software_interrupt_%1
%else
    jmp interrupt_%1
%endif
%endmacro

; The IDT entry for a vector: the same list makes stub and table. %1: KIND, %2: vector.
%macro TABLE_ENTRY 2
%if %2 == 1
    dq debug_stub_%1
%elif %2 == 2
    dq nmi_stub
%elif %2 == 8
    dq double_fault_stub
%elif %2 == 18
    dq machine_check_stub
%else
[section .text]
    STUB %1, %2
__SECT__
    dq stub_%1_%2
%endif
%endmacro

section .rodata
align 8
interrupt_stubs_one:
%assign vector 0
%rep 256
    TABLE_ENTRY one, vector
%assign vector vector + 1
%endrep

interrupt_stubs_many:
%assign vector 0
%rep 256
    TABLE_ENTRY many, vector
%assign vector vector + 1
%endrep
