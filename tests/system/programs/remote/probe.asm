; The thread to which things are done. r14: struct probe (main.c). No stack; r13: what it keeps in
; xmm0, if it uses the FPU.

global probe_start, probe_end

COUNTER EQU 0
SEEN    EQU 8
TLS     EQU 16
VALUE   EQU 24
FPU     EQU 32
PAGE    EQU 40
USE_FPU EQU 48
SENDS   EQU 56

SYS_NBSEND EQU -4

section .text

probe_start:
    cmp qword [r14 + USE_FPU], 0
    je .again
    movq xmm0, r13
.again:
    mov [r14 + SEEN], rbx
    mov rax, [fs:0]
    mov [r14 + TLS], rax
    mov rax, [r14 + PAGE]
    mov rax, [rax]
    mov [r14 + VALUE], rax
    cmp qword [r14 + USE_FPU], 0
    je .no_fpu
    movq rax, xmm0
    mov [r14 + FPU], rax
.no_fpu:
    mov rdi, [r14 + SENDS]
    test rdi, rdi
    jz .sent
    mov rsi, 5                           ; words; the last one lies in the IPC buffer
    mov rdx, SYS_NBSEND
    syscall
.sent:
    inc qword [r14 + COUNTER]
    pause
    jmp .again
probe_end:
