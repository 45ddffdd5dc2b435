/* What malloc's heap grows by: frames from the node's untypeds, through <cmk/resources.h>. */
#include "heap.h"
#include "runtime.h"

#include <cmk/resources.h>

/* Small requests are rounded up to this. */
#define LEAST_BYTES (64 * 1024ul)

/* A table maps so many frames, or tables of the level below. */
#define TABLE_ENTRIES 512

static bool growth_refused;

void cmk_heap_keeps_its_size(void)
{
    growth_refused = true;
}

/* As many frames as can be had next to each other, of at most `count`. */
static void *map_new_frames(seL4_Word type, seL4_Word frame_bits, seL4_Word count, size_t *got)
{
    seL4_Word start = cmk_alloc_addresses(count << frame_bits, frame_bits);
    seL4_Word mapped = 0;

    while (start != 0 && mapped < count) {
        seL4_CPtr frame = cmk_alloc_object(type, 0);
        if (frame == 0 || cmk_map_frame(frame, start + (mapped << frame_bits), seL4_ReadWrite,
                                        seL4_X86_Default_VMAttributes) != seL4_NoError) {
            break;
        }
        mapped++;
    }
    *got = mapped << frame_bits;
    return mapped > 0 ? (void *)start : NULL;
}

/*
 * Large frames, because a slot for every 4 KiB would use up the slots long before the memory; one
 * stays for other objects. Without room for them, small ones. Nothing is made unless all of it has
 * room: a request that is too large must not eat the memory that smaller ones still find.
 */
void *heap_memory(size_t bytes, size_t *got)
{
    seL4_Word wanted = bytes > LEAST_BYTES ? bytes : LEAST_BYTES;
    seL4_Word large = (wanted + LIBSEL4_BIT(seL4_LargePageBits) - 1) >> seL4_LargePageBits;
    seL4_Word small = (wanted + LIBSEL4_BIT(seL4_PageBits) - 1) >> seL4_PageBits;
    seL4_Word tables = 3 + small / TABLE_ENTRIES; /* one more of each level, and full page tables */

    if (growth_refused) {
        return NULL;
    }
    if (resources_room(seL4_LargePageBits) > large && resources_slots() > large + tables) {
        return map_new_frames(seL4_X86_LargePageObject, seL4_LargePageBits, large, got);
    }
    if (resources_room(seL4_PageBits) >= small + tables && resources_slots() >= small + tables) {
        return map_new_frames(seL4_X86_4K, seL4_PageBits, small, got);
    }
    return NULL;
}
