/* Whose memory is whose: trampoline, boot pages, shared regions, and the nodes' private regions. */
#include <api/cluster.h>
#include <boot/plan/iommu.h>
#include <boot/plan/planning.h>

#define LARGE_PAGE       BIT(ABI_LARGE_PAGE_BITS)
#define BOOT_PAGES_LIMIT FOUR_GIB /* CPUs load the address of a boot table in 32-bit mode */

/* Of RAM that nodes share out: a few less than one node has room for. */
enum { MAX_AVAILABLE_RANGES = MAX_NODE_REGIONS - 8 };

/*
 * RAM below 640 KiB that is of type 1 from end to end, and that no entry of another type overlaps.
 */
static bool is_low_ram(const struct machine_facts *facts, struct range page)
{
    bool ram = false;
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        struct range range = facts->memory[i].range;
        if (facts->memory[i].type == 1) {
            ram |= range.start <= page.start && page.end <= range.end;
        } else if (ranges_meet(range, page)) {
            return false;
        }
    }
    return ram;
}

static void place_trampoline(struct planning *planning)
{
    struct range obstacle;
    /* Page 0 has the firmware's data; the end keeps away from its extended data below 640 KiB. */
    for (paddr_t page = 0x1000; page < 0x9f000; page += 0x1000) {
        struct range range = {page, page + 0x1000};
        if (is_low_ram(planning->facts, range) &&
            !find_obstacle(planning->facts, range, &obstacle)) {
            planning->cluster->trampoline = page;
            return;
        }
    }
    mistake(&planning->complaints, "no free page of RAM below 640 KiB to start CPUs from");
}

/*
 * The lowest place for `bytes` that ends at `limit` or below and where nothing lies that is still
 * needed.
 */
static bool find_lowest(const struct planning *planning, uint64_t bytes, paddr_t limit,
                        struct range *found)
{
    const struct range_list *available = planning->available;
    struct range obstacle;
    for (uint32_t i = 0; i < available->count; i++) {
        paddr_t start = available->range[i].start;
        paddr_t end = MIN(available->range[i].end, limit);
        while (start < end && bytes <= end - start) {
            *found = (struct range){start, start + bytes};
            if (!find_obstacle(planning->facts, *found, &obstacle)) {
                return true;
            }
            start = obstacle.end > end ? end : ALIGN_UP(obstacle.end, ABI_PAGE_BITS);
        }
    }
    return false;
}

/* The highest place in `range` between 2 MiB boundaries where nothing lies that is still needed. */
static bool fit_highest(const struct planning *planning, struct range range, uint64_t bytes,
                        struct range *found)
{
    paddr_t start = ALIGN_UP(range.start, ABI_LARGE_PAGE_BITS);
    paddr_t end = ALIGN_DOWN(range.end, ABI_LARGE_PAGE_BITS);
    struct range obstacle;
    while (start < end && bytes <= end - start) {
        *found = (struct range){end - bytes, end};
        if (!find_obstacle(planning->facts, *found, &obstacle)) {
            return true;
        }
        end = ALIGN_DOWN(obstacle.start, ABI_LARGE_PAGE_BITS);
    }
    return false;
}

/* For `bytes`, a multiple of 2 MiB: the highest place that breaks no 1 GiB block, or else any. */
static bool find_highest(const struct planning *planning, uint64_t bytes, struct range *found)
{
    const struct range_list *available = planning->available;
    for (uint32_t i = available->count; i-- > 0;) {
        struct range part[2];
        unsigned parts = range_outside_huge(available->range[i], part);
        for (unsigned j = 0; j < parts; j++) {
            if (fit_highest(planning, part[j], bytes, found)) {
                return true;
            }
        }
    }
    for (uint32_t i = available->count; i-- > 0;) {
        if (fit_highest(planning, available->range[i], bytes, found)) {
            return true;
        }
    }
    return false;
}

/* In how many blocks of 1 GiB there is RAM that nodes may get. */
static uint64_t count_huge_blocks(const struct range_list *available)
{
    uint64_t count = 0, next = 0;
    for (uint32_t i = 0; i < available->count; i++) {
        uint64_t first = available->range[i].start >> ABI_HUGE_PAGE_BITS;
        uint64_t end = ((available->range[i].end - 1) >> ABI_HUGE_PAGE_BITS) + 1;
        first = MAX(first, next);
        count += end > first ? end - first : 0;
        next = MAX(next, end);
    }
    return count;
}

