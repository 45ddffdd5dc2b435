/* Which RAM nodes may own, and how it is cut for them: at 2 MiB boundaries, local memory first. */
#include <boot/plan/planning.h>

/*
 * How much of `part`, which lies in the available range `whole`, to take for `bytes`. Ends of
 * `part` that are not ends of `whole` would be cuts, and move inward to 2 MiB boundaries.
 */
static struct range cut(struct range whole, struct range part, uint64_t bytes, bool round_up)
{
    paddr_t end;
    if (part.start != whole.start) {
        part.start = ALIGN_UP(part.start, ABI_LARGE_PAGE_BITS);
    }
    if (part.end != whole.end) {
        part.end = ALIGN_DOWN(part.end, ABI_LARGE_PAGE_BITS);
    }
    if (range_bytes(part) > bytes) {
        end = round_up ? ALIGN_UP(part.start + bytes, ABI_LARGE_PAGE_BITS)
                       : ALIGN_DOWN(part.start + bytes, ABI_LARGE_PAGE_BITS);
        part.end = MIN(part.end, end);
    }
    return part;
}

/* Takes from one available range; stops early, for another look, when the list changed under it. */
static uint64_t take_once(struct range_list *available, uint64_t bytes, bool round_up,
                          const struct machine_facts *facts, uint32_t proximity,
                          struct range_list *region)
{
    uint32_t domains = proximity == NO_PROXIMITY ? 1 : facts->proximity_count;
    for (uint32_t i = 0; i < available->count; i++) {
        struct range whole = available->range[i];
        struct range best = {0, 0};
        for (uint32_t j = 0; j < domains; j++) {
            struct range part = whole;
            if (proximity != NO_PROXIMITY) {
                if (facts->proximity[j].proximity != proximity) {
                    continue;
                }
                part = range_intersection(whole, facts->proximity[j].range);
            }
            part = cut(whole, part, bytes, round_up);
            if (range_bytes(part) > 0 && (range_bytes(best) == 0 || part.start < best.start)) {
                best = part;
            }
        }
        if (range_bytes(best) > 0) {
            range_list_remove(available, best);
            range_list_add(region, best);
            return range_bytes(best);
        }
    }
    return 0;
}

uint64_t take_from_list(struct range_list *available, uint64_t bytes, bool round_up,
                        const struct machine_facts *facts, uint32_t proximity,
                        struct range_list *region)
{
    uint64_t taken = 0;
    /* Ends: each round takes something from `available`, or nothing and stops. */
    while (taken < bytes) {
        uint64_t more = take_once(available, bytes - taken, round_up, facts, proximity, region);
        if (more == 0) {
            break;
        }
        taken += more;
    }
    return taken;
}

void usable_memory(const struct machine_facts *facts, struct range_list *list)
{
    unsigned bits = facts->physical_address_bits;
    uint64_t limit = bits > 0 && bits < 39 ? MIN(BIT(bits), RAM_LIMIT) : RAM_LIMIT;
    list->count = 0;
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        if (facts->memory[i].type == 1 && range_bytes(facts->memory[i].range) > 0) {
            range_list_unite(list, facts->memory[i].range);
        }
    }
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        if (facts->memory[i].type != 1) {
            range_list_remove(list, facts->memory[i].range);
        }
    }
    range_list_remove(list, (struct range){0, LOW_MEMORY});
    range_list_remove(list, (struct range){limit, UINT64_MAX});
    range_list_remove(list, page_range(facts->kernel_image));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        struct range whole = {ALIGN_UP(list->range[i].start, ABI_PAGE_BITS),
                              ALIGN_DOWN(list->range[i].end, ABI_PAGE_BITS)};
        if (range_bytes(whole) > 0) {
            list->range[kept++] = whole;
        }
    }
    list->count = kept;
}

bool find_obstacle(const struct machine_facts *facts, struct range range, struct range *obstacle)
{
    if (ranges_meet(range, facts->kernel_image)) {
        *obstacle = facts->kernel_image;
        return true;
    }
    for (uint32_t i = 0; i < facts->busy_count; i++) {
        if (ranges_meet(range, facts->busy[i])) {
            *obstacle = facts->busy[i];
            return true;
        }
    }
    for (uint32_t i = 0; i < facts->module_count; i++) {
        if (ranges_meet(range, facts->module[i].range)) {
            *obstacle = facts->module[i].range;
            return true;
        }
    }
    return false;
}
