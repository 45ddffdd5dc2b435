; In place of the runtime's start: this program's first instruction reads the time stamp counter.
; rdi = boot info, no stack.
bits 64

global _start, first_stamp
extern runtime_start

STACK_BYTES equ 16 * 1024

section .text.start progbits alloc exec nowrite align=16
_start:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [rel first_stamp], rax
    lea rsp, [rel stack_top]
    xor ebp, ebp
    call runtime_start          ; does not return
    ud2

section .bss nobits alloc write align=4096
stack:
    resb STACK_BYTES
stack_top:
first_stamp:
    resq 1

section .note.GNU-stack noalloc noexec nowrite progbits
