/*
 * What arch/switch.h promises, on the host, which has neither address spaces nor live state, and no
 * undelivered traps.
 */
#ifndef TARGET_SWITCH_H
#define TARGET_SWITCH_H

#include <kernel/cpu.h>

static inline bool ran_here_last(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->affinity == cpu->index;
}

static inline bool has_undelivered_trap(const struct tcb *thread)
{
    (void)thread;
    return false;
}

static inline struct user_context *leave_to_same(struct cpu *cpu, struct tcb *thread)
{
    atomic_store_explicit(&cpu->mark, CPU_USER, memory_order_release);
    return &thread->context;
}

static inline struct user_context *leave_to_other(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    (void)from;
    cpu->current = to;
    return leave_to_same(cpu, to);
}

static inline bool can_leave_to_same(const struct cpu *cpu, const struct tcb *thread)
{
    (void)cpu, (void)thread;
    return true;
}

static inline bool can_leave_to_other(const struct cpu *cpu, const struct tcb *to)
{
    return ran_here_last(cpu, to);
}

static inline void live_state_at_entry(struct cpu *cpu)
{
    (void)cpu;
}

#endif
