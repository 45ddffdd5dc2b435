/* From facts and a command line to the plan of a cluster: the order of the steps. */
#include <boot/planning.h>
#include <kernel/format.h>
#include <kernel/string.h>

const char *show_size(uint64_t bytes, char shown[static SIZE_BYTES])
{
    static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    unsigned i = 0;
    uint64_t whole, tenths;

    while (i + 1 < ARRAY_LENGTH(unit) && bytes >> 10 * i >= 1024) {
        i++;
    }
    whole = bytes >> 10 * i;
    tenths = i == 0 ? 0 : ((bytes >> 10 * (i - 1)) % 1024) * 10 / 1024;
    if (tenths == 0) {
        format_line(shown, SIZE_BYTES, "%lu %s", (unsigned long)whole, unit[i]);
    } else {
        format_line(shown, SIZE_BYTES, "%lu.%lu %s", (unsigned long)whole, (unsigned long)tenths, unit[i]);
    }
    return shown;
}

/* Tables for a mapping of `bytes` somewhere, in pages of 2^bits: all levels from the one that holds them up to PDPTs. */
static uint64_t table_pages(uint64_t bytes, unsigned bits)
{
    uint64_t pages = 0;

    for (bits += 9; bits <= 39; bits += 9) {
        pages += (bytes >> bits) + 2; /* at both ends it may reach into one more */
    }
    return pages;
}

uint64_t node_kernel_bytes(const struct node_plan *node, uint64_t node_state_bytes)
{
    enum {
        CPU_PAGES = 14 + 1,    /* the CPU block (arch/x86/cpu.h), and what the kernel keeps per CPU besides */
        FIXED_TABLES = 16,     /* root, and the tables of the top 2 GiB */
        THREAD_PAGES = 1 + 1 + 8 + 2 + 1 /* IPC buffer, boot info, its extra chunks at their alignment, TCB and ASID pool,
                                            the VSpace's root */
    };
    uint64_t pages = FIXED_TABLES + THREAD_PAGES;

    pages += (node_state_bytes >> ABI_PAGE_BITS) + 1 + table_pages(node_state_bytes, ABI_PAGE_BITS);
    pages += (uint64_t)node->cpu_count * CPU_PAGES + node->cpu_count / 16 + 1;
    for (uint32_t i = 0; i < node->region_count; i++) {
        /* 2 MiB pages, but for a page table at each end. */
        pages += 2 + table_pages(range_bytes(node->region[i]), ABI_LARGE_PAGE_BITS);
    }
    pages += table_pages(range_bytes(node->image) + (ELF_PAGES_BEHIND << ABI_PAGE_BITS), ABI_PAGE_BITS);
    /* The root CNode, and as much again for its alignment. */
    return (pages << ABI_PAGE_BITS) + 2 * BIT(ABI_ROOT_CNODE_BITS + ABI_SLOT_BITS);
}

/* Boot fills the root CNode: every page of the image, every shared frame and every untyped takes a slot. */
static void check_slots(struct planning *planning)
{
    const struct cluster *cluster = planning->cluster;
    const uint64_t all = BIT(ABI_ROOT_CNODE_BITS);

    for (uint32_t node = 0; node < cluster->node_count; node++) {
        const struct node_plan *plan = &cluster->node[node];
        uint64_t image = range_bytes(plan->image) >> ABI_PAGE_BITS;
        uint64_t frames = range_bytes(cluster->shared) >> ABI_LARGE_PAGE_BITS;
        uint64_t others = 16 + ELF_PAGES_BEHIND + table_pages(range_bytes(plan->image), ABI_PAGE_BITS) +
                          ABI_BOOT_INFO_UNTYPEDS + 2 + cluster->node_count;

        for (uint32_t i = 0; i < cluster->channel_count; i++) {
            if (cluster->channel[i].node[0] == node || cluster->channel[i].node[1] == node) {
                frames += range_bytes(cluster->channel[i].range) >> ABI_LARGE_PAGE_BITS;
            }
        }
        if (image + frames + others > all) {
            mistake(&planning->complaints, "node %u: %lu image pages and %lu shared frames do not fit into a root CNode of "
                    "%lu slots, of which %lu are taken", node, (unsigned long)image, (unsigned long)frames,
                    (unsigned long)all, (unsigned long)others);
        }
    }
}

/* Words about nodes that do not exist. */
static void check_node_words(struct planning *planning)
{
    uint32_t count = planning->cluster->node_count;

    for (uint32_t node = count; node < ABI_CMK_MAX_NODES; node++) {
        const struct node_configuration *configuration = &planning->configuration->node[node];
        const char *words[] = { configuration->cpus_word, configuration->mem_word, configuration->console_word,
                                configuration->devices_word };
        char shown[SHOWN_BYTES];

        for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
            if (words[i] != NULL) {
                mistake(&planning->complaints, "%s: there is no node %u (%u node%s)", show_word(words[i], shown), node,
                        count, count == 1 ? "" : "s");
            }
        }
    }
}

static void copy_switches(const struct configuration *configuration, struct cluster *cluster)
{
    cluster->plan_only = configuration->plan_only;
    cluster->checks = configuration->checks;
    cluster->balance = configuration->balance;
    cluster->fastpath = configuration->fastpath;
}

unsigned plan_cluster(const struct machine_facts *facts, struct cluster *cluster, complain_function *complain, void *context)
{
    /* Too large for the stack. Boot runs this once, on one CPU. */
    static struct configuration configuration;
    static struct range_list available;
    struct planning planning = {
        .facts = facts,
        .cluster = cluster,
        .configuration = &configuration,
        .complaints = { .complain = complain, .context = context },
        .available = &available
    };

    memset(cluster, 0, sizeof *cluster);
    usable_memory(facts, &available);
    read_configuration(facts, &configuration, &planning.complaints);
    copy_switches(&configuration, cluster);
    plan_cpus(&planning);
    if (cluster->node_count > 0) {
        check_node_words(&planning);
        plan_devices(&planning);
    }
    plan_images(&planning);
    if (planning.nodes_known) {
        plan_memory(&planning);
        check_slots(&planning);
    }
    if (planning.complaints.count == 0) {
        place_images(&planning);
    }
    return planning.complaints.count;
}
