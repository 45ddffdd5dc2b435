/* The tables of DMA remapping: root, context and second-level tables. */
#include <boot/plan/iommu.h>
#include <cluster/ranges.h>

enum { PAGE_BITS = 12, LARGE_BITS = 21, HUGE_BITS = 30, TABLE_BITS = 39, TABLE_SHIFT = 9 };

enum {
    ENTRIES = 512,
    /* Root and context entries: two words each. */
    PRESENT = 1,
    CONTEXT_DOMAIN_SHIFT = 8, /* in the second word; below it the number of levels, less 2 */
    /* Second-level entries. */
    READ_WRITE = 3,
    IS_LARGE = 1 << 7
};

#define ENTRY_ADDRESS 0x000ffffffffff000

static uint64_t *table_at(const struct iommu_tables *tables, paddr_t address)
{
    return tables->window + (address - tables->place.start) / sizeof(uint64_t);
}

/* 0: there is no room. */
static paddr_t take_page(struct iommu_tables *tables)
{
    paddr_t page = tables->next;
    if (page + BIT(PAGE_BITS) > tables->place.end) {
        return 0;
    }
    tables->next += BIT(PAGE_BITS);
    return page;
}

/* The table that an entry leads to, made if there is none. 0: there is no room. */
static paddr_t table_below(struct iommu_tables *tables, uint64_t *entry, uint64_t flags)
{
    if (*entry == 0) {
        paddr_t page = take_page(tables);
        *entry = page == 0 ? 0 : page | flags;
    }
    return *entry & ENTRY_ADDRESS;
}

/*
 * Maps the first page of `range`, as large a one as it can be, in the table of three levels
 * `table`. What is mapped already stays. Returns where the next page begins; 0: there is no room.
 */
static paddr_t map_page(struct iommu_tables *tables, paddr_t table, struct range range)
{
    const struct iommu_plan *plan = iommu_plan();
    const bool may_be_leaf[] = {true, plan->large_pages, plan->huge_pages};
    for (unsigned level = 2;; level--) {
        unsigned bits = PAGE_BITS + TABLE_SHIFT * level;
        uint64_t *entry = table_at(tables, table) + (range.start >> bits) % ENTRIES;
        bool fits = IS_ALIGNED(range.start, bits) && range_bytes(range) >= BIT(bits);
        if (*entry == 0 && fits && may_be_leaf[level]) {
            *entry = range.start | READ_WRITE | (level > 0 ? IS_LARGE : 0);
        }
        if (level == 0 || (*entry & IS_LARGE)) {
            return ALIGN_DOWN(range.start, bits) + BIT(bits);
        }
        table = table_below(tables, entry, READ_WRITE);
        if (table == 0) {
            return 0;
        }
    }
}

static bool map_range(struct iommu_tables *tables, paddr_t table, struct range range)
{
    while (range.start < range.end) {
        range.start = map_page(tables, table, range);
        if (range.start == 0) {
            return false;
        }
    }
    return true;
}

/* All that the node's functions may reach. */
static bool map_node(const struct machine_facts *facts, const struct cluster *cluster,
                     uint32_t node, struct iommu_tables *tables, paddr_t table)
{
    const struct node_plan *plan = &cluster->node[node];
    bool good = map_range(tables, table, cluster->shared);
    for (uint32_t i = 0; i < plan->region_count; i++) {
        good = good && map_range(tables, table, plan->region[i]);
    }
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        const struct channel_plan *channel = &cluster->channel[i];
        if (channel->node[0] == node || channel->node[1] == node) {
            good = good && map_range(tables, table, channel->range);
        }
    }
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        const struct dmar_region *region = &facts->dmar.region[i];
        if (iommu_region_is_for(facts, cluster, region, node)) {
            good = good && map_range(tables, table, region->range);
        }
    }
    return good;
}

/* The context entry of one requester leads to its node's table of `levels` levels. */
static bool add_context(struct iommu_tables *tables, paddr_t root, unsigned levels,
                        const struct requester *requester, paddr_t table)
{
    uint64_t *root_entry = table_at(tables, root) + 2 * (requester->id >> 8);
    paddr_t contexts = table_below(tables, root_entry, PRESENT);
    if (contexts == 0) {
        return false;
    }
    uint64_t *entry = table_at(tables, contexts) + 2 * (requester->id & 0xff);
    entry[0] = table | PRESENT;
    entry[1] = (uint64_t)(requester->node + 1) << CONTEXT_DOMAIN_SHIFT | (levels - 2);
    return true;
}

