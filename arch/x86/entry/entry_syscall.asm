; SYSCALL in nodes of several CPUs: a stub for each, which goes on in entry_lock.asm. (The one
; of nodes with one CPU is there as well.) See SAVE_AT_SYSCALL in entry.inc.

%include "entry.inc"

extern syscall_many
global syscall_stubs_many

section .text

%assign cpu 0
%rep MAX_NODE_CPUS
align 16
stub_%+cpu:
    SAVE_AT_SYSCALL cpu
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
