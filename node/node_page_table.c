/*
 * The page table of one node: everything that its kernel can reach, and nothing of any other node
 * (docs/memory-map.md). Built under the boot page table, in the node's own memory; writes no C
 * global.
 */
#include <arch/memory.h>
#include <arch/cpu.h>
#include <x86/layout.h>
#include <target/paging.h>
#include <cluster/image.h>
#include <kernel/string.h>
#include <node/node.h>

enum { LEVEL_PAGE_TABLE, LEVEL_DIRECTORY, LEVEL_PDPT, LEVEL_PML4 };

struct builder {
    word_t *root;
    struct boot_allocator *allocator;
    word_t
        global_bit; /* PAGE_GLOBAL where the CPU has it: no user mapping lies in the kernel half */
    word_t nx_bit;
    bool huge_pages;
};

static unsigned entry_index(word_t virtual, unsigned level)
{
    return virtual >> (ABI_PAGE_BITS + 9 * level) & 511;
}

/*
 * The entry for `virtual` at `level`, making the tables above it. Null when the node has no memory
 * for them.
 */
static word_t *entry_at(struct builder *b, word_t virtual, unsigned level)
{
    word_t *table = b->root;
    for (unsigned l = LEVEL_PML4; l > level; l--) {
        word_t *entry = &table[entry_index(virtual, l)];
        if (!(*entry & PAGE_PRESENT)) {
            paddr_t page = allocate(b->allocator, ABI_PAGE_BITS);
            if (page == 0) {
                return NULL;
            }
            *entry = page | PAGE_PRESENT | PAGE_WRITABLE;
        }
        table = window(*entry & PAGE_ADDRESS);
    }
    return &table[entry_index(virtual, level)];
}

/*
 * Maps [physical, physical + bytes) with the largest pages that fit; page-aligned. Bits of an
 * address that would be flags, or are no address bits, do not get into an entry.
 */
static void map(struct builder *b, word_t virtual, paddr_t physical, uint64_t bytes, word_t flags)
{
    while (bytes > 0 && !b->allocator->failed) {
        unsigned level = b->huge_pages ? LEVEL_PDPT : LEVEL_DIRECTORY;
        while (level > LEVEL_PAGE_TABLE &&
               (!IS_ALIGNED(virtual | physical, ABI_PAGE_BITS + 9 * level) ||
                bytes < BIT(ABI_PAGE_BITS + 9 * level))) {
            level--;
        }
        word_t *entry = entry_at(b, virtual, level);
        if (entry != NULL) {
            *entry = (physical & PAGE_ADDRESS) | flags | PAGE_PRESENT | b->global_bit |
                     (level > LEVEL_PAGE_TABLE ? PAGE_IS_LARGE : 0);
        }
        uint64_t step = BIT(ABI_PAGE_BITS + 9 * level);
        virtual += step;
        physical += step;
        bytes -= step;
    }
}

static void map_private_regions(struct builder *b, const struct node_plan *plan)
{
    for (uint32_t i = 0; i < plan->region_count; i++) {
        struct range r = plan->region[i];
        map(b, (word_t)window(r.start), r.start, r.end - r.start, PAGE_WRITABLE | b->nx_bit);
    }
}

static void map_image(struct builder *b)
{
    map(b, (word_t)text_start, (word_t)text_start - KERNEL_IMAGE, (uint64_t)(text_end - text_start),
        0);
    map(b, (word_t)rodata_start, (word_t)rodata_start - KERNEL_IMAGE,
        (uint64_t)(rodata_end - rodata_start), b->nx_bit);
    map(b, GLOBAL_STATE, linker_value(global_state_physical), linker_value(global_state_bytes),
        b->nx_bit);
}

/* One CPU's block: its memory in one piece, at the addresses of its parts. */
static void map_cpu_block(struct builder *b, word_t block, paddr_t memory)
{
#define PART(offset, pages) {(word_t)(int64_t)(offset), (pages)},
    static const struct {
        word_t offset, pages;
    } part[] = {CPU_BLOCK_PARTS(PART)};
#undef PART
    for (unsigned i = 0; i < ARRAY_LENGTH(part); i++) {
        uint64_t bytes = part[i].pages << ABI_PAGE_BITS;
        map(b, block + part[i].offset, memory, bytes, PAGE_WRITABLE | b->nx_bit);
        memory += bytes;
    }
}

static void map_page(struct builder *b, word_t virtual, paddr_t physical, word_t flags)
{
    map(b, virtual, physical, BIT(ABI_PAGE_BITS), flags | PAGE_WRITABLE | b->nx_bit);
}

static void map_console(struct builder *b, uint16_t port)
{
    for (unsigned i = 0; i < CONSOLES; i++) {
        if (console_ports[i] == port) {
            paddr_t page = global_state.cluster.console_page + i * BIT(ABI_PAGE_BITS);
            map_page(b, CONSOLE_PAGE, page, 0);
        }
    }
}

static void map_devices(struct builder *b, uint32_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *plan = &cluster->node[node];
    word_t uncached = PAGE_CACHE_DISABLE | PAGE_WRITE_THROUGH;
    map_page(b, LOCAL_APIC, global_state.apic_base, uncached);
    for (uint32_t i = 0; plan->all_devices && i < global_state.io_apic_count; i++) {
        paddr_t page = ALIGN_DOWN(global_state.io_apic[i].base, ABI_PAGE_BITS);
        map_page(b, IO_APICS + i * BIT(ABI_PAGE_BITS), page, uncached);
    }
    map_page(b, STATUS_PAGE, status_page_of(cluster, node), 0);
    map_console(b, plan->console_port);
}

void build_node_page_table(uint32_t node, struct boot_allocator *allocator, paddr_t node_state)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    const struct node_memory *memory = &global_state.node_memory[node];
    struct builder b = {
        .root = window(memory->root),
        .allocator = allocator,
        .global_bit = global_state.features.global_pages ? PAGE_GLOBAL : 0,
        .nx_bit = global_state.features.nx ? PAGE_EXECUTE_DISABLE : 0,
        .huge_pages = global_state.features.huge_pages,
    };
    memset(b.root, 0, 4096);
    map_private_regions(&b, plan);
    map_image(&b);
    map(&b, NODE_STATE, node_state, linker_value(node_state_bytes), PAGE_WRITABLE | b.nx_bit);
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        map_cpu_block(&b, CPU_BLOCKS + ((word_t)i << CPU_BLOCK_SIZE_BITS),
                      memory->cpu_blocks + i * CPU_BLOCK_MEMORY_BYTES);
    }
    map_devices(&b, node);
}
