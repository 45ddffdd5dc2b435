/*
 * Beginning and end of a kernel entry, for the architecture's entry code: begin_entry(), then an
 * event (kernel/entry.h), then leave_kernel(). System calls begin and end in syscall_entry() and
 * syscall_ordinary() (kernel/fastpath.h). Under the lock.
 */
#ifndef KERNEL_EXIT_H
#define KERNEL_EXIT_H

#include <arch/switch.h>
#include <kernel/check.h>
#include <kernel/cpu.h>
#include <kernel/preemption.h>

static inline void begin_entry(struct cpu *cpu)
{
    this_cpu = cpu;
    live_state_at_entry(cpu);
    preemption_reset();
    check_entry();
}

/*
 * Whatever the entry was about is done: chooses the next thread, and returns the context to go on
 * with.
 */
struct user_context *leave_kernel(struct cpu *cpu);

/*
 * All of the entry for a system call of `thread` that the CPU brought to the door, and that another
 * CPU has taken away there: the thread repeats the call when it runs again, which may be now.
 * `thread` may not be a TCB any more.
 */
struct user_context *drop_syscall(struct cpu *cpu, struct tcb *thread);

/* For a thread that has_undelivered_trap() (arch/switch.h): it gets its fault. */
void deliver_trap(struct tcb *thread);

#endif
