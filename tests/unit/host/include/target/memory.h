/*
 * What arch/memory.h promises, on the host: the node's memory is an array
 * (tests/unit/host/memory.c).
 */
#ifndef TARGET_MEMORY_H
#define TARGET_MEMORY_H

#include <kernel/types.h>

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
