/*
 * Scheduling contexts and reply objects as they refer to each other and to threads (docs/mcs.md):
 * who runs on whose time, and who gets it back. Each function takes a few steps, however long call
 * chains are. Under the lock.
 *
 * A reply object is unused; or a thread that is blocked in a receive has named it; or a caller is
 * blocked on it. In the last case it may be in the stack of a scheduling context: the first reply
 * is that of the caller who lent the context last, the next older one that of the caller who lent
 * it to that one, and so on.
 */
#ifndef KERNEL_REPLY_OBJECT_H
#define KERNEL_REPLY_OBJECT_H

#include <kernel/objects.h>
#include <kernel/sched_parameters.h>

struct reply_object {
    struct tcb *thread;            /* who has named it, or is blocked on it; null: unused */
    struct reply_object *older;    /* null: none, or what was below has been cut off */
    struct reply_object *newer;    /* null: none */
    struct sched_context *context; /* whose first reply this is; null: not the first of any */
};
_Static_assert(sizeof(struct reply_object) == 32, "reply object size is part of the ABI");

struct sched_context {
    struct tcb *thread;         /* runs on it; null: none */
    struct reply_object *reply; /* the first of the stack; null: no thread has lent it */
    struct refills refills;
};
_Static_assert(sizeof(struct sched_context) + REFILLS_LEAST * sizeof(struct refill) <=
                   BIT(LEAST_SCHED_CONTEXT_BITS),
               "the smallest scheduling context has room for as many refills as it must");

/*
 * A thread without a context gets `context`; who has had it until then has none. Neither is current
 * on another CPU.
 */
void sched_context_move(struct sched_context *context, struct tcb *to);

/* The thread, if it has a context, becomes passive; who has lent it will still get it back. */
void sched_context_leave(struct tcb *thread);

/* The thread that runs on it becomes passive, and callers that have lent it do not get it back. */
void sched_context_release(struct sched_context *context);

/* A thread that begins to wait in a receive names an unused reply object. */
void reply_object_name(struct reply_object *reply, struct tcb *receiver);

/* It does not wait any more, so the object it has named, if any, is unused. */
void reply_object_forget(struct tcb *receiver);

/*
 * The message of `caller` has gone to `receiver`, which has named `reply`, or brings it: the caller
 * waits for the answer on it. Where the receiver has no context and the caller may lend its own, it
 * does. `reply` is unused.
 */
void reply_object_call(struct reply_object *reply, struct tcb *caller, struct tcb *receiver,
                       bool may_lend);

/*
 * Some thread answers with `reply`. Returns the one that waited, null: none did. If that one lent a
 * context last, and has none now, it has that one again, and the thread that ran on it is passive.
 */
struct tcb *reply_object_answer(struct reply_object *reply);

/*
 * `caller`, which is blocked on a reply, will not wait for it any more: it is suspended, or its
 * reply object is used by others. Contexts stay where they are; those who are older in the stack
 * will not get theirs back.
 */
void reply_object_cancel(struct tcb *caller);

/*
 * The object goes away. Returns the thread that waited on it, or had named it; null: none did. One
 * that lent a context last, and has none, gets it back at once.
 */
struct tcb *reply_object_finalise(struct reply_object *reply);

#endif