bool iommu_build_tables(const struct machine_facts *facts, const struct cluster *cluster,
                        struct iommu_tables *tables)
{
    const struct iommu_plan *plan = iommu_plan();
    static paddr_t domain[IOMMU_LEVEL_KINDS][ABI_CMK_MAX_NODES];
    tables->next = tables->place.start + interrupt_table_bytes(facts, cluster);
    if (tables->next > tables->place.end) {
        return false;
    }
    if (cluster->interrupts.on) {
        build_interrupt_table(facts, cluster, tables->window);
    }
    tables->nothing = take_page(tables);
    tables->queue = take_page(tables);
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        if (!(plan->domains >> node & 1)) {
            continue;
        }
        domain[0][node] = take_page(tables);
        if (domain[0][node] == 0 || !map_node(facts, cluster, node, tables, domain[0][node])) {
            return false;
        }
        /* Memory ends where the first entry of a table of four levels does. */
        domain[1][node] = plan->uses_levels[1] ? take_page(tables) : 0;
        if (domain[1][node] != 0) {
            *table_at(tables, domain[1][node]) = domain[0][node] | READ_WRITE;
        }
    }
    for (unsigned kind = 0; kind < IOMMU_LEVEL_KINDS; kind++) {
        tables->root[kind] = plan->uses_levels[kind] ? take_page(tables) : 0;
        for (uint32_t i = 0; tables->root[kind] != 0 && i < plan->requester_count; i++) {
            const struct requester *requester = &plan->requester[i];
            paddr_t table = domain[kind][requester->node];
            if (table == 0 || !add_context(tables, tables->root[kind], IOMMU_LEAST_LEVELS + kind,
                                           requester, table)) {
                return false;
            }
        }
        if (plan->uses_levels[kind] && tables->root[kind] == 0) {
            return false;
        }
    }
    return tables->nothing != 0 && tables->queue != 0;
}

/* --- how much that is at most --- */

static uint64_t count_domains(void)
{
    uint64_t count = 0;
    for (uint64_t left = iommu_plan()->domains; left != 0; left &= left - 1) {
        count++;
    }
    return count;
}

static uint64_t buses_of_requesters(void)
{
    const struct iommu_plan *plan = iommu_plan();
    uint64_t seen[256 / 64] = {0};
    uint64_t count = 0;
    for (uint32_t i = 0; i < plan->requester_count; i++) {
        unsigned bus = plan->requester[i].id >> 8;
        count += !(seen[bus / 64] >> bus % 64 & 1);
        seen[bus / 64] |= BIT(bus % 64);
    }
    return count;
}

/* How many blocks of 2^bits bytes the range touches. */
static uint64_t blocks(struct range range, unsigned bits)
{
    return (ALIGN_UP(range.end, bits) - ALIGN_DOWN(range.start, bits)) >> bits;
}

/*
 * A range takes tables of 4 KiB pages at its ends only, where there are pages of 2 MiB. Regions
 * are cut at 2 MiB, boot's own pages excepted, and each end is in one domain; shared memory can be
 * in all.
 */
uint64_t iommu_table_bytes(const struct machine_facts *facts, const struct cluster *cluster,
                           const struct range_list *ram)
{
    const struct iommu_plan *plan = iommu_plan();
    uint64_t domains = count_domains();
    uint64_t roots = domains, directories = 0, tables = 4;
    if (!plan->on) {
        return 0;
    }
    for (unsigned kind = 0; kind < IOMMU_LEVEL_KINDS; kind++) {
        uint64_t more_levels = kind > 0 ? domains : 0;
        roots += plan->uses_levels[kind] ? 1 + buses_of_requesters() + more_levels : 0;
    }
    for (uint32_t i = 0; i < ram->count; i++) {
        directories += domains * blocks(ram->range[i], HUGE_BITS);
        tables += plan->large_pages ? 2 : domains * blocks(ram->range[i], LARGE_BITS);
    }
    for (uint32_t i = 0; i < facts->dmar.region_count; i++) {
        struct range range = facts->dmar.region[i].range;
        for (uint32_t node = 0; node < cluster->node_count; node++) {
            if (iommu_region_is_for(facts, cluster, &facts->dmar.region[i], node)) {
                directories += blocks(range, HUGE_BITS);
                tables += plan->large_pages ? 2 : blocks(range, LARGE_BITS);
            }
        }
    }
    return ((2 + roots + directories + tables) << PAGE_BITS) +
           interrupt_table_bytes(facts, cluster);
}
