/*
 * The boot page table's window over RAM above 4 GiB, for images and tables of boot. start.asm
 * mapped the first 4 GiB. RAM is used up to 512 GiB (contract 9.1), so one page directory pointer
 * table covers all.
 */
#include <arch/memory.h>
#include <x86/page_walk.h>
#include <boot/machine/machine.h>
#include <cluster/image.h>

enum { GIB_BITS = 30, FIRST_GIB = 4, END_GIB = 512 };

static bool has_ram(const struct machine_facts *facts, unsigned gib)
{
    paddr_t start = (paddr_t)gib << GIB_BITS, end = start + BIT(GIB_BITS);
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        const struct memory_fact *m = &facts->memory[i];
        if (m->type == 1 && m->range.start < end && m->range.end > start) {
            return true;
        }
    }
    return false;
}

uint64_t boot_window_table_bytes(const struct machine_facts *facts, bool huge_pages)
{
    uint64_t bytes = 0;
    for (unsigned gib = FIRST_GIB; !huge_pages && gib < END_GIB; gib++) {
        bytes += has_ram(facts, gib) ? BIT(ABI_PAGE_BITS) : 0;
    }
    return bytes;
}

/* The next of the pages that boot_window_table_bytes() asked for. */
static paddr_t take_page(void *memory)
{
    paddr_t *next = memory, page = *next;
    *next += BIT(ABI_PAGE_BITS);
    return page;
}

void boot_window_extend(const struct machine_facts *facts, bool huge_pages, paddr_t pages)
{
    struct page_table_builder b = {
        .pml4 = boot_pml4,
        .largest_bits = huge_pages ? PDPT_ENTRY_BITS : DIRECTORY_ENTRY_BITS,
        .take_page = take_page,
        .memory = &pages,
    };
    for (unsigned gib = FIRST_GIB; gib < END_GIB; gib++) {
        if (has_ram(facts, gib)) {
            paddr_t start = (paddr_t)gib << GIB_BITS;
            page_tables_map(&b, (word_t)window(start), start, BIT(GIB_BITS), PAGE_WRITABLE);
        }
    }
}
