/*
 * CancelBadgedSends (contract 7.9): all threads that send with a badge restart. There may be any
 * number of senders, so this is done in steps, and the node remembers how far it has come.
 */
#ifndef KERNEL_CANCELLATION_H
#define KERNEL_CANCELLATION_H

#include <kernel/objects.h>

/* The node's cancellation under way, one at most. Node state, under the lock. */
struct cancellation {
    struct endpoint
        *endpoint; /* null: none is under way. Only to be used while there is a `next` */
    word_t badge;
    struct tcb *caller; /* who asked for it; null if gone */
    struct tcb *next;   /* the first sender not looked at yet; null: there is none any more */
    int64_t until;      /* who began to send later than this one is not concerned */
};
extern struct cancellation cancellation;

/*
 * An invocation by `caller`, on an endpoint and a badge that is not 0. PREEMPTED: the call is to be
 * repeated; it goes on where it was, or is finished by then, if others wanted to cancel something
 * in between.
 */
MUST_USE enum outcome cancel_badged(struct endpoint *endpoint, word_t badge, struct tcb *caller);

/* `thread` is about to be taken out of an endpoint's queue. */
static inline void cancellation_pass(const struct tcb *thread)
{
    if (cancellation.next == thread) {
        cancellation.next = thread->queue_next;
    }
}

/* `thread` is about to go away. */
static inline void cancellation_forget(const struct tcb *thread)
{
    if (cancellation.caller == thread) {
        cancellation.caller = NULL;
    }
}

#endif
