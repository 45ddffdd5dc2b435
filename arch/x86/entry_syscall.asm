; SYSCALL. One stub per CPU, so that the CPU block's address is a constant: nothing has to be asked or kept. The first
; instruction loads rsp, which the ABI gives as scratch (contract 1.2), with TSS.RSP0: the end of the frame in the
; current thread's context.
;
; On entry: rcx = return address, r11 = RFLAGS, IF, TF, DF, AC and NT clear (FMASK), all else as the user left it.
; Saved rcx, r11 and rsp stay as they were, as do cs and ss (contract 1.2). Touches the context, and with rsp = the
; CPU's own stack goes on in entry_lock.asm. What C wants to know is left where C takes its arguments from:
;
;   rdi capability pointer, rsi message info, rdx system call number: as the user had them
;   rcx thread, r8 CPU block

%include "entry.inc"

extern syscall_one, syscall_many
global syscall_stub_one, syscall_stubs_many

section .text

; %1: KIND, %2: CPU index
%macro SYSCALL_STUB 2
    mov rsp, [abs CPU_BLOCKS + %2 * CPU_BLOCK_SIZE + CPU_RSP0]
    mov [rsp - CONTEXT_FRAME_END + CONTEXT_RIP], rcx
    mov [rsp - CONTEXT_FRAME_END + CONTEXT_RFLAGS], r11
    sub rsp, CONTEXT_FRAME_END - CONTEXT_ERROR
    push ENTERED_BY_SYSCALL
    PUSH_REGISTERS
    ; A system call in the last two bytes of the lower half returns to an address that no return may load: to 0 then,
    ; as every exit has it. Checked here, it holds for all threads that blocked in a system call.
    bt rcx, 47
    jc %%not_canonical
%%canonical:
    sub rcx, 2                           ; restarting executes the SYSCALL instruction again
    push rcx
    lea rcx, [rsp - CONTEXT_RESTART_IP - TCB_CONTEXT]
    mov r8, CPU_BLOCKS + %2 * CPU_BLOCK_SIZE
    mov rsp, CPU_BLOCKS + %2 * CPU_BLOCK_SIZE + CPU_STACK_TOP
    jmp syscall_%1
%%not_canonical:
    mov qword [rsp - CONTEXT_RAX + CONTEXT_RIP], 0
    jmp %%canonical
%endmacro

align 16
syscall_stub_one:
    SYSCALL_STUB one, 0

%assign cpu 0
%rep MAX_NODE_CPUS
align 16
stub_%+cpu:
    SYSCALL_STUB many, cpu
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
