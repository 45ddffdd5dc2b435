/* What arch/memory.h promises: the window is a constant distance away. */
#ifndef TARGET_MEMORY_H
#define TARGET_MEMORY_H

#include <kernel/types.h>

#define KERNEL_WINDOW 0xffff800000000000

static inline void *window(paddr_t address)
{
    return (void *)(address + KERNEL_WINDOW);
}

static inline paddr_t window_to_physical(const void *pointer)
{
    return (paddr_t)pointer - KERNEL_WINDOW;
}

#endif
