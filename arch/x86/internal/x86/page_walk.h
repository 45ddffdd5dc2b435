/*
 * Walking page tables, and building them: one code for the boot page table, the nodes' own, and the
 * VSpaces of users. All tables are reached through the window (arch/memory.h).
 */
#ifndef X86_PAGE_WALK_H
#define X86_PAGE_WALK_H

#include <arch/memory.h>
#include <target/paging.h>

/*
 * The entry for `vaddr` in the table of kind `entry_bits` (PML4_ENTRY_BITS and so on) below `pml4`.
 * Null: on the way a table is missing, or a page is in its place; *missing_bits is then the kind of
 * table that should lead on and does not. At most three steps. Where `entry_bits` is a constant,
 * this becomes straight code.
 */
ALWAYS_INLINE word_t *page_walk(word_t *pml4, vaddr_t vaddr, unsigned entry_bits,
                                unsigned *missing_bits)
{
    word_t *table = pml4;
#pragma GCC unroll 3
    for (unsigned bits = PML4_ENTRY_BITS; bits > entry_bits; bits -= TABLE_INDEX_BITS) {
        const word_t *entry = &table[table_index(vaddr, bits)];
        if (!entry_leads_on(*entry)) {
            *missing_bits = bits;
            return NULL;
        }
        table = window(entry_table_address(*entry));
    }
    word_t *entry = &table[table_index(vaddr, entry_bits)];
    if (entry == NULL) {
        __builtin_unreachable(); /* so that callers test only what was missing */
    }
    return entry;
}

/* Page tables that are not loaded by any CPU yet, or only grow. */
struct page_table_builder {
    word_t *pml4;
    word_t page_flags;     /* that every entry for a page has, besides those of its range */
    unsigned largest_bits; /* PDPT_ENTRY_BITS if the CPU has huge pages, or DIRECTORY_ENTRY_BITS */
    bool failed;           /* a table could not be made: what was mapped since is incomplete */
    paddr_t (*take_page)(void *memory); /* zeroed memory for a table; 0: none left */
    void *memory;                       /* what `take_page` gets */
};

/*
 * Maps [physical, physical + bytes), all of whole small pages, with the largest pages that fit,
 * making the tables on the way; nothing may be mapped there before. Bits of `physical` that are no
 * address bits do not get into an entry. Time: one walk for each page.
 */
void page_tables_map(struct page_table_builder *b, vaddr_t vaddr, paddr_t physical, uint64_t bytes,
                     word_t flags);

#endif
