/*
 * The page table of one node: everything that its kernel can reach, and nothing of any other node
 * (docs/memory-map.md). Built under the boot page table, in the node's own memory; writes no C
 * global.
 */
#include <arch/memory.h>
#include <arch/x86/cpu.h>
#include <arch/x86/layout.h>
#include <arch/x86/paging.h>
#include <boot/machine/machine.h>
#include <cluster/image.h>
#include <kernel/string.h>

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

/* Maps [physical, physical + bytes) with the largest pages that fit; page-aligned. */
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
            *entry = physical | flags | PAGE_PRESENT | b->global_bit |
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

/*
 * One CPU's block: the pages of its memory in order, with guard pages as arch/x86/cpu.h lays them
 * out.
 */
static void map_cpu_block(struct builder *b, word_t block, paddr_t memory)
{
    static const struct {
        word_t offset, pages;
    } part[] = {
        {0, CPU_STRUCT_PAGES},
        {CPU_IDT_OFFSET, 1},
        {CPU_GDT_OFFSET, 1},
        {CPU_DOUBLE_FAULT_TOP - CPU_EXCEPTION_STACK_BYTES, 1},
        {CPU_NMI_TOP - CPU_EXCEPTION_STACK_BYTES, 1},
        {CPU_MACHINE_CHECK_TOP - CPU_EXCEPTION_STACK_BYTES, 1},
        {CPU_DEBUG_TOP - CPU_EXCEPTION_STACK_BYTES, 1},
        {-(word_t)CPU_STACK_BYTES, CPU_STACK_BYTES / 4096},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(part); i++) {
        map(b, block + part[i].offset, memory, part[i].pages * 4096ull, PAGE_WRITABLE | b->nx_bit);
        memory += part[i].pages * 4096ull;
    }
}

static void map_devices(struct builder *b, uint32_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *plan = &cluster->node[node];
    word_t device = PAGE_WRITABLE | PAGE_CACHE_DISABLE | PAGE_WRITE_THROUGH | b->nx_bit;
    map(b, LOCAL_APIC, global_state.apic_base, 4096, device);
    for (uint32_t i = 0; plan->all_devices && i < global_state.facts.io_apic_count; i++) {
        map(b, IO_APICS + i * 4096, global_state.facts.io_apic[i].base, 4096, device);
    }
    map(b, STATUS_PAGE, cluster->status_page + node * 4096ull, 4096, PAGE_WRITABLE | b->nx_bit);
    if (plan->console_port != CONSOLE_NONE) {
        static const uint16_t ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
        for (unsigned i = 0; i < ARRAY_LENGTH(ports); i++) {
            if (ports[i] == plan->console_port) {
                map(b, CONSOLE_PAGE, cluster->console_page + i * 4096ull, 4096,
                    PAGE_WRITABLE | b->nx_bit);
            }
        }
    }
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
