/*
 * Which thread runs where: strict priorities, round robin among equals, per-CPU queues, seL4's affinity rules
 * (contract 8.1, 8.6). With balance=on, threads never given an affinity share one node-wide queue.
 *
 * A current thread is in no queue; every other runnable thread is in exactly one. Functions below only note what the next
 * exit must decide; schedule() decides.
 */
#ifndef KERNEL_SCHEDULER_H
#define KERNEL_SCHEDULER_H

#include <kernel/cpu.h>

static inline bool is_runnable(const struct tcb *thread)
{
    return thread->state == THREAD_RUNNING || thread->state == THREAD_RESTART;
}

/* Sets the state only; the caller sees to queues. */
void set_thread_state(struct tcb *thread, enum thread_state state);

/* A thread that was woken by IPC, a signal or Resume: runs at once, or waits at the place that contract 8.1 gives. */
void make_runnable(struct tcb *thread);
/* The same at the head or tail of its queue, whatever runs. */
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

/* Changes the priority of a thread that is current, queued or blocked. The caller has taken it from another CPU. */
void set_priority(struct tcb *thread, unsigned priority);
void set_affinity(struct tcb *thread, unsigned cpu_index);

/*
 * On the way out: the thread that this CPU shall run, or null for idle. The chosen thread is in no queue, its state is
 * RUNNING and its saved context is what it continues with.
 */
struct tcb *schedule(void);

extern bool balance_on; /* constant after boot */

#endif
