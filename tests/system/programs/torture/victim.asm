; A victim of the part "registers": it holds a value of its own in every register, the stack
; pointer, FPU and MXCSR included, and checks them all without end. It makes no system call and has
; no stack: whatever it finds changed, the kernel has changed.
;
; Register i holds base + i, with the base in rbp. struct victim, addressed by r15, see registers.c.

global victim_start, victim_end

VICTIM_COUNTER equ 0                     ; rounds, written by the victim only
VICTIM_FOUND   equ 8                     ; which check failed, 0: none
VICTIM_USE_FPU equ 16                    ; 2: the YMM registers as well
VICTIM_MXCSR   equ 24
VICTIM_CONTROL equ 32
VICTIM_SCRATCH equ 40
VICTIM_MAGIC   equ 48                    ; what fs:0 and gs:0 must be
VICTIM_SAVED   equ 56                    ; the value that was found
VICTIM_UPPER   equ 64                    ; the upper half of a YMM register
USE_YMM        equ 2

section .text

%macro CHECK 3                           ; register, what it must be above rbp, number of the check
    mov [r15 + VICTIM_SCRATCH], rax
    lea rax, [rbp + %2]
    cmp rax, %1
    mov rax, [r15 + VICTIM_SCRATCH]
    jne failed_%3
%endmacro

%macro FAILED 2                          ; number, register
failed_%1:
    mov [r15 + VICTIM_SAVED], %2
    mov qword [r15 + VICTIM_FOUND], %1
    jmp stand_still
%endmacro

victim_start:
    cmp qword [r15 + VICTIM_USE_FPU], 0
    je .registers
    ldmxcsr [r15 + VICTIM_MXCSR]
    fninit
    fldcw [r15 + VICTIM_CONTROL]
    fild qword [r15 + VICTIM_MAGIC]
%assign i 0
%rep 16
    lea rax, [rbp + 0x100 + i]
    movq xmm%+i, rax
    pshufd xmm%+i, xmm%+i, 0x14
%assign i i + 1
%endrep
    cmp qword [r15 + VICTIM_USE_FPU], USE_YMM
    jne .registers
%assign i 0
%rep 16
    vinsertf128 ymm%+i, ymm%+i, xmm%+i, 1
%assign i i + 1
%endrep
.registers:
    lea rax, [rbp + 1]
    lea rbx, [rbp + 2]
    lea rcx, [rbp + 3]
    lea rdx, [rbp + 4]
    lea rsi, [rbp + 5]
    lea rdi, [rbp + 6]
    lea rsp, [rbp + 7]
    lea r8, [rbp + 8]
    lea r9, [rbp + 9]
    lea r10, [rbp + 10]
    lea r11, [rbp + 11]
    lea r12, [rbp + 12]
    lea r13, [rbp + 13]
    lea r14, [rbp + 14]

.loop:
    inc qword [r15 + VICTIM_COUNTER]
    mov [r15 + VICTIM_SCRATCH], rbx
    lea rbx, [rbp + 1]
    cmp rax, rbx
    mov rbx, [r15 + VICTIM_SCRATCH]
    jne failed_1
    CHECK rbx, 2, 2
    CHECK rcx, 3, 3
    CHECK rdx, 4, 4
    CHECK rsi, 5, 5
    CHECK rdi, 6, 6
    CHECK rsp, 7, 7
    CHECK r8, 8, 8
    CHECK r9, 9, 9
    CHECK r10, 10, 10
    CHECK r11, 11, 11
    CHECK r12, 12, 12
    CHECK r13, 13, 13
    CHECK r14, 14, 14
    mov rax, [fs:0]
    cmp rax, [r15 + VICTIM_MAGIC]
    jne failed_20
    mov rax, [gs:0]
    cmp rax, [r15 + VICTIM_MAGIC]
    jne failed_21
    cmp qword [r15 + VICTIM_USE_FPU], 0
    je .next

    stmxcsr [r15 + VICTIM_SCRATCH]
    mov eax, [r15 + VICTIM_SCRATCH]
    and eax, ~0x3f                       ; exceptions that happened
    cmp eax, [r15 + VICTIM_MXCSR]
    jne failed_22
    fnstcw [r15 + VICTIM_SCRATCH]
    mov ax, [r15 + VICTIM_SCRATCH]
    cmp ax, [r15 + VICTIM_CONTROL]
    jne failed_23
    fld st0
    fistp qword [r15 + VICTIM_SCRATCH]
    mov rax, [r15 + VICTIM_SCRATCH]
    cmp rax, [r15 + VICTIM_MAGIC]
    jne failed_24
%assign i 0
%rep 16
    movq rax, xmm%+i
    sub rax, rbp
    ; dwords of pshufd 0x14: low, high, high, low
    cmp rax, 0x100 + i
    jne failed_25
    movhlps xmm%+i, xmm%+i               ; the upper half: high, low
    movq rax, xmm%+i
    rol rax, 32
    sub rax, rbp
    cmp rax, 0x100 + i
    jne failed_26
    add rax, rbp
    movq xmm%+i, rax
    pshufd xmm%+i, xmm%+i, 0x14
%assign i i + 1
%endrep
    cmp qword [r15 + VICTIM_USE_FPU], USE_YMM
    jne .next
%assign i 0
%rep 16
    vextractf128 [r15 + VICTIM_UPPER], ymm%+i, 1
    mov rax, [r15 + VICTIM_UPPER]
    sub rax, rbp
    cmp rax, 0x100 + i
    jne failed_27
    mov rax, [r15 + VICTIM_UPPER + 8]
    rol rax, 32
    sub rax, rbp
    cmp rax, 0x100 + i
    jne failed_27
%assign i i + 1
%endrep
.next:
    lea rax, [rbp + 1]
    jmp .loop

FAILED 1, rax
FAILED 2, rbx
FAILED 3, rcx
FAILED 4, rdx
FAILED 5, rsi
FAILED 6, rdi
FAILED 7, rsp
FAILED 8, r8
FAILED 9, r9
FAILED 10, r10
FAILED 11, r11
FAILED 12, r12
FAILED 13, r13
FAILED 14, r14
FAILED 20, rax
FAILED 21, rax
FAILED 22, rax
FAILED 23, rax
FAILED 24, rax
FAILED 25, rax
FAILED 26, rax
FAILED 27, rax
stand_still:
    pause
    jmp stand_still
victim_end:
