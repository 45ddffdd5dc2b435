/*
 * What an invocation answers: an error with its details, or the words a method returns (contract
 * 4.1, 4.2). Decoders check everything and fill in the answer; nothing about an error is kept in
 * globals.
 */
#ifndef KERNEL_ANSWER_H
#define KERNEL_ANSWER_H

#include <api/types.h>
#include <kernel/types.h>

enum outcome {
    DONE,     /* carried out; the answer holds label 0 and the method's output, if any */
    REFUSED,  /* nothing was changed; the answer holds the error */
    PREEMPTED /* partly done, consistent; the caller repeats the system call */
};

struct answer {
    word_t label;
    word_t length;
    word_t words[REGISTER_COUNT];
};

struct lookup_failure {
    enum lookup_failure_type type;
    word_t words[3]; /* as many as api/lookup_failures.def says, in message order */
};

/* Writes type and details of `failure` to words[0..]; returns how many words that took (1 to 4). */
unsigned lookup_failure_to_words(const struct lookup_failure *failure, word_t *words);

/* Each returns REFUSED, so that a decoder can `return refuse(...)`. */
MUST_USE enum outcome refuse(struct answer *answer,
                             enum error_code code); /* for the errors without details */
MUST_USE enum outcome refuse_argument(struct answer *answer, word_t number);
MUST_USE enum outcome refuse_capability(struct answer *answer, word_t number);
MUST_USE enum outcome refuse_range(struct answer *answer, word_t least, word_t greatest);
MUST_USE enum outcome refuse_lookup(struct answer *answer, bool source_side,
                                    const struct lookup_failure *failure);
MUST_USE enum outcome refuse_missing(struct answer *answer, bool source_side,
                                     word_t bits_left); /* MissingCapability */
MUST_USE enum outcome refuse_memory(struct answer *answer, word_t bytes_free);

/* What a decoder that answers with a bool returns after a refusal. */
static inline MUST_USE bool as_false(enum outcome refusal)
{
    (void)refusal;
    return false;
}

/* Each sets the output words and returns DONE. */
MUST_USE enum outcome answer_word(struct answer *answer, word_t value);
MUST_USE enum outcome answer_two_words(struct answer *answer, word_t first, word_t second);

#endif
