/* Where in a frame a thread's IPC buffer lies. */
#ifndef X86_IPC_BUFFER_H
#define X86_IPC_BUFFER_H

#include <arch/memory.h>
#include <x86/capability.h>
#include <kernel/objects.h>

/*
 * The address is a multiple of the buffer's size (checked when it was set), so the buffer ends
 * inside the frame.
 */
static inline word_t *ipc_buffer_in(struct capability frame, const struct tcb *thread)
{
    word_t offset = thread->ipc_buffer & MASK(frame_size_bits(frame_capability_size(frame)));
    return window(frame_capability_base(frame) + offset);
}

#endif
