/* Frames as IPC buffers (contract 2.3). */
#include <arch/object.h>
#include <x86/ipc_buffer.h>

bool arch_is_buffer_frame(struct capability c)
{
    return capability_is_plain_frame(c, 0);
}

word_t *arch_ipc_buffer(const struct tcb *thread, bool writable)
{
    struct capability frame = thread->slots[TCB_IPC_BUFFER].capability;
    bool is_usable =
        capability_is_plain_frame(frame, writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ);
    return is_usable ? ipc_buffer_in(frame, thread) : NULL;
}
