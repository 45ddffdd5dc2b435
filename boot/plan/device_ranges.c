/*
 * Device memory of a node: for the one with all devices, all that is below 2^47 and not reserved
 * (contract 9.9).
 */
#include <boot/plan/planning.h>

/* Goes through everything that is reserved, looking for what comes next after `from`. */
struct search {
    paddr_t from;
    /* The reserved range that covers `from`, or the lowest one above it; empty: none so far. */
    struct range next;
};

static void consider(struct search *search, struct range reserved)
{
    if (range_bytes(reserved) == 0 || reserved.end <= search->from) {
        return;
    }
    if (range_bytes(search->next) == 0 || reserved.start < search->next.start) {
        search->next = reserved;
    }
}

static void consider_page(struct search *search, paddr_t address)
{
    consider(search, page_range((struct range){address, address + 1}));
}

static void consider_kernel(struct search *search, const struct machine_facts *facts,
                            const struct cluster *cluster)
{
    consider(search, page_range(facts->kernel_image));
    consider(search, cluster->boot_pages);
    consider_page(search, cluster->trampoline);
    consider(search, (struct range){APIC_START, APIC_END});
    consider(search, (struct range){LAST_BYTES, FOUR_GIB});
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        consider_page(search, facts->io_apic[i].base);
    }
    for (uint32_t i = 0; i < facts->iommu_count; i++) {
        consider(search, page_range(facts->iommu[i]));
    }
}

/*
 * RAM, given to a node or not. `ram` is usable_memory's list; regions lie in it, except in tests.
 */
static void consider_memory(struct search *search, const struct cluster *cluster,
                            const struct range_list *ram)
{
    for (uint32_t i = 0; i < ram->count; i++) {
        consider(search, ram->range[i]);
    }
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        for (uint32_t i = 0; i < cluster->node[node].region_count; i++) {
            consider(search, cluster->node[node].region[i]);
        }
    }
    consider(search, cluster->shared);
    for (uint32_t i = 0; i < cluster->channel_count; i++) {
        consider(search, cluster->channel[i].range);
    }
}

static void consider_others_devices(struct search *search, const struct cluster *cluster,
                                    uint32_t node)
{
    for (uint32_t other = 0; other < cluster->node_count; other++) {
        for (uint32_t i = 0; other != node && i < cluster->node[other].device_count; i++) {
            consider(search, cluster->node[other].device[i]);
        }
    }
}

/* Yields what of [start, end) is not reserved. */
static void yield_free(const struct machine_facts *facts, const struct cluster *cluster,
                       uint32_t node, struct range range, const struct range_list *ram,
                       range_function *yield, void *context)
{
    paddr_t from = range.start;
    while (from < range.end) {
        struct search search = {.from = from};
        consider_kernel(&search, facts, cluster);
        consider_memory(&search, cluster, ram);
        consider_others_devices(&search, cluster, node);
        if (range_bytes(search.next) == 0 || search.next.start >= range.end) {
            yield(context, (struct range){from, range.end});
            return;
        }
        if (search.next.start > from) {
            yield(context, (struct range){from, search.next.start});
        }
        from = search.next.end;
    }
}

void device_ranges(const struct machine_facts *facts, const struct cluster *cluster, uint32_t node,
                   range_function *yield, void *context)
{
    static struct range room[MAX_RAM_RANGES]; /* too large for the stack */
    struct range_list ram = {room, 0, MAX_RAM_RANGES};
    const struct node_plan *plan = &cluster->node[node];
    usable_memory(facts, &ram);
    if (plan->all_devices) {
        yield_free(facts, cluster, node, (struct range){0, DEVICE_LIMIT}, &ram, yield, context);
        return;
    }
    for (uint32_t i = 0; i < plan->device_count; i++) {
        yield_free(facts, cluster, node, plan->device[i], &ram, yield, context);
    }
}
