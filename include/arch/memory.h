/*
 * Physical memory as the kernel reaches it: the window maps this node's private region and nothing
 * else.
 */
#ifndef ARCH_MEMORY_H
#define ARCH_MEMORY_H

#include <kernel/types.h>

/* The kernel address of a physical one in the private region, and the reverse. */
static inline void *window(paddr_t address);
static inline paddr_t window_to_physical(const void *pointer);

#include <target/memory.h>

#endif
