/*
 * What the holder of the node's lock may ask of other CPUs (docs/locking.md). One IPI with one
 * meaning: come to the door. All need the lock. Every wait is bounded by one IPI delivery; past the
 * bound the node stops with a report. In a node with one CPU these find nothing to do.
 */
#ifndef ARCH_DOOR_H
#define ARCH_DOOR_H

#include <kernel/cpu.h>

/*
 * Takes `thread` away from the CPU on which it is current, if any: afterwards no CPU runs it, its
 * registers and FPU state are all in its TCB, and that CPU's `current` is null. A runnable thread
 * is then in no queue: the caller puts it back or blocks it. For this CPU's own current thread:
 * saves live state, and leaves `current` as it is.
 */
void take_thread(struct tcb *thread);

/*
 * As far as reading the registers of `thread` needs: waits until its CPU is out of user mode; it
 * stays current.
 */
void stall_thread(struct tcb *thread);

/*
 * A thread became runnable on `cpu`, better than what runs there: make it enter the kernel and
 * schedule. Does not wait.
 */
void kick_cpu(struct cpu *cpu);

/* True if some CPU of this node waits at the door, so that a long operation should leave. */
bool is_any_cpu_at_the_door(void);

#endif
