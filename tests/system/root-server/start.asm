; How root servers for seL4 begin (contract 9.5): no stack, boot info's address in rdi. Before
; anything else, what every register holds is put aside for the program to check.
bits 64

global _root_server_start
global entry_registers
global thread_entry
extern root_server

STACK_BYTES equ 0x4000

section .text
    ; The entry is not where the text begins, and at an odd address.
    times 37 int3
_root_server_start:
    mov [rel entry_registers + 0x00], rax
    mov [rel entry_registers + 0x08], rbx
    mov [rel entry_registers + 0x10], rcx
    mov [rel entry_registers + 0x18], rdx
    mov [rel entry_registers + 0x20], rsi
    mov [rel entry_registers + 0x28], rdi
    mov [rel entry_registers + 0x30], rbp
    mov [rel entry_registers + 0x38], rsp
    mov [rel entry_registers + 0x40], r8
    mov [rel entry_registers + 0x48], r9
    mov [rel entry_registers + 0x50], r10
    mov [rel entry_registers + 0x58], r11
    mov [rel entry_registers + 0x60], r12
    mov [rel entry_registers + 0x68], r13
    mov [rel entry_registers + 0x70], r14
    mov [rel entry_registers + 0x78], r15
    lea rsp, [rel stack_top]
    pushfq
    pop qword [rel entry_registers + 0x80]
    xor ebp, ebp
    call root_server
    ud2

; Where other threads begin: rsp points at the function, then its argument.
thread_entry:
    pop rax
    pop rdi
    xor ebp, ebp
    call rax
    ud2

section .bss align=16
entry_registers:
    resq 17
    alignb 16
stack:
    resb STACK_BYTES
stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
