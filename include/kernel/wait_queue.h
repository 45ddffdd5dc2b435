/*
 * Queues of blocked threads by priority, first in, first out among equals (docs/mcs.md). The first
 * thread of each priority, its leader, is also in a list of leaders, so that a place is found in at
 * most ABI_PRIORITIES steps, however many wait. Under the lock.
 */
#ifndef KERNEL_WAIT_QUEUE_H
#define KERNEL_WAIT_QUEUE_H

#include <kernel/objects.h>

/* Where the thread's priority says; after all of the same. It is in no queue. */
void wait_queue_insert(struct thread_queue *queue, struct tcb *thread);

/*
 * A thread in this queue, whose priority is still what it was when it was inserted: who changes it
 * takes the thread out before, and puts it back afterwards. A few steps.
 */
void wait_queue_remove(struct thread_queue *queue, struct tcb *thread);

#endif
