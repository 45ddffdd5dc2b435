; The first instructions of a program (contract 9.5): rdi = boot info, every other register 0, no
; stack.
bits 64

global _start
extern runtime_start

STACK_BYTES equ 64 * 1024

section .text.start progbits alloc exec nowrite align=16
_start:
    lea rsp, [rel stack_top]    ; 16-byte aligned before the call, as the System V ABI wants
    xor ebp, ebp                ; ends a debugger's chain of frames
    call runtime_start          ; does not return
    ud2

; user.ld leaves the page below it unmapped: too deep a stack is a fault.
section .stack nobits alloc noexec write align=4096
stack:
    resb STACK_BYTES
stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
