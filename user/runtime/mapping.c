/* <cmk/resources.h>: addresses and mappings. */
#include <cmk/resources.h>

/* Far above any image; 64 TiB of addresses in which nothing else is. */
#define FIRST_ADDRESS 0x0000100000000000ul
#define LAST_ADDRESS  0x0000500000000000ul

static seL4_Word next_address = FIRST_ADDRESS;

seL4_Word cmk_alloc_addresses(seL4_Word bytes, seL4_Word align_bits)
{
    seL4_Word page = LIBSEL4_BIT(seL4_PageBits);
    if (bytes > LAST_ADDRESS - FIRST_ADDRESS || align_bits > 46) {
        return 0;
    }
    seL4_Word mask = LIBSEL4_BIT(align_bits) - 1;
    seL4_Word start = (next_address + page + mask) & ~mask;
    if (start > LAST_ADDRESS - bytes) {
        return 0;
    }
    next_address = (start + bytes + page - 1) & ~(page - 1);
    return start;
}

/* Makes and maps the paging structure whose absence a map call reported (contract 4.9). */
static seL4_Error add_paging_structure(seL4_CPtr vspace, seL4_Word vaddr, seL4_Word missing_level)
{
    bool table = missing_level == SEL4_MAPPING_LOOKUP_NO_PT;
    bool directory = missing_level == SEL4_MAPPING_LOOKUP_NO_PD;
    seL4_CPtr structure = cmk_alloc_object(table       ? seL4_X86_PageTableObject
                                           : directory ? seL4_X86_PageDirectoryObject
                                                       : seL4_X86_PDPTObject,
                                           0);
    if (structure == 0) {
        return seL4_NotEnoughMemory;
    }
    if (table) {
        return seL4_X86_PageTable_Map(structure, vspace, vaddr, seL4_X86_Default_VMAttributes);
    }
    if (directory) {
        return seL4_X86_PageDirectory_Map(structure, vspace, vaddr, seL4_X86_Default_VMAttributes);
    }
    return seL4_X86_PDPT_Map(structure, vspace, vaddr, seL4_X86_Default_VMAttributes);
}

seL4_Error cmk_map_frame_in(seL4_CPtr vspace, seL4_CPtr frame, seL4_Word vaddr,
                            seL4_CapRights_t rights, seL4_X86_VMAttributes attributes)
{
    seL4_Error error = seL4_X86_Page_Map(frame, vspace, vaddr, rights, attributes);

    /* At most three levels can be missing, one after the other. */
    for (int level = 0; error == seL4_FailedLookup && level < 3; level++) {
        seL4_Word missing_level = seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL);
        seL4_Error added = add_paging_structure(vspace, vaddr, missing_level);
        if (added != seL4_NoError) {
            return added;
        }
        error = seL4_X86_Page_Map(frame, vspace, vaddr, rights, attributes);
    }
    return error;
}

seL4_Error cmk_map_frame(seL4_CPtr frame, seL4_Word vaddr, seL4_CapRights_t rights,
                         seL4_X86_VMAttributes attributes)
{
    return cmk_map_frame_in(seL4_CapInitThreadVSpace, frame, vaddr, rights, attributes);
}

void *cmk_map_frames(seL4_CPtr first_slot, seL4_Word count, seL4_Word frame_bits,
                     seL4_CapRights_t rights, seL4_X86_VMAttributes attributes)
{
    seL4_Word vaddr = cmk_alloc_addresses(count << frame_bits, frame_bits);
    if (vaddr == 0) {
        return NULL;
    }
    for (seL4_Word i = 0; i < count; i++) {
        if (cmk_map_frame(first_slot + i, vaddr + (i << frame_bits), rights, attributes) !=
            seL4_NoError) {
            return NULL;
        }
    }
    return (void *)vaddr;
}

void *cmk_alloc_pages(seL4_Word pages)
{
    seL4_CPtr first = cmk_alloc_slots(pages);
    if (first == 0 || cmk_retype(seL4_X86_4K, 0, pages, first) != seL4_NoError) {
        return NULL;
    }
    return cmk_map_frames(first, pages, seL4_PageBits, seL4_ReadWrite,
                          seL4_X86_Default_VMAttributes);
}
