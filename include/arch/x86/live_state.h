/*
 * A thread's state that stays in this CPU's registers while the thread is current: FPU, FS and GS base. Under the lock.
 * (The stub at the door does save_live_state()'s work by itself, in entry_lock.asm.)
 */
#ifndef ARCH_X86_LIVE_STATE_H
#define ARCH_X86_LIVE_STATE_H

#include <kernel/cpu.h>

/* This CPU's current thread, which must not be null: all its state is in its TCB afterwards. */
void save_live_state(struct cpu *cpu);

/* On the way out, `thread` is current: what the registers do not hold of it is loaded. */
void load_live_state(struct cpu *cpu, struct tcb *thread);

/* CR0.TS, WP and the others as every CPU has them; at first no thread's FPU state is loaded. */
void fpu_setup(struct cpu *cpu);

#endif
