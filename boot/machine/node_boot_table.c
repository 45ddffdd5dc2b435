/*
 * The page table on which a node's CPUs arrive, and on which its first CPU builds the node
 * (node/boot_node.c): one for each node, below 4 GiB, in pages that no node maps. It maps what part
 * 2 needs, and nothing of any other node but its status page, to read; with manager=on the life
 * words and the node's own image store, to read, as well. The node state is not there: until a CPU
 * has loaded the node's own table there are no C variables.
 */
#include <arch/memory.h>
#include <x86/layout.h>
#include <x86/page_walk.h>
#include <boot/machine/machine.h>
#include <cluster/image.h>
#include <cluster/ranges.h>
#include <kernel/string.h>

/* The bounds are symbols, so that this is no constant. */
#define TEXT_TABLES                                                                                \
    (1 + ((linker_value(load_end) - 1) >> DIRECTORY_ENTRY_BITS) -                                  \
     (((word_t)text_start - KERNEL_IMAGE) >> DIRECTORY_ENTRY_BITS))
#define RECORD_TABLES (1 + ((linker_value(global_state_bytes) - 1) >> DIRECTORY_ENTRY_BITS))

enum {
    /* For the boot part at its own address: of each kind below the root, one. */
    IDENTITY_TABLES = 3,
    /* For the top 2 GiB: a page directory pointer table, and a page directory for each GiB. */
    TOP_TABLES = 3,
    STATUS_TABLES = 1,
};

_Static_assert((STATUS_PAGE ^ LIFE_PAGE) >> DIRECTORY_ENTRY_BITS == 0, "and it maps the life page");
_Static_assert((STATUS_PAGE ^ (STATUS_PAGES + (ABI_CMK_MAX_NODES << ABI_PAGE_BITS) - 1)) >>
                       DIRECTORY_ENTRY_BITS ==
                   0,
               "one page table maps all status pages");

uint64_t node_boot_table_bytes(void)
{
    return (1 + IDENTITY_TABLES + TOP_TABLES + TEXT_TABLES + RECORD_TABLES + STATUS_TABLES)
           << ABI_PAGE_BITS;
}

/* The next zeroed page of those that the plan has for boot tables. */
static paddr_t take_page(void *memory)
{
    struct range *free = memory;
    paddr_t page = free->start;
    if (range_bytes(*free) == 0) {
        return 0;
    }
    free->start += BIT(ABI_PAGE_BITS);
    memset(window(page), 0, BIT(ABI_PAGE_BITS));
    return page;
}

/* What the CPU runs and reads of the image, as in the node's own table, and the boot part. */
static void map_image(struct page_table_builder *b, word_t nx_bit)
{
    page_tables_map(b, linker_value(image_start), linker_value(image_start),
                    linker_value(boot_part_end) - linker_value(image_start), 0);
    page_tables_map(b, (word_t)text_start, (word_t)text_start - KERNEL_IMAGE,
                    (uint64_t)(text_end - text_start), 0);
    /* Read-only data and, after it, the template of the node state. */
    page_tables_map(b, (word_t)rodata_start, (word_t)rodata_start - KERNEL_IMAGE,
                    linker_value(load_end) - ((word_t)rodata_start - KERNEL_IMAGE), nx_bit);
    page_tables_map(b, GLOBAL_STATE, linker_value(global_state_physical),
                    linker_value(global_state_bytes), nx_bit);
}

static void map_node(struct page_table_builder *b, const struct cluster *cluster, uint32_t node,
                     word_t nx_bit)
{
    for (uint32_t i = 0; i < cluster->node[node].region_count; i++) {
        struct range r = cluster->node[node].region[i];
        page_tables_map(b, (word_t)window(r.start), r.start, range_bytes(r),
                        PAGE_WRITABLE | nx_bit);
    }
    page_tables_map(b, STATUS_PAGE, status_page_of(cluster, node), BIT(ABI_PAGE_BITS),
                    PAGE_WRITABLE | nx_bit);
    page_tables_map(b, STATUS_PAGES, cluster->status_page,
                    status_page_of(cluster, cluster->node_count) - cluster->status_page, nx_bit);
    if (cluster->manager) {
        struct range store = cluster->node[node].store;
        page_tables_map(b, LIFE_PAGE, cluster->life_page, BIT(ABI_PAGE_BITS), nx_bit);
        page_tables_map(b, (word_t)window(store.start), store.start, range_bytes(store), nx_bit);
    }
}

bool make_node_boot_tables(struct global_state *state)
{
    struct range free = state->cluster.boot_tables;
    word_t nx_bit = state->features.nx ? PAGE_EXECUTE_DISABLE : 0;
    for (uint32_t node = 0; node < state->cluster.node_count; node++) {
        paddr_t root = take_page(&free);
        struct page_table_builder b = {
            .pml4 = window(root),
            .largest_bits = state->features.huge_pages ? PDPT_ENTRY_BITS : DIRECTORY_ENTRY_BITS,
            .take_page = take_page,
            .memory = &free,
            .failed = root == 0,
        };
        if (root != 0) {
            map_image(&b, nx_bit);
            map_node(&b, &state->cluster, node, nx_bit);
        }
        if (b.failed) {
            boot_print("mistake: node %u: no page is left for its boot table", node);
            return false;
        }
        state->node_memory[node].boot_table = root;
    }
    return true;
}
