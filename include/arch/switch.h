/*
 * From one thread to another, as the fast paths do it: what depends on the architecture and is too short for a call.
 * Everything here needs the lock. The ordinary exit (arch/x86/entry.c) does the same with more cases.
 *
 *   ran_here_last(cpu, thread)    it ran on this CPU when it last ran, and has not been moved since
 *   has_undelivered_trap(thread)  it must first be delivered an exception that came when another CPU took it away
 *   switch_thread(cpu, from, to)  `from`, which was current, is left: its live state goes into its TCB, that of `to`,
 *                                 which is now current, into the registers
 *   finish_exit(cpu, thread)      `thread`, which is current, and for which is_root_known(), is what this CPU goes on
 *                                 with once it has left the lock; returns what the entry stubs want to know for that
 */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#ifndef HOST_BUILD
#include <arch/x86/switch.h>
#else
#include <kernel/cpu.h>

/* The host has neither address spaces nor live state. */
static inline bool ran_here_last(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->affinity == cpu->index;
}

static inline bool has_undelivered_trap(const struct tcb *thread)
{
    return thread == NULL;
}

static inline void switch_thread(struct cpu *cpu, const struct tcb *from, struct tcb *to)
{
    (void)from;
    cpu->current = to;
}

static inline struct user_context *finish_exit(struct cpu *cpu, struct tcb *thread)
{
    cpu->mark = CPU_USER;
    return &thread->context;
}
#endif

#endif
