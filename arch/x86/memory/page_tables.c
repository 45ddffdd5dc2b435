/* Building page tables (x86/page_walk.h). */
#include <x86/page_walk.h>

/* The entry for `vaddr`; tables that are missing above it are made. Null: no memory left. */
static word_t *make_entry(struct page_table_builder *b, vaddr_t vaddr, unsigned entry_bits)
{
    word_t *entry;
    unsigned missing_bits = PML4_ENTRY_BITS, above;
    /* Each round makes a table, and there are three at most. */
    while ((entry = page_walk(b->pml4, vaddr, entry_bits, &missing_bits)) == NULL) {
        paddr_t table = b->take_page(b->memory);
        if (table == 0) {
            b->failed = true;
            return NULL;
        }
        entry_write(page_walk(b->pml4, vaddr, missing_bits, &above),
                    table | PAGE_PRESENT | PAGE_WRITABLE);
    }
    return entry;
}

static bool fits(vaddr_t vaddr, paddr_t physical, uint64_t bytes, unsigned page_bits)
{
    return IS_ALIGNED(vaddr | physical, page_bits) && bytes >= BIT(page_bits);
}

void page_tables_map(struct page_table_builder *b, vaddr_t vaddr, paddr_t physical, uint64_t bytes,
                     word_t flags)
{
    while (bytes > 0 && !b->failed) {
        unsigned bits = b->largest_bits;
        while (bits > TABLE_ENTRY_BITS && !fits(vaddr, physical, bytes, bits)) {
            bits -= TABLE_INDEX_BITS;
        }
        word_t *entry = make_entry(b, vaddr, bits);
        if (entry != NULL) {
            entry_write(entry, (physical & PAGE_ADDRESS) | flags | b->page_flags | PAGE_PRESENT |
                                   (bits > TABLE_ENTRY_BITS ? PAGE_IS_LARGE : 0));
        }
        vaddr += BIT(bits);
        physical += BIT(bits);
        bytes -= BIT(bits);
    }
}
