/*
 * Paging structures as the CPU reads them: 4-level paging, Intel SDM volume 3, section 4.5. The
 * bits are those of its tables 4-14 to 4-20.
 */
#ifndef TARGET_PAGING_H
#define TARGET_PAGING_H

#include <kernel/types.h>

#define PAGE_PRESENT         0x001
#define PAGE_WRITABLE        0x002 /* R/W */
#define PAGE_USER            0x004 /* U/S */
#define PAGE_WRITE_THROUGH   0x008 /* PWT */
#define PAGE_CACHE_DISABLE   0x010 /* PCD */
#define PAGE_ACCESSED        0x020
#define PAGE_IS_LARGE        0x080 /* PS: a page directory or PDPT entry that maps a page */
#define PAGE_SMALL_PAT       0x080 /* the PAT bit of a page table entry: where PS is one level up */
#define PAGE_GLOBAL          0x100
#define PAGE_LARGE_PAT       0x1000 /* the PAT bit of an entry that maps a large or huge page */
#define PAGE_EXECUTE_DISABLE 0x8000000000000000
#define PAGE_ADDRESS         0x000ffffffffff000

/*
 * log2 of the bytes that one entry covers, by the kind of table that holds it. A missing table is
 * reported to users by the same numbers (contract 4.9): 39 no PDPT, 30 no page directory, 21 no
 * page table.
 */
enum {
    PML4_ENTRY_BITS = 39,
    PDPT_ENTRY_BITS = 30,
    DIRECTORY_ENTRY_BITS = 21,
    TABLE_ENTRY_BITS = 12
};

enum {
    TABLE_INDEX_BITS = 9,
    TABLE_ENTRIES = 1 << TABLE_INDEX_BITS,
    KERNEL_HALF = 256 /* first PML4 slot of the kernel's half */
};

/*
 * Physical address of the node's own PML4: the kernel half, and nothing below. Node state: set
 * once, by boot, before the first PML4 object is made.
 */
extern paddr_t node_root;

static inline unsigned table_index(vaddr_t vaddr, unsigned entry_bits)
{
    return (unsigned)(vaddr >> entry_bits) % TABLE_ENTRIES;
}

static inline bool entry_is_present(word_t entry)
{
    return entry & PAGE_PRESENT;
}

/*
 * True if an entry in a table of the kind `entry_bits` maps a page rather than leading to the next
 * table.
 */
static inline bool entry_is_page(word_t entry, unsigned entry_bits)
{
    return entry_is_present(entry) && (entry_bits == TABLE_ENTRY_BITS ||
                                       (entry_bits != PML4_ENTRY_BITS && (entry & PAGE_IS_LARGE)));
}

static inline bool entry_is_table(word_t entry, unsigned entry_bits)
{
    return entry_is_present(entry) && !entry_is_page(entry, entry_bits);
}

/*
 * The same for entries that the kernel made in a table above page tables: it sets PS where a page
 * is mapped, and nowhere else.
 */
static inline bool entry_leads_on(word_t entry)
{
    return (entry & (PAGE_PRESENT | PAGE_IS_LARGE)) == PAGE_PRESENT;
}

/* The page's physical address: below it, large pages' entries hold attribute bits. */
static inline paddr_t entry_page_address(word_t entry, unsigned entry_bits)
{
    return ALIGN_DOWN(entry & PAGE_ADDRESS, entry_bits);
}

static inline paddr_t entry_table_address(word_t entry)
{
    return entry & PAGE_ADDRESS;
}

/*
 * Stores an entry. Page walks of CPUs that have the table loaded read it at any time, without the
 * lock: the store is one piece, and comes after the stores that cleared the table it leads to.
 */
static inline void entry_write(word_t *entry, word_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

#endif
