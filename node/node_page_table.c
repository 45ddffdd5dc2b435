/*
 * The page table of one node: everything that its kernel can reach, and nothing of any other node
 * except its status page, to read (docs/memory-map.md); with manager=on node 0 may write those.
 * Built under the node's boot table, in the node's own memory, before there are C globals.
 */
#include <arch/memory.h>
#include <x86/layout.h>
#include <x86/page_walk.h>
#include <cluster/image.h>
#include <kernel/string.h>
#include <node/node.h>

struct builder {
    struct page_table_builder tables;
    word_t nx_bit;
};

static paddr_t take_page(void *memory)
{
    return allocate(memory, ABI_PAGE_BITS);
}

static void map(struct builder *b, word_t virtual, paddr_t physical, uint64_t bytes, word_t flags)
{
    page_tables_map(&b->tables, virtual, physical, bytes, flags);
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
    /* Node 0 clears the page of a node that it starts again. */
    word_t managed = cluster->manager && node == 0 ? PAGE_WRITABLE : 0;
    map(b, STATUS_PAGES, cluster->status_page,
        status_page_of(cluster, cluster->node_count) - cluster->status_page, managed | b->nx_bit);
    if (cluster->manager) {
        map(b, LIFE_PAGE, cluster->life_page, BIT(ABI_PAGE_BITS), managed | b->nx_bit);
    }
    map_console(b, plan->console_port);
}

void build_node_page_table(uint32_t node, struct boot_allocator *allocator, paddr_t node_state)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    const struct node_memory *memory = &global_state.node_memory[node];
    const struct cpu_features *features = &global_state.features;
    struct builder b = {
        .tables =
            {
                .pml4 = window(memory->root),
                /* No user mapping lies in the kernel half: what a CPU knows of it may stay. */
                .page_flags = features->global_pages ? PAGE_GLOBAL : 0,
                .largest_bits = features->huge_pages ? PDPT_ENTRY_BITS : DIRECTORY_ENTRY_BITS,
                .take_page = take_page,
                .memory = allocator,
            },
        .nx_bit = features->nx ? PAGE_EXECUTE_DISABLE : 0,
    };
    memset(b.tables.pml4, 0, BIT(ABI_PAGING_STRUCTURE_BITS));
    map_private_regions(&b, plan);
    map_image(&b);
    map(&b, NODE_STATE, node_state, linker_value(node_state_bytes), PAGE_WRITABLE | b.nx_bit);
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        map_cpu_block(&b, CPU_BLOCKS + ((word_t)i << CPU_BLOCK_SIZE_BITS),
                      memory->cpu_blocks + i * CPU_BLOCK_MEMORY_BYTES);
    }
    map_devices(&b, node);
}
