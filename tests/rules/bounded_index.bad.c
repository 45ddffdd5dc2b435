/* Breaks bounded_index.cocci: a user reads beyond an array. */
#include <kernel/cpu.h>
#include <kernel/invocation.h>

word_t any_word(struct invocation *call, const word_t *table)
{
    word_t place = message_word(call, 0);
    return table[place]; /* breach */
}

word_t any_cpu(struct invocation *call)
{
    return cpu_by_index((uint32_t)message_word(call, 1))->index; /* breach */
}

word_t right(struct invocation *call, const word_t *table)
{
    word_t place = message_word(call, 0);
    if (place >= 4) {
        return 0;
    }
    return table[place];
}
