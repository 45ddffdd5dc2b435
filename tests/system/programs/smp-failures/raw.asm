; Threads without stack. r14: struct raw (failures.h).

global raw_fpu_user, raw_fpu_first, raw_reader, raw_odd_interrupts, raw_sender, raw_receiver
global raw_comparer, raw_sleeper, raw_spinner

COUNTER equ 0
FOUND   equ 8
ADDRESS equ 16
UPPER   equ 32                           ; the upper half of a YMM register

SYS_SEND  equ -3
SYS_RECV  equ -5
SYS_YIELD equ -7

section .bss
global raw_has_ymm
raw_has_ymm: resb 1                      ; not 0: users have YMM registers

section .text

; Fills all FPU registers again and again, and leaves nothing as it is in a fresh thread.
raw_fpu_user:
    mov rax, 0x5a5a5a5a5a5a5a5a
    push_value equ 0x7f80
    mov dword [r14 + 24], push_value
    ldmxcsr [r14 + 24]
.again:
%assign i 0
%rep 16
    movq xmm%+i, rax
%assign i i + 1
%endrep
    cmp byte [rel raw_has_ymm], 0
    je .x87
%assign i 0
%rep 16
    vinsertf128 ymm%+i, ymm%+i, xmm%+i, 1
%assign i i + 1
%endrep
.x87:
    fninit
    fldpi
    inc qword [r14 + COUNTER]
    jmp .again

; The first FPU instructions of a fresh thread: what it finds must be what a fresh thread has.
raw_fpu_first:
    stmxcsr [r14 + 24]
    mov eax, [r14 + 24]
    cmp eax, 0x1f80
    jne .wrong
    fnstcw [r14 + 24]
    cmp word [r14 + 24], 0x37f
    jne .wrong
    fnstsw ax
    test eax, 0x3800                     ; the stack's top
    jnz .wrong
%assign i 0
%rep 16
    movq rax, xmm%+i
    test rax, rax
    jnz .wrong
%assign i i + 1
%endrep
    cmp byte [rel raw_has_ymm], 0
    je .good
%assign i 0
%rep 16
    vextractf128 [r14 + UPPER], ymm%+i, 1
    mov rax, [r14 + UPPER]
    or rax, [r14 + UPPER + 8]
    jnz .wrong
%assign i i + 1
%endrep
.good:
    inc qword [r14 + COUNTER]
    mov rdx, SYS_YIELD
    syscall
    jmp .good
.wrong:
    or rax, 1
    mov [r14 + FOUND], rax
    jmp .good

; Enters and leaves the kernel between any two reads of one word; the top bit must never be set.
raw_reader:
    mov rbx, [r14 + ADDRESS]
.again:
    mov rdx, SYS_YIELD
    syscall
    mov rax, [rbx]
    inc qword [r14 + COUNTER]
    test rax, rax
    jns .again
    mov [r14 + FOUND], rax
.end:
    pause
    jmp .end

; The one vector that users may raise themselves and that is an interrupt. Nothing comes of it.
raw_odd_interrupts:
    mov rax, 0x1234
    int 0xff
    cmp rax, 0x1234
    jne .wrong
    inc qword [r14 + COUNTER]
    jmp raw_odd_interrupts
.wrong:
    or rax, 1
    mov [r14 + FOUND], rax
    jmp raw_odd_interrupts

; Sends numbers, from 0 up.
raw_sender:
    mov rdi, [r14 + ADDRESS]
    mov rsi, 1                           ; one word, in r10
    mov r10, [r14 + COUNTER]
    mov rdx, SYS_SEND
    syscall
    inc qword [r14 + COUNTER]
    jmp raw_sender

; Receives them, and notes one that is out of order, + 1.
raw_receiver:
    mov rdi, [r14 + ADDRESS]
    mov rdx, SYS_RECV
    syscall
    cmp r10, [r14 + COUNTER]
    je .expected
    mov [r14 + COUNTER], r10
    inc r10
    mov [r14 + FOUND], r10
.expected:
    inc qword [r14 + COUNTER]
    jmp raw_receiver

; Registers that always have the same value as each other, before and after a system call.
raw_comparer:
    cmp rbx, rbp
    jne .wrong
    cmp rbx, r12
    jne .wrong
    cmp rbx, r13
    jne .wrong
    inc qword [r14 + COUNTER]
    mov rdx, SYS_YIELD
    syscall
    jmp raw_comparer
.wrong:
    or rbx, 1
    mov [r14 + FOUND], rbx
    jmp raw_comparer

; Says what it was given in rbx, and sleeps: nobody sends.
raw_sleeper:
    mov [r14 + COUNTER], rbx
    mov rdi, [r14 + ADDRESS]
    mov rdx, SYS_RECV
    syscall
    mov qword [r14 + COUNTER], -1
    jmp raw_sleeper

raw_spinner:
    inc qword [r14 + COUNTER]
    pause
    jmp raw_spinner
