/*
 * Messages between threads: endpoints, replies, capability transfer (contract 7.8, 7.10, 8.4).
 * Every function runs under the lock and takes bounded time unless it says otherwise. Threads that
 * are passed in are not current on another CPU: senders and receivers are this CPU's own current
 * thread, or blocked.
 */
#ifndef KERNEL_IPC_H
#define KERNEL_IPC_H

#include <kernel/assert.h>
#include <kernel/invocation.h>
#include <kernel/objects.h>
#include <kernel/user_memory.h>

/* MessageInfo fields (contract 2.1). */
static inline word_t message_info_length(word_t info)
{
    return MIN(info & MASK(7), (word_t)ABI_MAX_MESSAGE_LENGTH);
}

/*
 * The length of a message without capabilities; of one with capabilities, or longer than messages
 * may be: a number greater than any length.
 */
static inline word_t message_plain_length(word_t info)
{
    return info & MASK(9);
}

static inline word_t message_info_extra_caps(word_t info)
{
    return (info >> 7) & 3;
}
static inline word_t message_info_label(word_t info)
{
    return info >> 12;
}

static inline word_t message_info(word_t label, word_t unwrapped, word_t extra_caps, word_t length)
{
    return label << 12 | unwrapped << 9 | extra_caps << 7 | length;
}

/*
 * Message word `index` of the message that `thread` sends; words beyond the registers come from
 * `buffer`, which must not be null then. Each word is to be read once in a phase (decode, transfer,
 * receive).
 */
static inline word_t sent_word(const struct tcb *thread, const word_t *buffer, unsigned index)
{
    return index < ABI_MESSAGE_REGISTERS ? context_message_register(&thread->context, index)
                                         : read_user_word(&buffer[ABI_IPC_MESSAGE + index]);
}

/*
 * The same for the message that a thread gets; `buffer` must not be null for words beyond the
 * registers.
 */
static inline void give_word(struct tcb *thread, word_t *buffer, unsigned index, word_t value)
{
    if (index < ABI_MESSAGE_REGISTERS) {
        context_set_message_register(&thread->context, index, value);
    } else {
        __atomic_store_n(&buffer[ABI_IPC_MESSAGE + index], value, __ATOMIC_RELAXED);
    }
}

/*
 * The slots of the first `count` (1..3) extra capabilities that `sender` names in its buffer,
 * resolved in its CSpace. False: *pointer could not be resolved, *failure says why.
 */
bool lookup_extra_caps(const struct tcb *sender, const word_t *buffer, unsigned count,
                       struct slot *extra[ABI_MAX_EXTRA_CAPS], word_t *pointer,
                       struct lookup_failure *failure);

/*
 * Carries the message of `sender`, or its pending fault, to `receiver` and sets the receiver's
 * badge and message info. `endpoint`: through which it goes, null for a reply. Extra capabilities
 * go along only with `can_grant`.
 */
void transfer_message(struct tcb *sender, struct tcb *receiver, const struct endpoint *endpoint,
                      word_t badge, bool can_grant);

/*
 * Sends the message of `sender` (its registers and buffer, or its pending fault) via an endpoint
 * capability that has the Write right. Without a waiting receiver the sender blocks;
 * SEND_WITHOUT_BLOCKING: then nothing happens. SEND_CALL: afterwards the sender waits for the
 * reply, or becomes inactive if the capability has neither Grant nor GrantReply.
 */
void send_message(struct tcb *sender, struct capability via, enum send_kind kind);

/*
 * Receives through an endpoint capability that has the Read right; a bound notification's signal
 * comes first. The receiver's caller slot must be empty. Not `block` and nothing there: only the
 * badge register is set, to 0.
 */
void receive_message(struct tcb *receiver, struct capability endpoint_capability, bool block);

/*
 * `caller`, which waits for a reply, gets the message (or the answer to its fault) of `sender`; the
 * capability in `reply_slot` is deleted.
 */
void send_reply(struct tcb *sender, struct tcb *caller, struct slot *reply_slot, bool can_grant);

/* The system call Reply: uses the caller slot of `thread`, if there is anything in it. */
void reply_to_caller(struct tcb *thread);

/* The caller's master reply capability has no child, and the slot is empty. */
static inline void give_reply_capability(struct tcb *caller, struct slot *slot, bool can_grant)
{
    struct slot *master = &caller->slots[TCB_REPLY];
    assert(reply_capability_is_master(master->capability) && slot_next(master) == NULL &&
           slot_is_empty(slot));
    slot->capability.word[0] = reply_capability_from(master->capability, can_grant).word[0];
    slot->previous = master; /* the other words of an empty slot, and of this one, are 0 */
    master->next_and_marks |= (word_t)slot;
}

