#include <kernel/invocation.h>

word_t message_word_in_buffer(const struct invocation *call, unsigned index)
{
    /*
     * Volatile: one read of memory that users can change at any time, whatever the compiler would
     * like to repeat.
     */
    return ((const volatile word_t *)call->buffer)[ABI_IPC_MESSAGE + index];
}

bool is_truncated(const struct invocation *call)
{
    return lacks_arguments(call, call->label);
}
