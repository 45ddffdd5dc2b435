/*
 * Messages between threads: endpoints, replies, capability transfer (contract 7.8, 7.10, 8.4).
 * Every function runs under the lock and takes bounded time unless it says otherwise.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include <kernel/objects.h>

/* MessageInfo fields (contract 2.1). */
static inline word_t message_info_length(word_t info)
{
    return MIN(info & MASK(7), (word_t)ABI_MAX_MESSAGE_LENGTH);
}

static inline word_t message_info_extra_caps(word_t info) { return (info >> 7) & 3; }
static inline word_t message_info_label(word_t info) { return info >> 12; }

static inline word_t message_info(word_t label, word_t unwrapped, word_t extra_caps, word_t length)
{
    return label << 12 | unwrapped << 9 | extra_caps << 7 | length;
}

/* Sends the message of `sender` (its registers and buffer, or its pending fault) through an endpoint. */
void send_message(struct endpoint *endpoint, struct tcb *sender, word_t badge, bool can_grant, bool can_grant_reply,
                  bool call, bool block);

/* Receives through an endpoint capability; a bound notification's signal comes first. */
void receive_message(struct tcb *receiver, struct capability endpoint_capability, bool block);

/* The thread in `reply_slot`'s capability gets the message (or the answer to its fault) of `sender`; deletes the capability. */
void send_reply(struct tcb *sender, struct tcb *caller, struct slot *reply_slot, bool can_grant);

/* Ends whatever IPC `thread` is blocked in, deletes its outstanding reply capability, forgets its fault. */
void cancel_ipc(struct tcb *thread);

/* Everybody queued on an object restarts (contract 7.6); those sending with a badge restart (7.9). Not preemptible in
   the contract's sense: bounded by the queue, see docs/latency.md for what that means. */
void cancel_all(struct endpoint *endpoint);
void cancel_badged(struct endpoint *endpoint, word_t badge);

/* Queues of blocked threads; first in, first out. */
void thread_queue_append(struct thread_queue *queue, struct tcb *thread);
void thread_queue_prepend(struct thread_queue *queue, struct tcb *thread);
void thread_queue_remove(struct thread_queue *queue, struct tcb *thread);

/* Endpoint state and queue, out of and into the object. */
enum endpoint_state endpoint_state(const struct endpoint *endpoint);
struct thread_queue endpoint_queue(const struct endpoint *endpoint);
void endpoint_set(struct endpoint *endpoint, enum endpoint_state state, struct thread_queue queue);

#endif