/*
 * Never less than the nodes' boot tables need, whatever memory they get later. A node's private
 * memory takes one page directory pointer table, a page directory for each block of 1 GiB where it
 * lies, and a page table for each end of a region that is at no 2 MiB boundary: such an end is one
 * of a range of `available`, so that it is one node's.
 */
static uint64_t boot_table_bytes(const struct planning *planning, uint64_t huge_blocks)
{
    uint64_t each = ALIGN_UP(planning->facts->boot_table_bytes, ABI_PAGE_BITS) +
                    ((1 + huge_blocks) << ABI_PAGE_BITS);
    /* Boot's own pages split a range; keep_largest() sees to the rest. */
    uint64_t ends = 2 * MIN(planning->available->count + 1, MAX_AVAILABLE_RANGES);
    return planning->cluster->node_count * each + (ends << ABI_PAGE_BITS);
}

static void place_boot_pages(struct planning *planning, uint64_t table_bytes, uint64_t iommu_bytes)
{
    struct cluster *cluster = planning->cluster;
    uint64_t window_tables = ALIGN_UP(planning->facts->boot_page_bytes, ABI_PAGE_BITS);
    uint64_t tables = window_tables + table_bytes;
    uint64_t first = tables + iommu_bytes;
    uint64_t pages = cluster->node_count + CONSOLES + CMK_BOOT_LOG_FRAMES + cluster->manager;
    uint64_t bytes = first + pages * BIT(ABI_PAGE_BITS);
    char shown[SIZE_BYTES];
    if (!find_lowest(planning, bytes, BOOT_PAGES_LIMIT, &cluster->boot_pages)) {
        mistake(&planning->complaints, "no %s of RAM in one piece below 4 GiB for boot's tables",
                show_size(bytes, shown));
        cluster->boot_pages = (struct range){0, 0};
        return;
    }
    cluster->status_page = cluster->boot_pages.start + first;
    cluster->boot_tables = (struct range){cluster->boot_pages.start + window_tables,
                                          cluster->boot_pages.start + tables};
    cluster->interrupts.table = (struct range){cluster->boot_pages.start + tables,
                                               cluster->boot_pages.start + tables +
                                                   interrupt_table_bytes(planning->facts, cluster)};
    cluster->iommu_tables =
        (struct range){cluster->boot_pages.start + tables, cluster->status_page};
    cluster->console_page = status_page_of(cluster, cluster->node_count);
    cluster->log_page = cluster->console_page + CONSOLES * BIT(ABI_PAGE_BITS);
    if (cluster->manager) {
        cluster->life_page = cluster->log_page + CMK_BOOT_LOG_FRAMES * BIT(ABI_PAGE_BITS);
    }
    range_list_remove(planning->available, cluster->boot_pages);
}

/*
 * Where two ranges reach into the same 2 MiB page, the larger part of it stays and the other is
 * given up. Afterwards ranges of different owners never meet in a large page.
 */
static void keep_apart(struct range_list *list)
{
    uint32_t i = 0;
    while (i + 1 < list->count) {
        struct range a = list->range[i];
        struct range b = list->range[i + 1];
        struct range page = {ALIGN_DOWN(b.start, ABI_LARGE_PAGE_BITS),
                             ALIGN_DOWN(b.start, ABI_LARGE_PAGE_BITS) + LARGE_PAGE};
        struct range part_a = range_intersection(a, page);
        struct range part_b = range_intersection(b, page);
        if (range_bytes(part_a) == 0) {
            i++;
        } else if (range_bytes(part_a) < range_bytes(part_b)) {
            /* The list may close up, and the range before a may meet b now. */
            range_list_remove(list, part_a);
            i -= part_a.start == a.start && i > 0;
        } else {
            range_list_remove(list, part_b);
        }
    }
}

/*
 * A node has room for so many regions; what is left of a map that lists more is its largest ranges.
 */
static void keep_largest(struct range_list *list)
{
    while (list->count > MAX_AVAILABLE_RANGES) {
        uint32_t smallest = 0;
        for (uint32_t i = 1; i < list->count; i++) {
            if (range_bytes(list->range[i]) < range_bytes(list->range[smallest])) {
                smallest = i;
            }
        }
        range_list_remove(list, list->range[smallest]);
    }
}

/* Memory that no node owns, in pieces of 2 MiB. `word`: what asked for it, for messages. */
static void place_shared(struct planning *planning, const char *word, uint64_t bytes,
                         struct range *place)
{
    char shown_word[SHOWN_BYTES], shown_size[SIZE_BYTES];
    bytes = ALIGN_UP(bytes, ABI_LARGE_PAGE_BITS);
    *place = (struct range){0, 0};
    if (bytes == 0) {
        return;
    }
    if (find_highest(planning, bytes, place)) {
        range_list_remove(planning->available, *place);
        return;
    }
    *place = (struct range){0, 0};
    mistake(&planning->complaints, "%s: no %s of free RAM in one piece",
            word != NULL ? show_word(word, shown_word) : "shared=2M (the default)",
            show_size(bytes, shown_size));
}

