/* Breaks user_memory.cocci: the compiler may read the word again after it was checked. */
#include <kernel/invocation.h>
#include <kernel/ipc.h>

word_t first_word(struct invocation *call)
{
    return call->buffer[0]; /* breach */
}

word_t from_the_buffer(const struct tcb *thread)
{
    const word_t *buffer = arch_ipc_buffer(thread, false);
    return buffer[1]; /* breach */
}

word_t right(const struct tcb *thread)
{
    const word_t *buffer = arch_ipc_buffer(thread, false);
    return read_user_word(&buffer[1]);
}
