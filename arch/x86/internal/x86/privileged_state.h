/* The privileged state of a CPU: what user code can do, and what reaches the kernel. */
#ifndef X86_PRIVILEGED_STATE_H
#define X86_PRIVILEGED_STATE_H

#include <kernel/cpu.h>

/*
 * On the CPU itself, with its block zeroed, the node's page table loaded and interrupts off: gives
 * every privileged register that reset, INIT or firmware could have left otherwise its value, once
 * and for all. `interrupt_stubs` has one address for each vector. The timer stays off.
 */
void set_privileged_state(struct cpu *cpu, const word_t *interrupt_stubs, word_t syscall_stub);

#endif
