/*
 * Memory that users can write while the kernel reads it: IPC buffers. Words whose layout is shared
 * with users or with hardware (these, status pages, page tables) are accessed by __atomic_*, words
 * that only kernels name are _Atomic (<stdatomic.h>), and volatile is for devices' registers.
 */
#ifndef KERNEL_USER_MEMORY_H
#define KERNEL_USER_MEMORY_H

#include <kernel/types.h>

/*
 * One word of user memory, read exactly once: other threads may write it at any time, so a
 * second read, or one that the compiler repeats, could give another value.
 */
static inline word_t read_user_word(const word_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

#endif
