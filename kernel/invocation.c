#include <kernel/invocation.h>
#include <kernel/user_memory.h>

word_t message_word_in_buffer(const struct invocation *call, unsigned index)
{
    return read_user_word(&call->buffer[ABI_IPC_MESSAGE + index]);
}

bool is_truncated(const struct invocation *call)
{
    return lacks_arguments(call, call->label);
}
