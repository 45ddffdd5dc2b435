; void enter(void *cpu, void *context): through the kernel's lock and back, all in user mode. The
; context gets what C functions must keep, and the address after the call.
bits 64
%include "offsets.inc"

extern cpu_enter_first
global enter

section .text
enter:
    mov [rsi + CONTEXT_RAX + 8], rbx
    mov [rsi + CONTEXT_RAX + 16], rbp
    mov [rsi + CONTEXT_RAX + 24], r12
    mov [rsi + CONTEXT_RAX + 32], r13
    mov [rsi + CONTEXT_RAX + 40], r14
    mov [rsi + CONTEXT_R15], r15
    mov qword [rsi + CONTEXT_VECTOR], 0  ; leaves by iretq
    lea rax, [rel .back]
    mov [rsi + CONTEXT_RIP], rax
    xor eax, eax
    mov ax, cs
    mov [rsi + CONTEXT_CS], rax
    mov ax, ss
    mov [rsi + CONTEXT_SS], rax
    pushfq
    pop rax
    mov [rsi + CONTEXT_RFLAGS], rax
    mov [rsi + CONTEXT_RSP], rsp
    jmp cpu_enter_first
.back:
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
