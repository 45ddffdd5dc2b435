/*
 * Queues of threads, first in, first out. The links are in the TCBs; a thread is in one queue at
 * most.
 */
#include <kernel/assert.h>
#include <kernel/ipc.h>

void thread_queue_append(struct thread_queue *queue, struct tcb *thread)
{
    thread->queue_previous = queue->tail;
    thread->queue_next = NULL;
    if (queue->tail != NULL) {
        queue->tail->queue_next = thread;
    } else {
        queue->head = thread;
    }
    queue->tail = thread;
}

void thread_queue_prepend(struct thread_queue *queue, struct tcb *thread)
{
    thread->queue_previous = NULL;
    thread->queue_next = queue->head;
    if (queue->head != NULL) {
        queue->head->queue_previous = thread;
    } else {
        queue->tail = thread;
    }
    queue->head = thread;
}

void thread_queue_remove(struct thread_queue *queue, struct tcb *thread)
{
    if (thread->queue_previous != NULL) {
        thread->queue_previous->queue_next = thread->queue_next;
    } else {
        assert(queue->head == thread);
        queue->head = thread->queue_next;
    }
    if (thread->queue_next != NULL) {
        thread->queue_next->queue_previous = thread->queue_previous;
    } else {
        assert(queue->tail == thread);
        queue->tail = thread->queue_previous;
    }
    thread->queue_next = NULL;
    thread->queue_previous = NULL;
}
