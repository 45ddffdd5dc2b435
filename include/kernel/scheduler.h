/*
 * Which thread runs where: strict priorities, round robin among equals, per-CPU queues, seL4's
 * affinity rules (contract 8.1, 8.6). With balance=on, threads never given an affinity share one
 * node-wide queue.
 *
 * A current thread is in no queue; every other runnable thread is in exactly one. Functions below
 * only note what the next exit must decide; schedule() decides.
 */
#ifndef KERNEL_SCHEDULER_H
#define KERNEL_SCHEDULER_H

#include <kernel/check.h>
#include <kernel/cpu.h>

extern bool balance_on; /* constant after boot */

/* Threads in the ready queue that balance=on shares among all CPUs. Under the lock. */
extern word_t shared_ready_count;

static inline bool is_runnable(const struct tcb *thread)
{
    return thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART;
}

/* Sets the state only; the caller sees to queues. */
static inline void set_thread_state(struct tcb *thread, enum thread_state state)
{
    thread->state = (uint8_t)state;
    check_note(thread);
}

/*
 * A runnable thread in no queue that was woken by IPC or a signal: runs at once, or waits at the
 * place that contract 8.1 gives. Another CPU is interrupted only if it is idle or runs something
 * less important.
 */
void make_runnable(struct tcb *thread);

/*
 * The same, but at the head or tail of its priority's queue, whatever runs; this CPU then chooses
 * anew.
 */
void enqueue_first(struct tcb *thread);
void enqueue_last(struct tcb *thread);

/* Removes it from its ready queue if it is in one. */
void dequeue(struct tcb *thread);

/* This CPU must choose anew at its exit. */
void request_schedule(void);

/* The current thread gives way to its equals (Yield, end of time slice). */
void yield_current(void);

/* One tick of this CPU's timer. */
void scheduler_tick(void);

/* True if the thread is current on another CPU: take_thread() must come before any change to it. */
static inline bool is_current_elsewhere(const struct tcb *thread)
{
    const struct cpu *cpu = cpu_by_index(thread->affinity);
    return cpu != this_cpu && cpu->current == thread;
}

/*
 * Changes the priority of a thread that is not current on another CPU (it may be current here,
 * queued or blocked).
 */
void set_priority(struct tcb *thread, unsigned priority);

/* Moves a thread (as above) to the tail of its queue on that CPU; it never balances again. */
void set_affinity(struct tcb *thread, unsigned cpu_index);

/*
 * On the way out: the thread that this CPU shall run, or null for idle. The chosen thread is in no
 * queue, its state is RUNNING and its saved context is what it continues with. The caller makes it
 * `current`, and must not leave the lock before it has.
 */
struct tcb *schedule(void);

/*
 * The thread that schedule() would choose because it was just woken, if there is nothing else to
 * decide: better than all that wait, and the current one stops or is less important. Null:
 * schedule() has to find out.
 */
static inline struct tcb *direct_successor(const struct cpu *cpu)
{
    const struct tcb *from = cpu->current;
    struct tcb *to = cpu->woken;
    if (from == NULL || to == NULL || !passes_threshold_of_exit(cpu, to)) {
        return NULL;
    }
    return !is_runnable(from) || (!balance_on && to->priority > from->priority) ? to : NULL;
}

/*
 * True if schedule() would choose the current thread and find nothing else to do, after a system
 * call of that thread which no preemption point interrupted.
 */
static inline bool may_skip_schedule(const struct cpu *cpu, const struct tcb *thread)
{
    return cpu->current == thread && thread->state == THREAD_RUNNING && cpu->woken == NULL &&
           !threshold_has(cpu, THRESHOLD_LOOK | THRESHOLD_SHARED);
}

#endif
