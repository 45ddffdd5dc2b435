; SYSCALL. One stub per CPU: its first instruction loads rsp, which the ABI gives as scratch (contract 1.2), from this
; CPU's block, so nothing has to be asked or kept. The word is TSS.RSP0, which points at the end of the current
; thread's context.
;
; On entry: rcx = return address, r11 = RFLAGS, IF, TF, DF, AC and NT clear (FMASK), all else as the user left it.
; Saved rcx, r11 and rsp stay as they were, as do cs and ss (contract 1.2).

%include "entry.inc"

extern enter_one, enter_many
global syscall_stub_one, syscall_stubs_many

section .text

; rsp = end of the context.
%macro SAVE_AT_SYSCALL 0
    mov [rsp - CONTEXT_BYTES + CONTEXT_RIP], rcx
    mov [rsp - CONTEXT_BYTES + CONTEXT_RFLAGS], r11
    sub rsp, CONTEXT_BYTES - CONTEXT_ERROR
    push ENTERED_BY_SYSCALL
    push r15
    push r9
    push r8
    push r10
    push rsi
    push rdi
    push rdx
    sub rsp, CONTEXT_RDX - CONTEXT_RCX   ; rcx and r11 are not the user's
    PUSH_KEPT_REGISTERS
    sub rcx, 2                           ; restarting executes the SYSCALL instruction again
    push rcx
    FIND_CPU
    mov qword [rbx + CPU_TRAP_VECTOR], ENTERED_BY_SYSCALL
    mov rsp, rbp
%endmacro

%macro LOAD_CONTEXT_END 1                ; CPU index
    mov rsp, [abs CPU_BLOCKS + %1 * CPU_BLOCK_SIZE + CPU_RSP0]
%endmacro

align 16
syscall_stub_one:
    LOAD_CONTEXT_END 0
    SAVE_AT_SYSCALL
    jmp enter_one

align 16
syscall_many:
    SAVE_AT_SYSCALL
    jmp enter_many

%assign cpu 0
%rep MAX_NODE_CPUS
align 16
stub_%+cpu:
    LOAD_CONTEXT_END cpu
    jmp syscall_many
%assign cpu cpu + 1
%endrep

section .rodata
align 8
syscall_stubs_many:                      ; by CPU index
%assign cpu 0
%rep MAX_NODE_CPUS
    dq stub_%+cpu
%assign cpu cpu + 1
%endrep
