/*
 * One kernel entry, between the stubs: what came in, what to run next, and this CPU ready for it. All under the lock;
 * the steps are those of docs/locking.md.
 */
#include <arch/object.h>
#include <arch/switch.h>
#include <arch/x86/apic.h>
#include <arch/x86/entry.h>
#include <arch/x86/instructions.h>
#include <arch/x86/live_state.h>
#include <arch/x86/rflags.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/entry.h>
#include <kernel/fastpath.h>
#include <kernel/preemption.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>
#include <stdatomic.h>

enum {
    FIRST_DELIVERABLE_VECTOR = 16, /* an APIC refuses to deliver lower ones, but not those of exceptions 16 to 31 */
    FIRST_INTERRUPT_VECTOR = 32
};

/* Some vectors are an interrupt only if the APIC says so; the stubs have asked the same question. */
static bool is_interrupt(word_t vector)
{
    if (vector < FIRST_DELIVERABLE_VECTOR || vector > UINT8_MAX) {
        return false;
    }
    bool may_be_exception = vector < FIRST_INTERRUPT_VECTOR;
    bool may_be_software = vector >= VECTOR_SOFTWARE_FIRST && vector <= VECTOR_SOFTWARE_LAST;
    return !(may_be_exception || may_be_software) || apic_is_in_service((uint8_t)vector);
}

/*
 * Step 6: a synchronous event counts only if nobody has taken away meanwhile the thread that brought it. Otherwise the
 * thread repeats it when it runs again. Its TCB may not even be one any more. (Only this CPU makes a thread current
 * here, so the same address is the same thread.)
 */
static bool is_still_current(const struct cpu *cpu, const struct tcb *thread)
{
    return thread != NULL && cpu->current == thread;
}

/* Not null: a fast path has done all, and this is what to go on with. */
static struct user_context *handle_event(struct cpu *cpu)
{
    const struct trap_record *trap = &cpu->arch.trap;
    word_t vector = trap->vector;
    if (is_interrupt(vector)) {
        return interrupt_dispatch(cpu, (uint8_t)vector); /* step 5: whatever became of the thread */
    }
    if (trap->thread == NULL && vector < FIRST_INTERRUPT_VECTOR) {
        kernel_stop("exception %lu while idle, CPU %u", vector, cpu->index);
    }
    return is_still_current(cpu, trap->thread) && vector != NO_EVENT ? exception_dispatch(cpu, vector) : NULL;
}

static void set_mark(struct cpu *cpu, enum cpu_mark mark)
{
    atomic_store_explicit(&cpu->mark, mark, memory_order_release);
}

/* `current` changes here only, but for a holder on another CPU that takes the thread away. */
static void make_current(struct cpu *cpu, struct tcb *next)
{
    if (cpu->current != next) {
        if (cpu->current != NULL) {
            save_live_state(cpu);
        }
        cpu->current = next;
    }
}

static struct user_context *leave_to_idle(struct cpu *cpu)
{
    make_current(cpu, NULL);
    load_root(cpu, cpu->arch.node_root);
    set_mark(cpu, CPU_IDLE);
    return &cpu->arch.idle;
}

static bool is_canonical(word_t address)
{
    return (word_t)((int64_t)(address << 16) >> 16) == address;
}

