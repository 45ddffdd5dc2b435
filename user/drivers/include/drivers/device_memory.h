/*
 * Registers of devices, from this node's device untypeds. Initial thread only. What uses this
 * leaves the device untypeds to it. Memory that devices read and write: <cmk/dma.h>.
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

CMK_END_C

#endif