/*
 * The reverse, wherever the reply capability is: it is its master's only child, and has none
 * itself.
 */
static inline void take_reply_capability(struct tcb *caller, struct slot *slot)
{
    assert(slot->next_and_marks == 0 && slot->previous == &caller->slots[TCB_REPLY]);
    caller->slots[TCB_REPLY].next_and_marks =
        SLOT_ORIGINAL | SLOT_FAMILY_HEAD; /* as insert_root() left it */
    slot->capability.word[0] = 0;
    slot->previous = NULL;
}

/* `caller` waits for the reply of `receiver`, whose empty caller slot gets the reply capability. */
void wait_for_reply(struct tcb *caller, struct tcb *receiver, bool reply_can_grant);

/* Deletes the outstanding reply capability to `caller`, wherever it is, if there is one. */
void delete_reply_capability(struct tcb *caller);

/*
 * Ends whatever IPC `thread` is blocked in: takes it out of its queue, deletes its outstanding
 * reply capability, forgets its fault. A blocked thread becomes inactive; a runnable one stays as
 * it is.
 */
void cancel_ipc(struct tcb *thread);

/*
 * An endpoint goes away: all threads queued on it restart (contract 7.6), at most RESTARTS_PER_STEP
 * in one call. True: none is left.
 */
enum { RESTARTS_PER_STEP = 32 };
bool cancel_some(struct endpoint *endpoint);

/*
 * A thread just taken out of an object's queue repeats its system call, or its faulting
 * instruction.
 */
void restart_blocked(struct tcb *thread);

/* Queues of blocked threads; first in, first out. */
void thread_queue_append(struct thread_queue *queue, struct tcb *thread);
void thread_queue_prepend(struct thread_queue *queue, struct tcb *thread);
void thread_queue_remove(struct thread_queue *queue, struct tcb *thread);

/*
 * Endpoint state and queue, out of and into the object. The state is in bits that a TCB's alignment
 * leaves 0.
 */
static inline enum endpoint_state endpoint_state(const struct endpoint *endpoint)
{
    return (enum endpoint_state)(endpoint->tail_and_state & QUEUE_STATE_MASK);
}

/* Each state but idle has a bit of its own. */
static inline bool is_sending(const struct endpoint *endpoint)
{
    return endpoint->tail_and_state & ENDPOINT_SENDING;
}

static inline bool is_receiving(const struct endpoint *endpoint)
{
    return endpoint->tail_and_state & ENDPOINT_RECEIVING;
}

static inline struct tcb *endpoint_tail(const struct endpoint *endpoint)
{
    return (struct tcb *)(endpoint->tail_and_state & ~(word_t)QUEUE_STATE_MASK);
}

struct thread_queue endpoint_queue(const struct endpoint *endpoint);
void endpoint_set(struct endpoint *endpoint, enum endpoint_state state, struct thread_queue queue);

/*
 * Puts a thread in no queue, whose links are null, last in a queue of that kind, perhaps the first
 * of it.
 */
static inline void endpoint_append(struct endpoint *endpoint, enum endpoint_state state,
                                   struct tcb *thread)
{
    if (LIKELY(endpoint_state(endpoint) == ENDPOINT_IDLE)) {
        endpoint->head = thread;
    } else {
        struct tcb *tail = endpoint_tail(endpoint);
        thread->queue_previous = tail;
        tail->queue_next = thread;
    }
    endpoint->tail_and_state = (word_t)thread | state;
    thread->blocked_on = endpoint;
}

/* Takes out the first of a queue, whose links of its own are then null. */
static inline void queue_take_first(struct tcb **head, word_t *tail_and_state)
{
    struct tcb *first = *head;
    struct tcb *second = first->queue_next;
    *head = second;
    if (LIKELY(second == NULL)) {
        *tail_and_state = 0; /* idle */
    } else {
        second->queue_previous = NULL;
        first->queue_next = NULL;
    }
}

static inline void endpoint_take_first(struct endpoint *endpoint)
{
    queue_take_first(&endpoint->head, &endpoint->tail_and_state);
}

/* Takes a thread out of the queue it is in. */
void endpoint_remove(struct endpoint *endpoint, struct tcb *thread);

/* The number of who began to wait as a sender last, on any endpoint: its `ready_order`. */
int64_t last_sender(void);

#endif
