/*
 * Retypes and maps every device untyped that this node was given, and checks that none of them
 * reaches what no user may have: RAM of any node, shared regions, the page of every CPU's interrupt
 * registers, the IOAPIC. Pages are mapped and their addresses compared, but not touched: reading a
 * device may change it. Status 0 if everything was as it must be.
 */
#include "forbidden.h"

#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The most objects that one Retype makes. Regions of up to this many pages are mapped whole, larger
 * ones at both ends.
 */
#define BATCH 256

/* An untyped is split into halves until a page is left: never more often than this. */
#define MAX_SPLITS seL4_MaxUntypedBits

static seL4_CPtr page_slots;   /* BATCH of them */
static seL4_CPtr split_slots;  /* two for each split */
static seL4_Word small_window; /* addresses for BATCH pages of 4 KiB */
static seL4_Word large_window; /* and of 2 MiB */
static seL4_Word small_pages, large_pages, too_small, mistakes;

static void mistake(const char *what, seL4_Word paddr, seL4_Error error)
{
    mistakes++;
    printf("mistake: %s, at 0x%lx, error %d\n", what, paddr, (int)error);
}

static void delete_slots(seL4_CPtr first, seL4_Word count)
{
    for (seL4_Word i = 0; i < count; i++) {
        seL4_Error error = seL4_CNode_Delete(seL4_CapInitThreadCNode, first + i, seL4_WordBits);
        if (error != seL4_NoError) {
            mistake("a slot cannot be emptied", first + i, error);
        }
    }
}

/* One frame: its address is the expected one, it can be mapped, and unmapped again. */
static void check_page(seL4_CPtr frame, seL4_Word vaddr, seL4_Word paddr)
{
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(frame);
    if (address.error != seL4_NoError || address.paddr != paddr) {
        mistake("a frame has another address than its untyped says", paddr,
                (seL4_Error)address.error);
    }
    seL4_Error error = cmk_map_frame(frame, vaddr, seL4_ReadWrite, seL4_X86_Uncacheable);
    if (error != seL4_NoError) {
        mistake("a frame cannot be mapped", paddr, error);
        return;
    }
    error = seL4_X86_Page_Unmap(frame);
    if (error != seL4_NoError) {
        mistake("a frame cannot be unmapped", paddr, error);
    }
}

/*
 * All pages of an untyped of at most BATCH pages of 2^page_bits bytes; afterwards it has no
 * children.
 */
static void check_pages(seL4_CPtr untyped, seL4_Word paddr, seL4_Word size_bits,
                        seL4_Word page_bits)
{
    bool large = page_bits == seL4_LargePageBits;
    seL4_Word count = LIBSEL4_BIT(size_bits - page_bits);
    seL4_Error error = seL4_Untyped_Retype(untyped, large ? seL4_X86_LargePageObject : seL4_X86_4K,
                                           0, seL4_CapInitThreadCNode, 0, 0, page_slots, count);
    if (error != seL4_NoError) {
        mistake("a device untyped cannot become pages", paddr, error);
        return;
    }
    for (seL4_Word i = 0; i < count; i++) {
        check_page(page_slots + i, (large ? large_window : small_window) + (i << page_bits),
                   paddr + (i << page_bits));
    }
    delete_slots(page_slots, count);
    *(large ? &large_pages : &small_pages) += count;
}

/*
 * The lowest or the highest 2 MiB of a region too large to be mapped whole: halves it until one
 * page is left.
 */
static void check_end(seL4_CPtr untyped, seL4_Word paddr, seL4_Word size_bits, bool high)
{
    seL4_Word splits = 0;
    seL4_Word halves = high ? 2 : 1;

    while (size_bits > seL4_LargePageBits) {
        seL4_CPtr slots = split_slots + 2 * splits;
        seL4_Error error = seL4_Untyped_Retype(untyped, seL4_UntypedObject, size_bits - 1,
                                               seL4_CapInitThreadCNode, 0, 0, slots, halves);
        if (error != seL4_NoError) {
            mistake("a device untyped cannot be split", paddr, error);
            break;
        }
        size_bits--;
        splits++;
        untyped = slots + (high ? 1 : 0);
        paddr += high ? LIBSEL4_BIT(size_bits) : 0;
    }
    if (size_bits == seL4_LargePageBits) {
        check_pages(untyped, paddr, size_bits, seL4_LargePageBits);
    }
    for (; splits > 0; splits--) {
        delete_slots(split_slots + 2 * (splits - 1), halves);
    }
}

static void check_untyped(seL4_CPtr untyped, const seL4_UntypedDesc *region)
{
    const char *owner = forbidden_overlap(region->paddr, LIBSEL4_BIT(region->sizeBits));
    if (owner) {
        printf("0x%lx, %u bits, overlaps %s\n", region->paddr, region->sizeBits, owner);
        mistake("a device untyped covers what it must not", region->paddr, seL4_NoError);
    }
    if (region->sizeBits < seL4_PageBits) {
        too_small++;
    } else if (region->sizeBits < seL4_LargePageBits) {
        check_pages(untyped, region->paddr, region->sizeBits, seL4_PageBits);
    } else if (LIBSEL4_BIT(region->sizeBits - seL4_LargePageBits) <= BATCH) {
        check_pages(untyped, region->paddr, region->sizeBits, seL4_LargePageBits);
    } else {
        check_end(untyped, region->paddr, region->sizeBits, false);
        check_end(untyped, region->paddr, region->sizeBits, true);
    }
}

int main(void)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    seL4_Word devices = 0;

    page_slots = cmk_alloc_slots(BATCH);
    split_slots = cmk_alloc_slots(2 * MAX_SPLITS);
    small_window = cmk_alloc_addresses(BATCH << seL4_PageBits, seL4_LargePageBits);
    large_window = cmk_alloc_addresses((seL4_Word)BATCH << seL4_LargePageBits, seL4_HugePageBits);
    if (page_slots == 0 || split_slots == 0 || small_window == 0 || large_window == 0) {
        printf("too few slots or addresses\n");
        return EXIT_FAILURE;
    }

    forbidden_collect(boot_info);
    for (seL4_Word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        if (boot_info->untypedList[i].isDevice) {
            devices++;
            check_untyped(boot_info->untyped.start + i, &boot_info->untypedList[i]);
        }
    }
    printf("device untypeds: %lu, pages of 4 KiB: %lu, of 2 MiB: %lu, too small for a page: %lu, "
           "mistakes: %lu\n",
           devices, small_pages, large_pages, too_small, mistakes);
    return mistakes == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
