/*
 * How much a node's kernel needs before the first user instruction: memory, memory in one piece,
 * and slots.
 */
#include <api/cluster.h>
#include <arch/cpu.h>
#include <boot/plan/planning.h>

/*
 * Tables for a mapping of `bytes` somewhere, in pages of 2^bits: all levels from the one that holds
 * them up to PDPTs.
 */
static uint64_t table_pages(uint64_t bytes, unsigned bits)
{
    uint64_t pages = 0;
    for (bits += 9; bits <= 39; bits += 9) {
        pages += (bytes >> bits) + 2; /* at both ends it may reach into one more */
    }
    return pages;
}

uint64_t node_set_aside_bytes(const struct node_plan *node)
{
    return (1 + (uint64_t)node->cpu_count * CPU_BLOCK_PAGES) << ABI_PAGE_BITS;
}

uint64_t node_kernel_bytes(const struct node_plan *node, uint64_t node_state_bytes)
{
    enum {
        PAGES_PER_CPU = CPU_BLOCK_PAGES + 1, /* and what the kernel keeps per CPU besides */
        FIXED_TABLES = 16,                   /* root, and the tables of the top 2 GiB */
        THREAD_PAGES =
            1 + 1 + 8 + 2 +
            1 /* IPC buffer, boot info, its extra chunks at their alignment, TCB and ASID pool,
                                            the VSpace's root */
    };
    uint64_t pages = FIXED_TABLES + THREAD_PAGES;
    pages += BIT(size_bits_for(node_state_bytes) - ABI_PAGE_BITS) +
             table_pages(node_state_bytes, ABI_PAGE_BITS);
    pages += (uint64_t)node->cpu_count * PAGES_PER_CPU + node->cpu_count / 16 + 1;
    for (uint32_t i = 0; i < node->region_count; i++) {
        /* 2 MiB pages, and a page table at each end. */
        pages += 2 + table_pages(range_bytes(node->region[i]), ABI_LARGE_PAGE_BITS);
    }
    pages +=
        table_pages(range_bytes(node->image) + (ELF_PAGES_ABOVE << ABI_PAGE_BITS), ABI_PAGE_BITS);
    /* The root CNode, and as much again for its alignment. */
    return (pages << ABI_PAGE_BITS) + 2 * BIT(node->cnode_bits + ABI_SLOT_BITS);
}

/* What takes slots of a node's root CNode while the node boots. */
struct slots {
    uint64_t image;  /* pages */
    uint64_t shared; /* frames of 2 MiB */
    uint64_t others;
};

static struct slots count_slots(const struct planning *planning, uint32_t node)
{
    const struct configuration *configuration = planning->configuration;
    uint64_t image_bytes = range_bytes(planning->cluster->node[node].image);
    struct slots slots = {
        .image = image_bytes >> ABI_PAGE_BITS,
        .shared = ALIGN_UP(configuration->shared_bytes, ABI_LARGE_PAGE_BITS) >> ABI_LARGE_PAGE_BITS,
        .others = 16 + ELF_PAGES_ABOVE + table_pages(image_bytes, ABI_PAGE_BITS) +
                  ABI_BOOT_INFO_UNTYPEDS + 2 + planning->cluster->manager + CMK_BOOT_LOG_FRAMES +
                  planning->cluster->node_count,
    };
    for (uint32_t i = 0; i < configuration->channel_count; i++) {
        const struct channel_configuration *channel = &configuration->channel[i];
        if (channel->node[0] == node || channel->node[1] == node) {
            slots.shared += ALIGN_UP(channel->bytes, ABI_LARGE_PAGE_BITS) >> ABI_LARGE_PAGE_BITS;
        }
    }
    return slots;
}

/* As seL4's, or larger: at least as many slots as are taken stay free, up to SPARE_SLOTS. */
static unsigned choose_cnode_bits(uint64_t taken)
{
    enum { SPARE_SLOTS = 4096 };
    unsigned bits = ABI_ROOT_CNODE_BITS;
    while (bits < GREATEST_CNODE_BITS && BIT(bits) < taken + MIN(taken, SPARE_SLOTS)) {
        bits++;
    }
    return bits;
}

void plan_cnodes(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_configuration *configuration = &planning->configuration->node[node];
        struct slots slots = count_slots(planning, node);
        uint64_t taken = slots.image + slots.shared + slots.others;
        unsigned bits =
            configuration->cnode_bits != 0 ? configuration->cnode_bits : choose_cnode_bits(taken);
        char shown[SHOWN_BYTES];
        planning->cluster->node[node].cnode_bits = (uint8_t)bits;
        if (taken > BIT(bits)) {
            const char *word = configuration->cnode_word;
            mistake(&planning->complaints,
                    "%s%snode %u: %lu image and data pages, %lu shared frames and %lu others do "
                    "not fit into a root CNode of %lu slots",
                    word != NULL ? show_word(word, shown) : "", word != NULL ? ": " : "", node,
                    (unsigned long)slots.image, (unsigned long)slots.shared,
                    (unsigned long)slots.others, (unsigned long)BIT(bits));
        }
    }
}

/* As boot's allocator takes it. */
static bool take_from_top(struct range_list *list, uint64_t bytes, unsigned align_bits)
{
    struct range place;
    bool found = range_list_find_top(list, bytes, align_bits, &place);
    if (found) {
        range_list_remove(list, place);
    }
    return found;
}

void check_pieces(struct planning *planning)
{
    const unsigned state_bits = size_bits_for(planning->facts->node_state_bytes);
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_plan *plan = &planning->cluster->node[node];
        const unsigned cnode_bits = plan->cnode_bits + ABI_SLOT_BITS;
        struct range room[MAX_NODE_REGIONS + 4]; /* each piece that is taken may split a range */
        struct range_list free = {room, 0, ARRAY_LENGTH(room)};
        for (uint32_t i = 0; i < plan->region_count; i++) {
            range_list_add(&free, plan->region[i]);
        }
        range_list_remove(&free, plan->image);
        if (!take_from_top(&free, node_set_aside_bytes(plan), ABI_PAGE_BITS) ||
            !take_from_top(&free, BIT(state_bits), state_bits) ||
            !take_from_top(&free, BIT(cnode_bits), cnode_bits)) {
            mistake(&planning->complaints,
                    "node %u: its memory is in too many small pieces for its kernel", node);
        }
    }
}
