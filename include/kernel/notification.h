/* Notifications (contract 8.5). */
#ifndef KERNEL_NOTIFICATION_H
#define KERNEL_NOTIFICATION_H

#include <kernel/ipc.h>

void signal_notification(struct notification *notification, word_t badge);

/* Wait or poll by `thread`: takes the word, blocks, or (poll) sets the badge register to 0. */
void receive_signal(struct tcb *thread, struct notification *notification, bool block);

/* A pending word of the bound notification of `thread`, delivered now; false if there is none. */
bool take_bound_signal(struct tcb *thread);

/* Neither side is bound; for unbinding, the thread is. */
void bind_notification(struct tcb *thread, struct notification *notification);
void unbind_notification(struct tcb *thread);

/*
 * It goes away: unbinds, and waiters restart, at most RESTARTS_PER_STEP in one call. True: none
 * waits any more.
 */
bool notification_finalise(struct notification *notification);

/* Takes a blocked waiter out of the queue. */
void notification_cancel(struct tcb *thread);

/*
 * State and queue of waiters, out of the object. The state is in bits that a TCB's alignment leaves
 * 0.
 */
static inline enum notification_state notification_state(const struct notification *notification)
{
    return (enum notification_state)(notification->tail_and_state & QUEUE_STATE_MASK);
}

static inline struct thread_queue notification_queue(const struct notification *notification)
{
    struct tcb *tail = (struct tcb *)(notification->tail_and_state & ~(word_t)QUEUE_STATE_MASK);
    return (struct thread_queue){notification->head, tail};
}

static inline void notification_set_active(struct notification *notification, word_t badges)
{
    notification->badges = badges;
    notification->tail_and_state = NOTIFICATION_ACTIVE;
}

/* The word of an active notification, which is idle then. */
static inline word_t notification_take(struct notification *notification)
{
    notification->tail_and_state = NOTIFICATION_IDLE;
    return notification->badges;
}

/* A signal that waits for the thread itself comes before any message. */
static inline bool has_bound_signal(const struct tcb *thread)
{
    const struct notification *bound = thread->bound_notification;
    return bound != NULL && notification_state(bound) == NOTIFICATION_ACTIVE;
}

/* A thread in no queue waits on a notification that is not active; its state is the caller's. */
static inline void notification_append(struct notification *notification, struct tcb *thread)
{
    if (LIKELY(notification_state(notification) == NOTIFICATION_IDLE)) {
        notification->head = thread;
    } else {
        struct tcb *tail = notification_queue(notification).tail;
        thread->queue_previous = tail;
        tail->queue_next = thread;
    }
    notification->tail_and_state = (word_t)thread | NOTIFICATION_WAITING;
    thread->blocked_on = notification;
}

/* The first waiter leaves the queue. */
static inline void notification_take_first(struct notification *notification)
{
    queue_take_first(&notification->head, &notification->tail_and_state);
}

#endif
