/*
 * From sender to receiver: message words and capabilities (contract 7.8). The sender's buffer can
 * change at any time: the words and the capability pointers are read once each, and what an earlier
 * phase of the same system call learnt from the buffer is not relied on.
 */
#include <arch/object.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/fault.h>
#include <kernel/ipc.h>

bool lookup_extra_caps(const struct tcb *sender, const word_t *buffer, unsigned count,
                       struct slot *extra[ABI_MAX_EXTRA_CAPS], word_t *pointer,
                       struct lookup_failure *failure)
{
    const word_t *next = &buffer[ABI_IPC_CAPS_OR_BADGES];
    const word_t *end = next + count;
    do {
        *pointer = read_user_word(next);
        if (!lookup_thread_slot(sender, *pointer, extra, failure)) {
            return false;
        }
        extra++;
    } while (++next != end);
    return true;
}

/* The empty slot that the receiver names for a capability, or null. */
static struct slot *receive_slot(const struct tcb *receiver, const word_t *buffer)
{
    word_t root_pointer = read_user_word(&buffer[ABI_IPC_RECEIVE_CNODE]);
    word_t index = read_user_word(&buffer[ABI_IPC_RECEIVE_INDEX]);
    word_t depth = read_user_word(&buffer[ABI_IPC_RECEIVE_DEPTH]);
    struct slot *root;
    struct slot *slot;
    struct lookup_failure failure;
    struct answer ignored;
    if (!lookup_thread_slot(receiver, root_pointer, &root, &failure)) {
        return NULL;
    }
    return lookup_empty_slot(root->capability, index, depth, &slot, &ignored) ? slot : NULL;
}

/*
 * Puts a derived copy of the capability in `source` where the receiver wants it. False: that is not
 * possible.
 */
static bool copy_capability(struct slot *source, const struct tcb *receiver, const word_t *buffer)
{
    struct capability derived;
    struct answer ignored;
    struct slot *destination = receive_slot(receiver, buffer);
    if (destination == NULL || !derive(source, source->capability, &derived, &ignored) ||
        capability_is_null(derived)) {
        return false;
    }
    insert_derived(derived, source, destination);
    return true;
}

struct transferred {
    word_t processed; /* capabilities before the first that could not be handed over */
    word_t unwrapped; /* bit i: the receiver got the badge of capability i instead */
};

static struct transferred transfer_capabilities(struct slot *const extra[], unsigned count,
                                                const struct endpoint *endpoint,
                                                const struct tcb *receiver, word_t *buffer)
{
    struct transferred result = {0, 0};
    bool slot_used = false;
    for (unsigned i = 0; i < count; i++) {
        struct capability c = extra[i]->capability;
        if (endpoint != NULL && capability_type(c) == CAP_ENDPOINT &&
            capability_endpoint(c) == endpoint) {
            __atomic_store_n(&buffer[ABI_IPC_CAPS_OR_BADGES + i], capability_badge(c),
                             __ATOMIC_RELAXED);
            result.unwrapped |= BIT(i);
        } else if (!slot_used && copy_capability(extra[i], receiver, buffer)) {
            slot_used = true;
        } else {
            break;
        }
        result.processed++;
    }
    return result;
}

/* Copies as many of `length` words as both sides have room for; returns how many. */
static word_t copy_words(const struct tcb *sender, const word_t *from, struct tcb *receiver,
                         word_t *to, word_t length)
{
    for (unsigned i = 0; i < ABI_MESSAGE_REGISTERS && i < length; i++) {
        context_set_message_register(&receiver->context, i,
                                     context_message_register(&sender->context, i));
    }
    if (length <= ABI_MESSAGE_REGISTERS) {
        return length;
    }
    if (from == NULL || to == NULL) {
        return ABI_MESSAGE_REGISTERS;
    }
    from += ABI_IPC_MESSAGE;
    to += ABI_IPC_MESSAGE;
    for (word_t i = ABI_MESSAGE_REGISTERS; i < length; i++) {
        __atomic_store_n(&to[i], read_user_word(&from[i]), __ATOMIC_RELAXED);
    }
    return length;
}

/* The message of a system call; returns the receiver's message info. */
static word_t transfer_ordinary(struct tcb *sender, struct tcb *receiver,
                                const struct endpoint *endpoint, bool can_grant)
{
    word_t info = context_message_info(&sender->context);
    word_t length = message_info_length(info);
    unsigned cap_count = can_grant ? (unsigned)message_info_extra_caps(info) : 0;
    const word_t *from = NULL;
    word_t *to = NULL;
    if (length > ABI_MESSAGE_REGISTERS || cap_count > 0) {
        from = arch_ipc_buffer(sender, false);
        to = arch_ipc_buffer(receiver, true);
    }
    if (from == NULL || to == NULL) {
        cap_count = 0;
    }
    struct slot *extra[ABI_MAX_EXTRA_CAPS];
    word_t pointer;
    struct lookup_failure failure;
    if (cap_count > 0 && !lookup_extra_caps(sender, from, cap_count, extra, &pointer, &failure)) {
        cap_count = 0; /* one that cannot be found: none is transferred, the words are */
    }
    length = copy_words(sender, from, receiver, to, length);
    struct transferred caps = transfer_capabilities(extra, cap_count, endpoint, receiver, to);
    return message_info(message_info_label(info), caps.unwrapped, caps.processed, length);
}

void transfer_message(struct tcb *sender, struct tcb *receiver, const struct endpoint *endpoint,
                      word_t badge, bool can_grant)
{
    word_t info;
    if (sender->fault_type == FAULT_NONE) {
        info = transfer_ordinary(sender, receiver, endpoint, can_grant);
    } else {
        word_t length = copy_fault_message(sender, receiver);
        info = message_info(sender->fault_type, 0, 0, length);
    }
    context_set_message_info(&receiver->context, info);
    context_set_badge(&receiver->context, badge);
}
