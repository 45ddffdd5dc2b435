/*
 * CancelBadgedSends in steps. A queue of senders is in the order in which they began to send, which
 * `ready_order` counts. So the place that was reached is one pointer, kept right by what takes
 * threads out of a queue, and it ends however often it is interrupted: it concerns those who began
 * before it did, and what it let go may come again.
 *
 * One place for the whole node is enough, because a thread that finds another's cancellation under
 * way finishes that one first. Otherwise two threads that interrupt each other could both begin
 * again forever.
 */
#include <kernel/assert.h>
#include <kernel/cancellation.h>
#include <kernel/ipc.h>
#include <kernel/preemption.h>

/* What a step may take: to restart a thread takes as long as to pass over eight or more. */
enum { PASS_EFFORT = 1, RESTART_EFFORT = 8, STEP_EFFORT = RESTARTS_PER_STEP * RESTART_EFFORT };

struct cancellation cancellation;

static void begin(struct endpoint *endpoint, word_t badge, struct tcb *caller)
{
    bool any = endpoint_state(endpoint) == ENDPOINT_SENDING;
    cancellation = (struct cancellation){
        .endpoint = endpoint,
        .badge = badge,
        .caller = caller,
        .next = any ? endpoint->head : NULL,
        .until = last_sender(),
    };
    caller->cancelling = endpoint;
    caller->cancelled_badge = badge;
    caller->cancel_finished = false;
}

/* One sender; returns the effort. */
static unsigned look_at(struct tcb *sender)
{
    assert(sender->state == THREAD_BLOCKED_ON_SEND && sender->blocked_on == cancellation.endpoint);
    if (sender->blocked_badge != cancellation.badge) {
        cancellation.next = sender->queue_next;
        return PASS_EFFORT;
    }
    endpoint_remove(cancellation.endpoint, sender); /* which moves `next` on */
    restart_blocked(sender);
    return RESTART_EFFORT;
}

static MUST_USE enum outcome go_on(void)
{
    unsigned effort = 0;
    while (cancellation.next != NULL && cancellation.next->ready_order <= cancellation.until) {
        effort += look_at(cancellation.next);
        if (effort >= STEP_EFFORT && cancellation.next != NULL) {
            effort = 0;
            if (preemption_point()) {
                return PREEMPTED;
            }
        }
    }
    if (cancellation.caller != NULL) {
        cancellation.caller->cancel_finished = true;
    }
    cancellation = (struct cancellation){0};
    return DONE;
}

/* The caller's own is under way, or was finished by another thread. */
static bool has_begun(const struct endpoint *endpoint, word_t badge, const struct tcb *caller)
{
    return caller->cancelling == endpoint && caller->cancelled_badge == badge &&
           (caller->cancel_finished || cancellation.caller == caller);
}

/* Another thread's, unless that has given it up to do something else. */
static MUST_USE enum outcome finish_other(void)
{
    const struct tcb *caller = cancellation.caller;
    if (cancellation.endpoint == NULL || caller == NULL ||
        caller->cancelling != cancellation.endpoint ||
        caller->cancelled_badge != cancellation.badge) {
        return DONE;
    }
    return go_on();
}

enum outcome cancel_badged(struct endpoint *endpoint, word_t badge, struct tcb *caller)
{
    if (!has_begun(endpoint, badge, caller)) {
        if (finish_other() == PREEMPTED) {
            return PREEMPTED;
        }
        begin(endpoint, badge, caller);
    }
    return caller->cancel_finished ? DONE : go_on();
}
