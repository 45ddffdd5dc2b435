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
    paddr_t base = frame_capability_base(frame);
    if (LIKELY(frame_capability_is_small(frame))) { /* one test; nearly all are */
        return window(base + (thread->ipc_buffer & MASK(ABI_PAGE_BITS)));
    }
    return window(base +
                  (thread->ipc_buffer & MASK(frame_size_bits(frame_capability_size(frame)))));
}

#endif
