/* Breaks message_word_once.cocci: checks a word and then reads it again. */
#include <kernel/invocation.h>

word_t checked_then_used(struct invocation *call)
{
    if (message_word(call, 0) > 7) {
        return 0;
    }
    return message_word(call, 0);
}
