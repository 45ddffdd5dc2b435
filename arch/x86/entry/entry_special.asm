; The four exceptions with stacks of their own, because they can come at any instruction of the
; kernel, the first one of a stub included, or when a stack is broken (docs/locking.md). None of
; these takes the lock; only a user's #DB goes on to do so. The CPU block is where the stack is.

%include "entry.inc"

extern kernel_exception, machine_check, machine_check_report, node_stopping, cpus_halted
extern exception_from_user_one, exception_from_user_many
global nmi_stub, double_fault_stub, machine_check_stub, debug_stub_one, debug_stub_many

section .text

; A node that stops sends this to its own CPUs, which halt. Any other NMI is counted and ignored;
; also one that hits the CPU that is stopping the node, which must be able to finish. node_stopping:
; that CPU's block; written once, before the NMI, by that CPU. cpus_halted: counted up here, read by
; that CPU.
align 16
nmi_stub:
    push rax
    BLOCK_OF_STACK rax
    cmp qword [node_stopping], 0
    je .ignore
    cmp qword [node_stopping], rax
    jne .halt
.ignore:
    inc qword [rax + CPU_NMIS]
    pop rax
    iretq
.halt:
    lock inc dword [cpus_halted]
.for_ever:
    cli
    hlt
    jmp .for_ever

align 16
double_fault_stub:                       ; the CPU pushed an error code of 0
    push 8
    mov rdi, rsp
    cld
    and rsp, -16
    call kernel_exception
    ud2

; A machine check ends the node, and goes on for that on the CPU's own stack, whose contents are not
; needed any more: another one, which comes before it is done, finds this stack free, and returns.
; So does an interrupt message with its vector.
align 16
machine_check_stub:
    push 0
    push 18
    push rax
    push rcx
    push rdx
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    BLOCK_OF_STACK rdi
    cld
    call machine_check                   ; 16 words below an aligned top: aligned
    test al, al
    jnz .ends_the_node
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rax
    add rsp, 16
    iretq
.ends_the_node:
    mov rdi, [rsp + (9 + 2) * 8]         ; rip
    BLOCK_OF_STACK rax
    lea rsp, [rax + CPU_STACK_TOP]
    call machine_check_report
    ud2

; From user mode (single step, int1): becomes an exception like any other, in the thread's context.
; The kernel sets no breakpoints and clears TF, so in the kernel it can only be a CPU's oddity
; around `mov ss`: counted and ignored.
%macro DEBUG_STUB 1
align 16
debug_stub_%1:
    test byte [rsp + 8], 3               ; cs
    jz debug_in_kernel
    push rax
    push rcx
    BLOCK_OF_STACK rax
    mov rcx, [rax + CPU_RSP0]            ; end of the context's frame
    sub rcx, CONTEXT_FRAME_END
%assign word 0
%rep 5                                   ; rip, cs, rflags, rsp, ss
    mov rax, [rsp + 16 + word * 8]
    mov [rcx + CONTEXT_RIP + word * 8], rax
%assign word word + 1
%endrep
    mov qword [rcx + CONTEXT_ERROR], 0
    mov qword [rcx + CONTEXT_VECTOR], 1
    add rcx, CONTEXT_VECTOR
    mov rax, [rsp + 8]                   ; the user's rax, rcx; rsp as other stubs have it
    xchg rcx, [rsp]
    pop rsp
    jmp exception_from_user_%1
%endmacro

DEBUG_STUB one
DEBUG_STUB many

debug_in_kernel:
    push rax
    BLOCK_OF_STACK rax
    inc qword [rax + CPU_STRAY_DEBUG_TRAPS]
    pop rax
    and qword [rsp + 16], ~0x100         ; rflags without TF
    iretq
