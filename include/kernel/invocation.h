/*
 * An invocation under way: what the caller asked, resolved once. A decoder gets it, checks
 * everything without changing anything, then acts in a way that cannot fail.
 */
#ifndef KERNEL_INVOCATION_H
#define KERNEL_INVOCATION_H

#include <kernel/answer.h>
#include <kernel/objects.h>

/* By which system call: Send, NBSend or Call. */
enum send_kind { SEND_BLOCKING, SEND_WITHOUT_BLOCKING, SEND_CALL };

struct invocation {
    struct tcb *caller;
    word_t label;
    word_t length;                /* message words the caller can really have supplied: at most
                                                 ABI_MESSAGE_REGISTERS without an IPC buffer */
    struct slot *slot;            /* of the invoked capability */
    struct capability capability; /* the invoked capability */
    const word_t *buffer;         /* caller's IPC buffer, or null. Users can write it at any time */
    /* slots of the extra capabilities, extra_caps of them */
    struct slot *extra[ABI_MAX_EXTRA_CAPS];
    unsigned extra_caps;
    enum send_kind kind; /* SEND_CALL: the caller waits for the reply */
};

/* The part of message_word() for words beyond the registers. */
word_t message_word_in_buffer(const struct invocation *call, unsigned index);

/*
 * Message word `index` of the call. Read each word at most once: words beyond the registers lie in
 * memory that other threads can write at any time. `index` must be below length.
 */
static inline word_t message_word(const struct invocation *call, unsigned index)
{
    return index < ABI_MESSAGE_REGISTERS ? context_message_register(&call->caller->context, index)
                                         : message_word_in_buffer(call, index);
}

/* The capability in extra capability `index`, null if none was supplied. */
static inline struct capability extra_capability(const struct invocation *call, unsigned index)
{
    return index < call->extra_caps ? call->extra[index]->capability : capability_null();
}

static inline bool has_less_than(const struct invocation *call, word_t words, unsigned extra_caps)
{
    return call->length < words || call->extra_caps < extra_caps;
}

/*
 * True if the message has fewer words or extra capabilities than the ABI table says that `label`
 * needs. Where `label` is a constant, two comparisons.
 */
static inline bool lacks_arguments(const struct invocation *call, word_t label)
{
    switch (label) {
#define INVOCATION(name, label, classic_up, words, caps)                                           \
    case label:                                                                                    \
        return has_less_than(call, words, caps);
#include <api/invocations.def>
#undef INVOCATION
    default:
        return false;
    }
}

/* The same for the label of the call. */
bool is_truncated(const struct invocation *call);

#endif
