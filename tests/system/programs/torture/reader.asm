; Checkers of the part "mappings": they read or write one word for ever, without a stack, a system
; call or any other memory than struct checker. A page that is not there makes them fault; the
; handler lets them repeat the instruction.
;
; r15: struct checker, rdi: the word's address.

global reader_start, writer_start

CHECKER_COUNTER equ 0
; Not zero: this value was read, and its top bit says it must never be.
CHECKER_FOUND   equ 8
CHECKER_STORE   equ 16                   ; what the writer writes

section .text

reader_start:
    mov rax, [rdi]
    inc qword [r15 + CHECKER_COUNTER]
    test rax, rax
    jns reader_start
    mov [r15 + CHECKER_FOUND], rax
.stand_still:
    pause
    jmp .stand_still

writer_start:
    mov rax, [r15 + CHECKER_STORE]
    mov [rdi], rax
    inc qword [r15 + CHECKER_COUNTER]
    jmp writer_start
