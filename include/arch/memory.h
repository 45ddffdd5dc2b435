/* Physical memory as the kernel reaches it: the window maps this node's private region and nothing else. */
#ifndef ARCH_MEMORY_H
#define ARCH_MEMORY_H

#include <kernel/types.h>

#ifndef HOST_BUILD
#define KERNEL_WINDOW 0xffff800000000000

static inline void *window(paddr_t address)
{
    return (void *)(address + KERNEL_WINDOW);
}

static inline paddr_t window_to_physical(const void *pointer)
{
    return (paddr_t)pointer - KERNEL_WINDOW;
}
#else
/* The host build's window is an array; see tests/unit. */
extern word_t host_window;

static inline void *window(paddr_t address)
{
    return (void *)(address + host_window);
}

static inline paddr_t window_to_physical(const void *pointer)
{
    return (paddr_t)pointer - host_window;
}
#endif

#endif