static struct user_context *leave_to_thread(struct cpu *cpu, struct tcb *next)
{
    struct user_context *context = &next->context;
    make_current(cpu, next);
    load_live_state(cpu, next);
    if (!is_root_known(cpu, next)) {
        next->root = arch_thread_root(next);
        next->root_epoch = cpu->root_epoch;
    }
    if (!is_canonical(context->rip)) {
        context->rip = 0; /* it would fault on the way out, with no lock and the wrong mark */
    }
    assert(context->rflags & RFLAGS_INTERRUPTS); /* a user without interrupts could not be called to the door */
    next->last_cpu = cpu_number(cpu);
    set_frame_end(cpu, next);
    return leave_to_same(cpu, next);
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
 * `next` is the thread whose system call was dropped, and its context says that it is about to repeat it: whoever took it
 * away has not rewritten its registers, or the vector would be gone. It may have been elsewhere, and have made the call
 * there again. It has not got further: no CPU is given the lock twice while this one waits for it, so that one that it
 * came to could only drop the call, too, and a CPU that repeated it tells the others.
 */
static bool is_about_to_repeat(const struct tcb *dropped, const struct tcb *next)
{
    return next != NULL && next == dropped && next->context.vector == ENTERED_BY_SYSCALL;
}

/* The thread's call is carried out now: for CPUs that have still to drop it, it is not due any more. */
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
 * Done here and now: if it went out to repeat the call, another CPU could take the thread away again in the meantime, and
 * two threads that aim at each other would be one that works and one that starves.
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

/* `to` can be switched to without anything to be found out or repaired first. */
static bool is_ready_to_run(const struct cpu *cpu, const struct tcb *to)
{
    return cpu->arch.bases_live && ran_here_last(cpu, to) && is_root_known(cpu, to) && !has_undelivered_trap(to) &&
           is_canonical(to->state == THREAD_RESTART ? to->context.restart_ip : to->context.rip);
}

/* Whatever the entry was about is done. */
static struct user_context *leave(struct cpu *cpu)
{
    struct tcb *from = cpu->current;
    struct tcb *to = direct_successor(cpu);
    if (to == NULL || !is_ready_to_run(cpu, to)) {
        return end_entry(cpu, schedule_past_traps(cpu));
    }
    prepare_succession(cpu, to);
    check_exit(to);
    preemption_end();
    return leave_to_other(cpu, from, to);
}

static void begin_entry(struct cpu *cpu)
{
    this_cpu = cpu;
    if (cpu->current == NULL) {
        cpu->arch.bases_live = false; /* taken away: its state was saved at the door, and may have been rewritten */
    } else {
        fpu_keep(cpu, cpu->current);
    }
    preemption_reset();
    check_entry();
}

/* Its live state has never left, and its page table is known. */
static bool is_as_it_was(const struct cpu *cpu, const struct tcb *thread)
{
    return cpu->arch.bases_live && cpu->arch.fpu == (thread->uses_fpu ? FPU_LIVE : FPU_TRAPS) && is_root_known(cpu, thread);
}

struct user_context *syscall_ordinary(word_t pointer, word_t info, word_t number, word_t place, struct tcb *thread,
                                      struct cpu *cpu)
{
    (void)pointer, (void)info, (void)number, (void)place;
    this_cpu = cpu;
    preemption_reset();
    check_entry();
    handle_syscall(context_syscall_number(&thread->context));
    if (LIKELY(may_skip_schedule(cpu, thread) && is_as_it_was(cpu, thread))) {
        check_exit(thread);
        preemption_end();
        return leave_to_same(cpu, thread);
    }
    return leave(cpu);
}

static struct user_context *drop_syscall(struct cpu *cpu, struct tcb *thread)
{
    begin_entry(cpu);
    bool may_be_due = cpu->stopped == thread;
    struct tcb *next = schedule_past_traps(cpu);
    if (may_be_due && is_about_to_repeat(thread, next)) {
        next = repeat_syscall(cpu, next);
    }
    return end_entry(cpu, next);
}

/* A system call that had to wait for the lock. */
static struct user_context *syscall_from_the_door(struct cpu *cpu, struct tcb *thread)
{
    if (!is_still_current(cpu, thread)) {
        return drop_syscall(cpu, thread);
    }
    fpu_keep(cpu, thread);
    const struct user_context *c = &thread->context;
    return syscall_entry(context_capability_register(c), context_message_info(c), context_syscall_number(c), c->rip,
                         thread, cpu);
}

struct user_context *kernel_entry(struct cpu *cpu)
{
    if (cpu->arch.trap.vector == ENTERED_BY_SYSCALL) {
        return syscall_from_the_door(cpu, cpu->arch.trap.thread);
    }
    if (cpu->arch.features & CPU_FEATURE_SMAP) {
        forbid_user_access(); /* an interrupt leaves the user's RFLAGS.AC as it was */
    }
    begin_entry(cpu);
    struct user_context *context = handle_event(cpu);
    return context != NULL ? context : leave(cpu);
}
