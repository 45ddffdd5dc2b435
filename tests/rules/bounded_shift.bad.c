/* Breaks bounded_shift.cocci: a user who asks for 2^64 bytes gets undefined behaviour. */
#include <kernel/invocation.h>

word_t bytes_asked_for(struct invocation *call)
{
    word_t bits = message_word(call, 1);
    return BIT(bits); /* breach */
}

word_t shifted(struct invocation *call)
{
    return 1ull << message_word(call, 1); /* breach */
}

word_t right(struct invocation *call)
{
    word_t bits = message_word(call, 1);
    if (bits > 47) {
        return 0;
    }
    return BIT(bits);
}
