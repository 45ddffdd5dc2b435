/*
 * Ready queues: one set per CPU, and with balance=on one set for the whole node that holds the
 * threads which were never given an affinity. Here are only the data structures; what runs when is
 * the scheduler's.
 *
 * Threads of one priority may wait in two queues, a CPU's own and the shared one. Every insertion
 * gets an order number (smaller than all before at the head, greater than all before at the tail),
 * so that the two together behave as one queue.
 */
#ifndef KERNEL_READY_H
#define KERNEL_READY_H

#include <kernel/ipc.h>
#include <kernel/scheduler.h>

/* True if the thread lives in the shared queue. Changes only while it is in no queue. */
static inline bool is_balanced(const struct tcb *thread)
{
    return balance_on && !thread->affinity_given;
}

/*
 * Puts a thread that is in no queue at the head or the tail of its priority's queue: the shared one
 * or its CPU's.
 */
void ready_insert(struct tcb *thread, bool at_head);

/* The greatest priority that waits, if none above the bitmap's word `word` does; 0 if none does. */
static inline unsigned best_priority_from(const struct ready_queues *ready, unsigned word)
{
    while (ready->bitmap[word] == 0) {
        if (word-- == 0) {
            return 0;
        }
    }
    return word * WORD_BITS + (WORD_BITS - 1 - (unsigned)__builtin_clzll(ready->bitmap[word]));
}

/* The current thread gives way to its direct_successor(). */
static inline void prepare_succession(struct cpu *cpu, struct tcb *to)
{
    cpu->woken = NULL;
    if (is_runnable(cpu->current)) {
        ready_insert(cpu->current, true);
    }
    if (to->state == THREAD_RESTART) {
        context_restart(&to->context);
        to->state = THREAD_RUNNING;
    }
}

/*
 * --- a CPU's own queue, for fast paths: without balance=on, hence without order numbers ---
 *
 * ready_insert() for a thread of that CPU.
 */
static inline void own_ready_insert(struct cpu *cpu, struct tcb *thread, bool at_head)
{
    unsigned priority = thread->priority;
    struct thread_queue *queue = &cpu->ready.queue[priority];
    if (LIKELY(queue->head == NULL)) {
        queue->head = queue->tail = thread;
        cpu->ready.bitmap[priority / WORD_BITS] |= BIT(priority % WORD_BITS);
        if (priority > threshold_priority(cpu)) {
            threshold_set_priority(cpu, priority);
        }
    } else if (at_head) {
        thread_queue_prepend(queue, thread);
    } else {
        thread_queue_append(queue, thread);
    }
    thread->queued = true;
}

/* The first thread of the greatest priority, null if none waits. */
static inline struct tcb *own_ready_first(const struct cpu *cpu)
{
    return cpu->ready.queue[threshold_priority(cpu)].head;
}

/* It leaves. It passes the CPU's threshold, in which hence is nothing but its priority. */
static inline void own_ready_take(struct cpu *cpu, struct tcb *first)
{
    unsigned priority = first->priority;
    struct thread_queue *queue = &cpu->ready.queue[priority];
    struct tcb *second = first->queue_next;
    queue->head = second;
    first->queued = false;
    if (LIKELY(second == NULL)) {
        unsigned word = priority / WORD_BITS;
        queue->tail = NULL;
        cpu->ready.bitmap[word] &= ~BIT(priority % WORD_BITS);
        threshold_replace_priority(cpu, best_priority_from(&cpu->ready, word));
    } else {
        first->queue_next = NULL;
        second->queue_previous = NULL;
    }
}

/* Takes a thread out of the ready queue in which it is. */
void ready_remove(struct tcb *thread);

/*
 * `from` goes to the tail of its queue, whose head `to`, of the same priority, leaves it. Neither
 * is balanced.
 */
void ready_rotate(struct tcb *from, struct tcb *to);

/* The greatest priority that waits for `cpu`, -1 if nothing does. */
int ready_best_priority(const struct cpu *cpu);

/*
 * The thread that waits and that `cpu` shall run next, null if nothing waits; ready_take_best()
 * also removes it.
 */
struct tcb *ready_best(const struct cpu *cpu);
struct tcb *ready_take_best(const struct cpu *cpu);

/* The greatest priority in the shared queue, -1 if it is empty. */
int shared_ready_priority(void);

/* The shared set itself, for the rule checks. */
const struct ready_queues *shared_ready_queues(void);

#endif
