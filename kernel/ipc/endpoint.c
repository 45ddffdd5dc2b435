/*
 * Endpoints: senders and receivers meet (contract 7.10, 8.4). An endpoint is idle, or has a queue
 * of threads that all wait in the same direction; its state is IDLE exactly when the queue is
 * empty.
 */
#include <kernel/assert.h>
#include <kernel/cancellation.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/scheduler.h>

struct thread_queue endpoint_queue(const struct endpoint *endpoint)
{
    return (struct thread_queue){endpoint->head, endpoint_tail(endpoint)};
}

void endpoint_set(struct endpoint *endpoint, enum endpoint_state state, struct thread_queue queue)
{
    endpoint->head = queue.head;
    endpoint->tail_and_state = (word_t)queue.tail | (queue.head == NULL ? ENDPOINT_IDLE : state);
}

void endpoint_remove(struct endpoint *endpoint, struct tcb *thread)
{
    cancellation_pass(thread);
    struct thread_queue queue = endpoint_queue(endpoint);
    thread_queue_remove(&queue, thread);
    endpoint_set(endpoint, endpoint_state(endpoint), queue);
}

/* Senders are numbered as they begin to wait. 64 bits do not wrap in the lifetime of a machine. */
static int64_t senders;

int64_t last_sender(void)
{
    return senders;
}

/* The message has left `caller`: it waits for the reply if it may, and else stops for good. */
static void after_call(struct tcb *caller, struct tcb *receiver, bool may_get_reply,
                       bool reply_can_grant)
{
    if (may_get_reply) {
        wait_for_reply(caller, receiver, reply_can_grant);
    } else {
        set_thread_state(caller, THREAD_INACTIVE);
    }
}

static void block_sender(struct tcb *sender, struct capability via, enum send_kind kind)
{
    word_t rights = capability_rights(via);
    set_thread_state(sender, THREAD_BLOCKED_ON_SEND);
    sender->ready_order = ++senders;
    sender->blocked_badge = capability_badge(via);
    sender->blocked_can_grant = rights & RIGHT_GRANT;
    sender->blocked_can_grant_reply = rights & RIGHT_GRANT_REPLY;
    sender->blocked_is_call = kind == SEND_CALL;
    endpoint_append(capability_endpoint(via), ENDPOINT_SENDING, sender);
}

void send_message(struct tcb *sender, struct capability via, enum send_kind kind)
{
    struct endpoint *endpoint = capability_endpoint(via);
    word_t rights = capability_rights(via);
    if (endpoint_state(endpoint) != ENDPOINT_RECEIVING) {
        if (kind != SEND_WITHOUT_BLOCKING) {
            block_sender(sender, via, kind);
        }
        return;
    }
    struct tcb *receiver = endpoint->head;
    assert(receiver->state == THREAD_BLOCKED_ON_RECEIVE);
    endpoint_take_first(endpoint);
    transfer_message(sender, receiver, endpoint, capability_badge(via), rights & RIGHT_GRANT);
    set_thread_state(receiver, THREAD_RUNNING);
    make_runnable(receiver);
    if (kind == SEND_CALL) {
        after_call(sender, receiver, rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY),
                   receiver->reply_can_grant);
    }
}

static void receive_from(struct tcb *receiver, struct endpoint *endpoint, bool reply_can_grant)
{
    struct tcb *sender = endpoint->head;
    assert(sender->state == THREAD_BLOCKED_ON_SEND);
    endpoint_remove(endpoint, sender);
    transfer_message(sender, receiver, endpoint, sender->blocked_badge, sender->blocked_can_grant);
    if (sender->blocked_is_call) {
        after_call(sender, receiver, sender->blocked_can_grant || sender->blocked_can_grant_reply,
                   reply_can_grant);
    } else {
        set_thread_state(sender, THREAD_RUNNING);
        make_runnable(sender);
    }
}

void receive_message(struct tcb *receiver, struct capability capability, bool block)
{
    struct endpoint *endpoint = capability_endpoint(capability);
    bool reply_can_grant = capability_rights(capability) & RIGHT_GRANT;
    if (take_bound_signal(receiver)) {
        return;
    }
    if (endpoint_state(endpoint) == ENDPOINT_SENDING) {
        receive_from(receiver, endpoint, reply_can_grant);
    } else if (block) {
        set_thread_state(receiver, THREAD_BLOCKED_ON_RECEIVE);
        receiver->reply_can_grant = reply_can_grant;
        endpoint_append(endpoint, ENDPOINT_RECEIVING, receiver);
    } else {
        context_set_badge(&receiver->context, 0);
    }
}

void cancel_ipc(struct tcb *thread)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
        endpoint_remove(thread->blocked_on, thread);
        break;
    case THREAD_BLOCKED_ON_NOTIFICATION:
        notification_cancel(thread);
        break;
    case THREAD_BLOCKED_ON_REPLY:
        delete_reply_capability(thread);
        break;
    case THREAD_INACTIVE:
    case THREAD_RUNNING:
    case THREAD_RESTART:
        return;
    }
    thread->fault_type = FAULT_NONE;
    set_thread_state(thread, THREAD_INACTIVE);
}

void restart_blocked(struct tcb *thread)
{
    thread->fault_type = FAULT_NONE;
    set_thread_state(thread, THREAD_RESTART);
    enqueue_first(thread);
}

bool cancel_some(struct endpoint *endpoint)
{
    for (unsigned i = 0; i < RESTARTS_PER_STEP && endpoint->head != NULL; i++) {
        struct tcb *thread = endpoint->head;
        endpoint_remove(endpoint, thread);
        restart_blocked(thread);
    }
    return endpoint->head == NULL;
}