static void place_shared_regions(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    struct cluster *cluster = planning->cluster;
    char shown[SHOWN_BYTES];
    place_shared(planning, configuration->shared_word, configuration->shared_bytes,
                 &cluster->shared);
    for (uint32_t i = 0; i < configuration->channel_count; i++) {
        const struct channel_configuration *wanted = &configuration->channel[i];
        struct channel_plan *channel = &cluster->channel[i];
        if (wanted->node[1] >= cluster->node_count) {
            mistake(&planning->complaints, "%s: there is no node %u (%u node%s)",
                    show_word(wanted->word, shown), wanted->node[1], cluster->node_count,
                    cluster->node_count == 1 ? "" : "s");
            continue;
        }
        channel->node[0] = wanted->node[0];
        channel->node[1] = wanted->node[1];
        place_shared(planning, wanted->word, wanted->bytes, &channel->range);
    }
    cluster->channel_count = configuration->channel_count;
}

static void place_stores(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        struct node_plan *plan = &planning->cluster->node[node];
        const char *word = planning->configuration->node[node].store_word;
        place_shared(planning, word != NULL ? word : planning->configuration->manager_word,
                     range_bytes(plan->store), &plan->store);
    }
}

/* --- private regions --- */

static bool is_available(const struct planning *planning, struct range range)
{
    for (uint32_t i = 0; i < planning->available->count; i++) {
        if (range_bytes(range_intersection(planning->available->range[i], range)) ==
            range_bytes(range)) {
            return true;
        }
    }
    return false;
}

/* nodeK.mem=SIZE@ADDRESS, before anything else is placed where it likes. False: not all. */
static bool take_placed(struct planning *planning)
{
    bool good = true;
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_configuration *wanted = &planning->configuration->node[node];
        struct node_plan *plan = &planning->cluster->node[node];
        struct range range = {wanted->mem_address, wanted->mem_address + wanted->mem_bytes};
        char shown[SHOWN_BYTES];
        if (!wanted->mem_is_placed) {
            continue;
        }
        if (is_available(planning, range)) {
            plan->region[plan->region_count++] = range;
            range_list_remove(planning->available, range);
        } else {
            mistake(&planning->complaints, "%s: not free RAM from end to end",
                    show_word(wanted->mem_word, shown));
            good = false;
        }
    }
    return good;
}

static void take(struct planning *planning, uint32_t node, uint64_t bytes, bool round_up,
                 uint32_t proximity)
{
    struct node_plan *plan = &planning->cluster->node[node];
    struct range_list region = {plan->region, plan->region_count, MAX_NODE_REGIONS};
    take_from_list(planning->available, bytes, round_up, planning->facts, proximity, &region);
    plan->region_count = region.count;
}

static uint64_t node_bytes(const struct node_plan *plan)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < plan->region_count; i++) {
        sum += range_bytes(plan->region[i]);
    }
    return sum;
}

/* Where a node's memory should come from: its first CPU's proximity domain. */
static uint32_t home(const struct planning *planning, uint32_t node)
{
    return planning->facts->proximity_count == 0
               ? NO_PROXIMITY
               : planning->facts->cpu[planning->cluster->node[node].cpu[0]].proximity;
}

static uint64_t missing(const struct planning *planning, uint32_t node)
{
    uint64_t wanted = planning->configuration->node[node].mem_bytes;
    uint64_t has = node_bytes(&planning->cluster->node[node]);
    return wanted > has ? wanted - has : 0;
}

/*
 * How much more a node without nodeK.mem= should get, so that it and the later ones like it end up
 * equal when they divide what is free, without what later nodes were promised.
 */
static uint64_t even_share(const struct planning *planning, uint32_t node)
{
    uint64_t sum = range_list_bytes(planning->available);
    uint64_t has = node_bytes(&planning->cluster->node[node]);
    uint64_t promised = 0;
    uint32_t sharers = 0;
    for (uint32_t other = node; other < planning->cluster->node_count; other++) {
        if (planning->configuration->node[other].mem_word != NULL) {
            promised += ALIGN_UP(missing(planning, other), ABI_LARGE_PAGE_BITS);
        } else {
            sum += node_bytes(&planning->cluster->node[other]);
            sharers++;
        }
    }
    sum = sum > promised ? (sum - promised) / sharers : 0;
    return sum > has ? sum - has : 0;
}

