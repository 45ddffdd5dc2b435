/* Breaks message_word_once.cocci: checks a word and reads it again, itself or by a helper. */
#include <kernel/invocation.h>

word_t checked_then_used(struct invocation *call)
{
    if (message_word(call, 0) > 7) {
        return 0;
    }
    return message_word(call, 0); /* breach */
}

static word_t helper(const struct invocation *call, word_t limit)
{
    return message_word(call, 1) + limit;
}

static word_t outer_helper(const struct invocation *call)
{
    return helper(call, 3);
}

word_t used_by_a_helper(struct invocation *call)
{
    word_t size = message_word(call, 1);
    if (size > 7) {
        return 0;
    }
    return outer_helper(call); /* breach */
}

word_t different_words(struct invocation *call)
{
    return message_word(call, 0) + helper(call, 1);
}

word_t one_of_two(struct invocation *call, bool first)
{
    if (first) {
        return message_word(call, 1);
    }
    return helper(call, 1);
}
