/*
 * Memory that devices read and write. Addresses are physical ones, as devices and base address
 * registers use them, with an IOMMU and without.
 *
 * What devices reach. cmk_cluster()->devices_are_confined: those of this node reach exactly its
 * private memory, which is all ordinary untypeds of boot info and what was made of them, and the
 * shared and channel regions that it may map; other requests fail. Not confined: they reach all
 * memory, that of other nodes and of kernels included (CAVEATS.md). x86 devices see the caches, so
 * nothing needs to be flushed.
 */
#ifndef CMK_DMA_H
#define CMK_DMA_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The most that one cmk_dma_alloc() gives or aligns to: 1 GiB. */
#define CMK_DMA_MOST (1ul << 30)

struct cmk_dma_memory {
    void *memory;      /* where this program has it */
    seL4_Word address; /* where devices have it: physically contiguous from here */
    size_t bytes;      /* all of it: whole pages */
};

/*
 * Zeroed memory of this node of at least `bytes` bytes, whose address is a multiple of `alignment`,
 * a power of two; mapped for reading and writing, in pages of 2 MiB if it is as large as one.
 * False, with a null pointer, if `bytes` is 0, a number is more than CMK_DMA_MOST, `alignment` is
 * no power of two, or something is used up. The memory is never given back; what lies between
 * `bytes` and the next power of two is lost. Rules as for <cmk/resources.h>, whose untypeds and
 * slots it takes.
 */
bool cmk_dma_alloc(struct cmk_dma_memory *memory, size_t bytes, size_t alignment);

CMK_END_C

#endif
