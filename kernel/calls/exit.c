/*
 * What every entry of the kernel ends with: which thread runs next, and the CPU ready for it. Under
 * the lock.
 */
#include <arch/switch.h>
#include <kernel/check.h>
#include <kernel/entry.h>
#include <kernel/exit.h>
#include <kernel/fastpath.h>
#include <kernel/preemption.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

void deliver_trap(struct tcb *thread)
{
    handle_user_exception(context_take_trap(&thread->context), 0);
}

static struct tcb *schedule_past_traps(struct cpu *cpu)
{
    struct tcb *next = schedule();
    while (next != NULL && has_undelivered_trap(next)) {
        /* Each round blocks one thread, or makes it inactive. */
        make_current(cpu, next);
        deliver_trap(next);
        next = schedule();
    }
    return next;
}

/*
 * `next` is the thread whose system call was dropped, and its context says that it is about to
 * repeat it: its registers have not been rewritten, or the vector would be gone. It may have run
 * elsewhere since and made the call again. The lock is first come, first served, so no other CPU
 * can have completed the call while this one waited; at most it dropped the call as well. If one
 * did repeat it, forget_dropped_call() has told this CPU.
 */
static bool is_about_to_repeat(const struct tcb *dropped, const struct tcb *next)
{
    return next != NULL && next == dropped && context_repeats_syscall(&next->context);
}

/*
 * The thread's call is carried out now: for CPUs that have still to drop it, it is not due any
 * more.
 */
static void forget_dropped_call(const struct tcb *thread)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (cpu->stopped == thread) {
            cpu->stopped = NULL;
        }
    }
}

/*
 * Done here and now: if it went out to repeat the call, another CPU could take the thread away
 * again in the meantime, and two threads that aim at each other would be one that works and one
 * that starves.
 */
static struct tcb *repeat_syscall(struct cpu *cpu, struct tcb *thread)
{
    make_current(cpu, thread);
    context_redo_syscall(&thread->context);
    forget_dropped_call(thread);
    handle_syscall(context_syscall_number(&thread->context));
    return schedule_past_traps(cpu);
}

static struct user_context *end_entry(struct cpu *cpu, struct tcb *next)
{
    struct user_context *context = next == NULL ? leave_to_idle(cpu) : leave_to_thread(cpu, next);
    preemption_end();
    return context;
}

/* Whatever the entry was about is done. */
struct user_context *leave_kernel(struct cpu *cpu)
{
    struct tcb *from = cpu->current;
    struct tcb *to = direct_successor(cpu);
    if (to == NULL || !(can_leave_to_other(cpu, to) && is_root_known(cpu, to))) {
        return end_entry(cpu, schedule_past_traps(cpu));
    }
    prepare_succession(cpu, to);
    check_exit(to);
    preemption_end();
    return leave_to_other(cpu, from, to);
}

SYSCALL_PATH(syscall_ordinary)
{
    this_cpu = cpu;
    preemption_reset();
    check_entry();
    handle_syscall(context_syscall_number(&thread->context));
    if (LIKELY(may_skip_schedule(cpu, thread) && can_leave_to_same(cpu, thread) &&
               is_root_known(cpu, thread))) {
        check_exit(thread);
        preemption_end();
        return leave_to_same(cpu, thread);
    }
    return leave_kernel(cpu);
}

struct user_context *drop_syscall(struct cpu *cpu, struct tcb *thread)
{
    begin_entry(cpu);
    bool may_be_due = cpu->stopped == thread;
    struct tcb *next = schedule_past_traps(cpu);
    if (may_be_due && is_about_to_repeat(thread, next)) {
        next = repeat_syscall(cpu, next);
    }
    return end_entry(cpu, next);
}
