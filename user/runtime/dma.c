/* <cmk/dma.h>: an untyped for each piece, since one is contiguous and aligned to its size. */
#include <cmk/dma.h>
#include <cmk/resources.h>

enum { MOST_AT_ONCE = 256 }; /* frames that one Retype makes (contract 4.6) */

static bool is_possible(size_t bytes, size_t alignment)
{
    return bytes != 0 && bytes <= CMK_DMA_MOST && alignment != 0 && alignment <= CMK_DMA_MOST &&
           (alignment & (alignment - 1)) == 0;
}

static seL4_Word bits_for(size_t bytes)
{
    seL4_Word bits = seL4_PageBits;
    while (LIBSEL4_BIT(bits) < bytes) {
        bits++;
    }
    return bits;
}

/* Frames of a fresh untyped lie one after the other. */
static bool make_frames(seL4_CPtr untyped, seL4_Word type, seL4_CPtr first_slot, seL4_Word count)
{
    for (seL4_Word done = 0; done < count;) {
        seL4_Word now = count - done < MOST_AT_ONCE ? count - done : MOST_AT_ONCE;
        if (seL4_Untyped_Retype(untyped, type, 0, seL4_CapInitThreadCNode, 0, 0, first_slot + done,
                                now) != seL4_NoError) {
            return false;
        }
        done += now;
    }
    return true;
}

bool cmk_dma_alloc(struct cmk_dma_memory *memory, size_t bytes, size_t alignment)
{
    *memory = (struct cmk_dma_memory){0};
    if (!is_possible(bytes, alignment)) {
        return false;
    }
    seL4_Word bits = bits_for(bytes > alignment ? bytes : alignment);
    bool is_large = bytes >= LIBSEL4_BIT(seL4_LargePageBits);
    seL4_Word page_bits = is_large ? seL4_LargePageBits : seL4_PageBits;
    seL4_Word count = (bytes + LIBSEL4_BIT(page_bits) - 1) >> page_bits;
    seL4_CPtr frames = cmk_alloc_slots(count);
    seL4_CPtr untyped = frames != 0 ? cmk_alloc_object(seL4_UntypedObject, bits) : 0;
    if (untyped == 0 ||
        !make_frames(untyped, is_large ? seL4_X86_LargePageObject : seL4_X86_4K, frames, count)) {
        return false;
    }
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(frames);
    memory->memory = address.error != seL4_NoError
                         ? NULL
                         : cmk_map_frames(frames, count, page_bits, seL4_ReadWrite,
                                          seL4_X86_Default_VMAttributes);
    memory->address = memory->memory ? address.paddr : 0;
    memory->bytes = memory->memory ? count << page_bits : 0;
    return memory->memory != NULL;
}
