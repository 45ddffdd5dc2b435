/* Notifications (contract 8.5): a word of badges, or a queue of threads that wait for one. */
#include <kernel/assert.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/scheduler.h>

/* A queue that became empty leaves the notification idle. */
static void notification_set_queue(struct notification *notification, struct thread_queue queue)
{
    notification->head = queue.head;
    notification->tail_and_state =
        (word_t)queue.tail | (queue.head != NULL ? NOTIFICATION_WAITING : NOTIFICATION_IDLE);
}

void notification_cancel(struct tcb *thread)
{
    struct notification *notification = thread->blocked_on;
    struct thread_queue queue = notification_queue(notification);
    thread_queue_remove(&queue, thread);
    notification_set_queue(notification, queue);
}

static void deliver(struct tcb *thread, word_t badge)
{
    context_set_badge(&thread->context, badge);
    set_thread_state(thread, THREAD_RUNNING);
    make_runnable(thread);
}

void signal_notification(struct notification *notification, word_t badge)
{
    struct tcb *bound = notification->bound;
    switch (notification_state(notification)) {
    case NOTIFICATION_ACTIVE:
        notification_set_active(notification, notification->badges | badge);
        break;
    case NOTIFICATION_WAITING: {
        struct tcb *waiter = notification->head;
        assert(waiter->state == THREAD_BLOCKED_ON_NOTIFICATION);
        notification_take_first(notification);
        deliver(waiter, badge);
        break;
    }
    case NOTIFICATION_IDLE:
        if (bound != NULL && bound->state == THREAD_BLOCKED_ON_RECEIVE) {
            cancel_ipc(bound);
            deliver(bound, badge);
        } else {
            notification_set_active(notification, badge);
        }
        break;
    }
}

void receive_signal(struct tcb *thread, struct notification *notification, bool block)
{
    if (notification_state(notification) == NOTIFICATION_ACTIVE) {
        context_set_badge(&thread->context, notification_take(notification));
    } else if (block) {
        notification_append(notification, thread);
        set_thread_state(thread, THREAD_BLOCKED_ON_NOTIFICATION);
    } else {
        context_set_badge(&thread->context, 0);
    }
}

bool take_bound_signal(struct tcb *thread)
{
    if (!has_bound_signal(thread)) {
        return false;
    }
    context_set_badge(&thread->context, notification_take(thread->bound_notification));
    return true;
}

void bind_notification(struct tcb *thread, struct notification *notification)
{
    notification->bound = thread;
    thread->bound_notification = notification;
}

void unbind_notification(struct tcb *thread)
{
    thread->bound_notification->bound = NULL;
    thread->bound_notification = NULL;
}

bool notification_finalise(struct notification *notification)
{
    if (notification->bound != NULL) {
        unbind_notification(notification->bound);
    }
    for (unsigned i = 0;
         i < RESTARTS_PER_STEP && notification_state(notification) == NOTIFICATION_WAITING; i++) {
        struct tcb *thread = notification->head;
        notification_cancel(thread);
        restart_blocked(thread);
    }
    return notification_state(notification) != NOTIFICATION_WAITING;
}
