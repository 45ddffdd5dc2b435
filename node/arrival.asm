; cpu_arrival: every CPU's way into its node: first ones, boot CPU, the others. In long mode, with
; no stack and no parameter, under its node's boot table, or for the boot CPU under the boot page
; table. The APIC id leads to the CPU's entry in the global state, and that to its node's boot
; table, its stack and its number. No other node's memory is mapped from there on. Uses every
; register; writes no memory.
;
; boot_sys wrote the table before its fence in start_cpu, so that this CPU sees it.

%include "offsets.inc"
%include "node/arrival.inc"

extern cpu_arrived
global cpu_arrival

section .text
bits 64
cpu_arrival:
    OWN_APIC_ID
    mov rsi, ARRIVAL_TABLE
    FIND_ARRIVAL rsi, rax, .unplanned
    mov cr3, rax                            ; changes nothing on other CPUs than boot's
    mov rsp, [rsi + ARRIVAL_STACK_TOP]
    mov edi, [rsi + ARRIVAL_CPU]
    call cpu_arrived
    ud2
.unplanned:
    cli
    hlt
    jmp .unplanned
