/* Stacks of replies on scheduling contexts: lending time, and getting it back (docs/mcs.md). */
#include <kernel/assert.h>
#include <kernel/reply_object.h>

void sched_context_move(struct sched_context *context, struct tcb *to)
{
    assert(to->sched_context == NULL);
    if (context->thread != NULL) {
        context->thread->sched_context = NULL;
    }
    context->thread = to;
    to->sched_context = context;
}

void sched_context_leave(struct tcb *thread)
{
    if (thread->sched_context != NULL) {
        thread->sched_context->thread = NULL;
        thread->sched_context = NULL;
    }
}

/* The replies of the context, if any, are no stack of a context from now on. */
static void cut_stack(struct sched_context *context)
{
    if (context->reply != NULL) {
        context->reply->context = NULL;
        context->reply = NULL;
    }
}

void sched_context_release(struct sched_context *context)
{
    cut_stack(context);
    if (context->thread != NULL) {
        sched_context_leave(context->thread);
    }
}

void reply_object_name(struct reply_object *reply, struct tcb *receiver)
{
    assert(reply->thread == NULL && receiver->reply == NULL);
    reply->thread = receiver;
    receiver->reply = reply;
}

/* No thread waits on it any more. It is in no stack. */
static void let_go(struct reply_object *reply)
{
    assert(reply->context == NULL && reply->newer == NULL && reply->older == NULL);
    reply->thread->reply = NULL;
    reply->thread = NULL;
}

void reply_object_forget(struct tcb *receiver)
{
    if (receiver->reply != NULL) {
        let_go(receiver->reply);
    }
}

static void push(struct sched_context *context, struct reply_object *reply)
{
    struct reply_object *older = context->reply;
    if (older != NULL) {
        older->context = NULL;
        older->newer = reply;
    }
    reply->older = older;
    reply->context = context;
    context->reply = reply;
}

/* The first reply leaves; the next older one is first, if it has not been cut off. */
static void pop(struct sched_context *context)
{
    struct reply_object *first = context->reply;
    struct reply_object *older = first->older;
    if (older != NULL) {
        older->newer = NULL;
        older->context = context;
    }
    context->reply = older;
    first->older = NULL;
    first->context = NULL;
}

/* Out of whatever stack it is in, which ends here: neither part gets the other's context. */
static void cut_out(struct reply_object *reply)
{
    if (reply->context != NULL) {
        cut_stack(reply->context);
    }
    if (reply->newer != NULL) {
        reply->newer->older = NULL;
        reply->newer = NULL;
    }
    if (reply->older != NULL) {
        reply->older->newer = NULL;
        reply->older = NULL;
    }
}

void reply_object_call(struct reply_object *reply, struct tcb *caller, struct tcb *receiver,
                       bool may_lend)
{
    reply_object_name(reply, caller);
    if (may_lend && receiver->sched_context == NULL && caller->sched_context != NULL) {
        push(caller->sched_context, reply);
        sched_context_move(caller->sched_context, receiver);
    }
}

static bool is_waited_for(const struct reply_object *reply)
{
    return reply->thread != NULL && reply->thread->state == THREAD_BLOCKED_ON_REPLY;
}

struct tcb *reply_object_answer(struct reply_object *reply)
{
    if (!is_waited_for(reply)) {
        return NULL;
    }
    struct tcb *caller = reply->thread;
    struct sched_context *context = reply->context;
    if (context != NULL) {
        pop(context);
        if (caller->sched_context == NULL) {
            sched_context_move(context, caller);
        }
    } else {
        cut_out(reply);
    }
    let_go(reply);
    return caller;
}

void reply_object_cancel(struct tcb *caller)
{
    struct reply_object *reply = caller->reply;
    cut_out(reply);
    let_go(reply);
}

struct tcb *reply_object_finalise(struct reply_object *reply)
{
    struct tcb *thread = reply->thread;
    if (thread == NULL) {
        return NULL;
    }
    if (reply->context != NULL && thread->sched_context == NULL) {
        return reply_object_answer(reply);
    }
    cut_out(reply);
    let_go(reply);
    return thread;
}
