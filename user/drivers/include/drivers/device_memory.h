/*
 * Memory for drivers: registers of devices from this node's device untypeds, and memory that
 * devices read and write. Initial thread only. Whoever uses this leaves the device untypeds to it.
 */
#ifndef DRIVERS_DEVICE_MEMORY_H
#define DRIVERS_DEVICE_MEMORY_H

#include <sel4/sel4.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * Maps `bytes` bytes of device memory at physical address `paddr`, uncached. Any part of a page may
 * be asked for again later. Null if a page is not in this node's device untypeds, or something is
 * used up. Never unmapped.
 */
volatile void *device_map(seL4_Word paddr, seL4_Word bytes);

struct dma_memory {
    void *vaddr;
    seL4_Word paddr; /* physically contiguous from here: this is what devices are told */
    seL4_Word bytes;
};

/*
 * Zeroed RAM of this node, 2^size_bits bytes (12 to 21), aligned to its size, mapped for reading
 * and writing. Null vaddr if something is used up. x86 devices see the caches, so nothing needs to
 * be flushed.
 */
struct dma_memory dma_allocate(unsigned size_bits);

CMK_END_C

#endif
