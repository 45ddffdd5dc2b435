; answer_roll_call: a CPU that boot has started to see whether it is there (roll_call.c). Under the
; boot page table, in long mode, with no stack. Says so in its entry, and halts until its node
; starts it by INIT. One that is in no entry also halts.

%include "offsets.inc"
%include "node/arrival.inc"

extern called_cpus, called_cpu_count
global answer_roll_call

section .text
bits 64
answer_roll_call:
    OWN_APIC_ID
    lea rsi, [rel called_cpus]
    mov ecx, [rel called_cpu_count]
.next:
    sub ecx, 1
    jb .halt                                ; no entry
    cmp [rsi + CALLED_APIC_ID], edi
    je .found
    add rsi, CALLED_BYTES
    jmp .next
.found:
    mov dword [rsi + CALLED_PRESENT], 1     ; a store of x86 has release order
.halt:
    cli
    hlt
    jmp .halt
