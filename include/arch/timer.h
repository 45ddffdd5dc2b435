/*
 * Each CPU's timer. It interrupts once at a time: for the next tick, or when a user has armed it
 * for an earlier moment. Moments are values of that CPU's time stamp counter. Under the lock.
 */
#ifndef ARCH_TIMER_H
#define ARCH_TIMER_H

#include <kernel/cpu.h>

#define TIMER_NEVER UINT64_MAX

/*
 * The timer of `cpu`, any CPU of this node, delivers IRQ FIRST_TIMER_IRQ + its index once, as soon
 * as its counter has reached `moment`, which may be past. Takes the place of an earlier arming that
 * has not come due; TIMER_NEVER only ends that. Does not wait.
 */
void timer_arm(struct cpu *cpu, uint64_t moment);

#endif
