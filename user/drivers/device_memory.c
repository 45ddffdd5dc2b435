/*
 * <drivers/device_memory.h>. A device untyped gives its pages in ascending order only, so to get
 * one page in the middle untypeds are halved until a page is left; the halves stay in a table for
 * the next request.
 */
#include <cmk/resources.h>
#include <drivers/device_memory.h>

#define MAX_PIECES 1024
#define MAX_PAGES  256
#define PAGE       LIBSEL4_BIT(seL4_PageBits)

/* Untypeds that were not retyped yet: at first those of boot info, then halves of them. */
static struct piece {
    seL4_CPtr untyped;
    seL4_Word paddr;
    seL4_Word bits;
} pieces[MAX_PIECES];
static unsigned piece_count;

/* Pages that were made. A frame capability maps once, so each further mapping needs a copy. */
static struct page {
    seL4_CPtr frame;
    seL4_Word paddr;
} pages[MAX_PAGES];
static unsigned page_count;

static void find_pieces(void)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    seL4_Word count = boot_info->untyped.end - boot_info->untyped.start;
    if (piece_count > 0) {
        return;
    }
    for (seL4_Word i = 0; i < count && piece_count < MAX_PIECES; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        if (untyped->isDevice && untyped->sizeBits >= seL4_PageBits) {
            pieces[piece_count++] =
                (struct piece){boot_info->untyped.start + i, untyped->paddr, untyped->sizeBits};
        }
    }
}

static struct piece *find_piece(seL4_Word paddr)
{
    for (unsigned i = 0; i < piece_count; i++) {
        if (paddr >= pieces[i].paddr && paddr - pieces[i].paddr < LIBSEL4_BIT(pieces[i].bits)) {
            return &pieces[i];
        }
    }
    return NULL;
}

/* Replaces *piece by the half of it that has `paddr`, and adds the other half. */
static bool halve(struct piece *piece, seL4_Word paddr)
{
    seL4_CPtr slots = cmk_alloc_slots(2);
    if (slots == 0 || piece_count == MAX_PIECES) {
        return false;
    }
    seL4_Word bits = piece->bits - 1;
    if (seL4_Untyped_Retype(piece->untyped, seL4_UntypedObject, bits, seL4_CapInitThreadCNode, 0, 0,
                            slots, 2) != seL4_NoError) {
        return false;
    }
    struct piece low = {slots, piece->paddr, bits};
    struct piece high = {slots + 1, piece->paddr + LIBSEL4_BIT(bits), bits};
    bool is_high = paddr >= high.paddr;
    *piece = is_high ? high : low;
    pieces[piece_count++] = is_high ? low : high;
    return true;
}

static seL4_CPtr make_page(seL4_Word paddr)
{
    struct piece *piece = find_piece(paddr);
    if (!piece || page_count == MAX_PAGES) {
        return 0;
    }
    while (piece->bits > seL4_PageBits) { /* at most 47 - 12 times */
        if (!halve(piece, paddr)) {
            return 0;
        }
    }
    seL4_CPtr frame = cmk_alloc_slot();
    if (frame == 0 || seL4_Untyped_Retype(piece->untyped, seL4_X86_4K, 0, seL4_CapInitThreadCNode,
                                          0, 0, frame, 1) != seL4_NoError) {
        return 0;
    }
    *piece = pieces[--piece_count];
    pages[page_count++] = (struct page){frame, paddr};
    return frame;
}

/* A frame capability for the page that is not mapped yet. */
static seL4_CPtr page_frame(seL4_Word paddr)
{
    for (unsigned i = 0; i < page_count; i++) {
        if (pages[i].paddr == paddr) {
            seL4_CPtr copy = cmk_alloc_slot();
            return copy != 0 && seL4_CNode_Copy(seL4_CapInitThreadCNode, copy, seL4_WordBits,
                                                seL4_CapInitThreadCNode, pages[i].frame,
                                                seL4_WordBits, seL4_AllRights) == seL4_NoError
                       ? copy
                       : 0;
        }
    }
    return make_page(paddr);
}

volatile void *device_map(seL4_Word paddr, seL4_Word bytes)
{
    seL4_Word first = paddr & ~(PAGE - 1);
    if (bytes == 0 || bytes > MAX_PAGES * PAGE || paddr > ~(seL4_Word)0 - bytes - PAGE) {
        return NULL;
    }
    seL4_Word count = (paddr + bytes - first + PAGE - 1) / PAGE;
    seL4_Word vaddr = cmk_alloc_addresses(count * PAGE, seL4_PageBits);
    if (vaddr == 0) {
        return NULL;
    }
    find_pieces();
    for (seL4_Word i = 0; i < count; i++) {
        seL4_CPtr frame = page_frame(first + i * PAGE);
        if (frame == 0 || cmk_map_frame(frame, vaddr + i * PAGE, seL4_ReadWrite,
                                        seL4_X86_Uncacheable) != seL4_NoError) {
            return NULL;
        }
    }
    return (volatile void *)(vaddr + (paddr - first));
}
