/*
 * From one thread to another: what depends on the architecture. Everything here needs the lock. First what is too short
 * for a call, as the fast paths need it:
 *
 *   ran_here_last(cpu, thread)    it ran on this CPU when it last ran, and has not been moved since
 *   has_undelivered_trap(thread)  it must first be delivered an exception that came when another CPU took it away
 *   leave_to_other(cpu, from, to) this CPU goes on with `to`, which is current from now on; the live state of `from`,
 *                                 which was current, is put away
 *   leave_to_same(cpu, thread)    this CPU goes on with the current thread, whose live state has never left
 *
 * Both want is_root_known() of the thread that runs on, and return what the entry stubs need for that.
 *
 *   can_leave_to_other(cpu, to), can_leave_to_same(cpu, thread)
 *                                 nothing else must be found out or repaired before leave_to_other() and leave_to_same()
 *   live_state_at_entry(cpu)      an entry that may have waited for the lock: what it knows of the registers of `current`
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include <kernel/cpu.h>

/* `current` becomes `next`, which may be null; the live state of the one before is saved. */
void make_current(struct cpu *cpu, struct tcb *next);

/* Every exit that is not one of those above: to any thread that can run, or to wait for an interrupt. */
struct user_context *leave_to_thread(struct cpu *cpu, struct tcb *next);
struct user_context *leave_to_idle(struct cpu *cpu);

static inline bool ran_here_last(const struct cpu *cpu, const struct tcb *thread);
static inline bool has_undelivered_trap(const struct tcb *thread);
static inline bool can_leave_to_other(const struct cpu *cpu, const struct tcb *to);
static inline bool can_leave_to_same(const struct cpu *cpu, const struct tcb *thread);
static inline void live_state_at_entry(struct cpu *cpu);
static inline struct user_context *leave_to_other(struct cpu *cpu, struct tcb *from, struct tcb *to);
static inline struct user_context *leave_to_same(struct cpu *cpu, struct tcb *thread);

#include <target/switch.h>

#endif
