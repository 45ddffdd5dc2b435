; System calls of the parts that must not go through the compiler: with every SSE register in use,
; or without a stack.

global call_with_floating, pinger_start, sender_start

SYS_CALL   equ -1
SYS_SEND   equ -3
SYS_NBSEND equ -4
SYS_RECV   equ -5

section .text

; struct floating_reply call_with_floating(seL4_CPtr endpoint, seL4_Word info, seL4_Word mr0,
; seL4_Word mr1, uint64_t pattern) Call, with pattern + i in SSE register i. Returns MR0 of the
; reply, and how many registers came back changed.
call_with_floating:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov rbp, rsp
    mov rbx, r8
%assign i 0
%rep 16
    lea rax, [rbx + i]
    movq xmm%+i, rax
%assign i i + 1
%endrep
    mov r10, rdx
    mov r8, rcx
    xor r9d, r9d
    xor r15d, r15d
    mov rdx, SYS_CALL
    syscall
    mov rsp, rbp
    xor edx, edx
%assign i 0
%rep 16
    movq rax, xmm%+i
    sub rax, rbx
    cmp rax, i
    je .good%+i
    inc edx
.good%+i:
%assign i i + 1
%endrep
    mov rax, r10
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; r14: struct pinger. Signals one notification and waits for another, for ever. No stack.
PINGER_COUNTER equ 0
PINGER_SIGNAL  equ 8
PINGER_WAIT    equ 16

pinger_start:
    mov rdi, [r14 + PINGER_SIGNAL]
    xor esi, esi
    mov rdx, SYS_SEND
    syscall
    mov rdi, [r14 + PINGER_WAIT]
    mov rdx, SYS_RECV
    syscall
    inc qword [r14 + PINGER_COUNTER]
    jmp pinger_start

; r14: as above. Sends what nobody needs to receive to the capability in slot PINGER_SIGNAL, for
; ever; it may be gone.
sender_start:
    mov rdi, [r14 + PINGER_SIGNAL]
    xor esi, esi
    mov rdx, SYS_NBSEND
    syscall
    inc qword [r14 + PINGER_COUNTER]
    jmp sender_start
