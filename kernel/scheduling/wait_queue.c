/* Queues of blocked threads, ordered by priority, with a list of leaders. */
#include <kernel/ipc.h>
#include <kernel/wait_queue.h>

static bool is_leader(const struct tcb *thread)
{
    return thread->queue_previous == NULL || thread->queue_previous->priority != thread->priority;
}

static void insert_leader(struct tcb *thread, struct tcb *before, struct tcb *after)
{
    thread->leader_previous = before;
    thread->leader_next = after;
    if (before != NULL) {
        before->leader_next = thread;
    }
    if (after != NULL) {
        after->leader_previous = thread;
    }
}

/* Into the queue itself; `after` null: last. */
static void insert_before(struct thread_queue *queue, struct tcb *thread, struct tcb *after)
{
    if (after == NULL) {
        thread_queue_append(queue, thread);
        return;
    }
    struct tcb *before = after->queue_previous;
    if (before == NULL) {
        thread_queue_prepend(queue, thread);
        return;
    }
    thread->queue_previous = before;
    thread->queue_next = after;
    before->queue_next = thread;
    after->queue_previous = thread;
}

void wait_queue_insert(struct thread_queue *queue, struct tcb *thread)
{
    struct tcb *before = NULL; /* the last leader of a greater priority */
    struct tcb *leader = queue->head;
    while (leader != NULL && leader->priority > thread->priority) {
        before = leader;
        leader = leader->leader_next;
    }
    if (leader != NULL && leader->priority == thread->priority) {
        insert_before(queue, thread, leader->leader_next);
    } else {
        insert_leader(thread, before, leader);
        insert_before(queue, thread, leader);
    }
}

void wait_queue_remove(struct thread_queue *queue, struct tcb *thread)
{
    if (is_leader(thread)) {
        struct tcb *second = thread->queue_next;
        struct tcb *before = thread->leader_previous;
        struct tcb *after = thread->leader_next;
        if (second != NULL && second->priority == thread->priority) {
            insert_leader(second, before, after);
        } else {
            if (before != NULL) {
                before->leader_next = after;
            }
            if (after != NULL) {
                after->leader_previous = before;
            }
        }
        thread->leader_previous = NULL;
        thread->leader_next = NULL;
    }
    thread_queue_remove(queue, thread);
}
