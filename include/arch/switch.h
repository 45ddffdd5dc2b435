/*
 * From one thread to another: what depends on the architecture. Everything here needs the lock.
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <kernel/cpu.h>

/* --- too short for a call: the fast paths and the frequent exits --- */

/* The thread ran on this CPU when it last ran, and has not been moved since. */
static inline bool ran_here_last(const struct cpu *cpu, const struct tcb *thread);

/*
 * The thread must first be delivered an exception that came when another CPU took the thread away.
 */
static inline bool has_undelivered_trap(const struct tcb *thread);

/* Nothing must be found out or repaired before leave_to_other() or leave_to_same(). */
static inline bool can_leave_to_other(const struct cpu *cpu, const struct tcb *to);
static inline bool can_leave_to_same(const struct cpu *cpu, const struct tcb *thread);

/* At an entry that may have waited for the lock: what is known of the registers of `current`. */
static inline void live_state_at_entry(struct cpu *cpu);

/*
 * This CPU goes on with `to`, which is current from now on. The live state of `from`, which was
 * current, is put away. Wants is_root_known() of `to`. Returns what the exit stubs need.
 */
static inline struct user_context *leave_to_other(struct cpu *cpu, struct tcb *from,
                                                  struct tcb *to);

/* The same for the current thread, whose live state has never left. */
static inline struct user_context *leave_to_same(struct cpu *cpu, struct tcb *thread);

/* --- every other exit --- */

/* `current` becomes `next`, which may be null; the live state of the one before is saved. */
void make_current(struct cpu *cpu, struct tcb *next);

/*
 * Every exit that is not one of those above: to any thread that can run, or to wait for an
 * interrupt.
 */
struct user_context *leave_to_thread(struct cpu *cpu, struct tcb *next);
struct user_context *leave_to_idle(struct cpu *cpu);

#include <target/switch.h>

#endif
