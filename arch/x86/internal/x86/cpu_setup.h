/*
 * Bringing one CPU of a node to life, after it has the node's page table and before its first user
 * instruction.
 */
#ifndef X86_CPU_SETUP_H
#define X86_CPU_SETUP_H

#include <kernel/cpu.h>

/*
 * On the CPU itself, with the node's page table loaded and the CPU block zeroed (except the stack
 * it may stand on): fills in the block, loads descriptor tables, MSRs and control registers, sets
 * up FPU and local APIC, starts the timer. Interrupts stay off. `alone`: the node has no other CPU.
 */
void cpu_setup(struct cpu *cpu, uint32_t index, uint32_t apic_id, bool alone);

/*
 * Takes the lock as every entry does, schedules, and leaves to a thread or idle. The stack it was
 * called on is gone.
 */
_Noreturn void cpu_enter_first(struct cpu *cpu);

#endif