/* Sizes that were asked for, and where the firmware tells, local memory before any other. */
static void take_local(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        if (configuration->node[node].mem_word != NULL && home(planning, node) != NO_PROXIMITY) {
            take(planning, node, missing(planning, node), true, home(planning, node));
        }
    }
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        if (configuration->node[node].mem_word != NULL) {
            take(planning, node, missing(planning, node), true, NO_PROXIMITY);
        }
    }
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        if (configuration->node[node].mem_word == NULL && home(planning, node) != NO_PROXIMITY) {
            take(planning, node,
                 configuration->nodes_kind == NODES_NUMA ? UINT64_MAX : even_share(planning, node),
                 false, home(planning, node));
        }
    }
}

/*
 * Then, in the order of the nodes, any memory that is free. The last node without nodeK.mem= gets
 * all the rest.
 */
static void take_rest(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    uint32_t nodes = planning->cluster->node_count;
    uint32_t last = nodes;
    for (uint32_t node = 0; node < nodes; node++) {
        if (configuration->node[node].mem_word == NULL) {
            last = node;
        }
    }
    for (uint32_t node = 0; node < nodes; node++) {
        if (configuration->node[node].mem_word != NULL) {
            take(planning, node, missing(planning, node), true, NO_PROXIMITY);
        } else if (node != last) {
            take(planning, node, even_share(planning, node), true, NO_PROXIMITY);
        }
    }
    if (last < nodes) {
        take(planning, last, UINT64_MAX, true, NO_PROXIMITY);
    }
}

/* True if the words ask for no more than there is. */
static bool check_sum(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    uint64_t free = range_list_bytes(planning->available);
    char asked[SIZE_BYTES], there[SIZE_BYTES], shown[SHOWN_BYTES];
    uint64_t sum = 0;
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        uint64_t bytes = missing(planning, node);
        sum += bytes;
        if (bytes > free) {
            mistake(&planning->complaints, "%s: there are only %s of RAM for nodes",
                    show_word(configuration->node[node].mem_word, shown), show_size(free, there));
            return false;
        }
    }
    if (sum > free) {
        mistake(&planning->complaints,
                "nodeK.mem= ask for %s together, and there are only %s of RAM for nodes",
                show_size(sum, asked), show_size(free, there));
        return false;
    }
    return true;
}

/* Every node has what it was promised, and enough for its kernel and image. */
static void check_enough(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_plan *plan = &planning->cluster->node[node];
        const char *word = planning->configuration->node[node].mem_word;
        uint64_t has = node_bytes(plan);
        uint64_t kernel = node_kernel_bytes(plan, planning->facts->node_state_bytes);
        uint64_t image = range_bytes(plan->image);
        char shown[SHOWN_BYTES], has_shown[SIZE_BYTES], missing_shown[SIZE_BYTES],
            kernel_shown[SIZE_BYTES], image_shown[SIZE_BYTES];
        if (missing(planning, node) > 0) {
            mistake(&planning->complaints, "%s: only %s are left for it at 2 MiB boundaries",
                    show_word(word, shown), show_size(has, has_shown));
            continue;
        }
        /*
         * What was asked for must be enough, even where rounding up gives more: on the next machine
         * it may not.
         */
        if (word != NULL) {
            has = MIN(has, planning->configuration->node[node].mem_bytes);
        }
        if (kernel + image > has) {
            mistake(
                &planning->complaints,
                "%s%snode %u has %s of memory, %s too little: its kernel needs %s, its image %s",
                word != NULL ? show_word(word, shown) : "", word != NULL ? ": " : "", node,
                show_size(has, has_shown), show_size(kernel + image - has, missing_shown),
                show_size(kernel, kernel_shown), show_size(image, image_shown));
        }
    }
}

void plan_memory(struct planning *planning)
{
    place_trampoline(planning);
    /* The tables are for all memory that nodes may get. */
    uint64_t iommu_bytes =
        iommu_table_bytes(planning->facts, planning->cluster, planning->available);
    uint64_t huge_blocks = count_huge_blocks(planning->available);
    bool is_placed = take_placed(planning);
    place_boot_pages(planning, boot_table_bytes(planning, huge_blocks), iommu_bytes);
    keep_apart(planning->available);
    keep_largest(planning->available);
    place_shared_regions(planning);
    place_stores(planning);
    if (!is_placed || !check_sum(planning)) {
        return;
    }
    if (planning->facts->proximity_count > 0) {
        take_local(planning);
    }
    take_rest(planning);
    check_enough(planning);
}
