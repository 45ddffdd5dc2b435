/*
 * Lists of memory ranges, and how they are cut for nodes: at 2 MiB boundaries, local memory first.
 */
#include <boot/plan/planning.h>

static void insert_at(struct range_list *list, uint32_t place, struct range range)
{
    for (uint32_t i = list->count; i > place; i--) {
        list->range[i] = list->range[i - 1];
    }
    list->range[place] = range;
    list->count++;
}

static void delete_at(struct range_list *list, uint32_t place)
{
    list->count--;
    for (uint32_t i = place; i < list->count; i++) {
        list->range[i] = list->range[i + 1];
    }
}

static uint32_t smallest(const struct range_list *list)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < list->count; i++) {
        if (range_bytes(list->range[i]) < range_bytes(list->range[best])) {
            best = i;
        }
    }
    return best;
}

void range_list_add(struct range_list *list, struct range range, uint32_t limit)
{
    uint32_t place = 0;
    while (place < list->count && list->range[place].end < range.start) {
        place++;
    }
    if (place < list->count && list->range[place].end == range.start) {
        list->range[place].end = range.end;
        if (place + 1 < list->count && list->range[place + 1].start == range.end) {
            list->range[place].end = list->range[place + 1].end;
            delete_at(list, place + 1);
        }
        return;
    }
    if (place < list->count && list->range[place].start == range.end) {
        list->range[place].start = range.start;
        return;
    }
    if (list->count == limit) {
        uint32_t victim = smallest(list);
        if (range_bytes(list->range[victim]) >= range_bytes(range)) {
            return;
        }
        delete_at(list, victim);
        place -= victim < place;
    }
    insert_at(list, place, range);
}

void range_list_remove(struct range_list *list, struct range range)
{
    uint32_t i = 0;
    while (i < list->count) {
        struct range *here = &list->range[i];
        struct range behind = {range.end, here->end};
        if (!ranges_meet(*here, range)) {
            i++;
        } else if (here->start < range.start) {
            here->end = range.start;
            i++;
            if (behind.start < behind.end) {
                range_list_add(list, behind, MAX_MEMORY_RANGES);
            }
        } else if (behind.start < behind.end) {
            here->start = behind.start;
            i++;
        } else {
            delete_at(list, i);
        }
    }
}

uint64_t range_list_bytes(const struct range_list *list)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        sum += range_bytes(list->range[i]);
    }
    return sum;
}

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
            range_list_add(region, best, MAX_NODE_REGIONS);
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

bool split_region(struct range_list *available, uint64_t size, const struct machine_facts *facts,
                  uint32_t proximity, struct range_list *region)
{
    uint64_t taken = 0;
    if (proximity != NO_PROXIMITY) {
        taken = take_from_list(available, size, true, facts, proximity, region);
    }
    if (taken < size) {
        taken += take_from_list(available, size - taken, true, facts, NO_PROXIMITY, region);
    }
    return taken >= size;
}

/* Adds [start, end), which may meet what is there already (firmware lists some RAM twice). */
static void add_union(struct range_list *list, struct range range)
{
    for (uint32_t i = 0; i < list->count;) {
        struct range here = list->range[i];
        if (ranges_meet(here, range)) {
            range = (struct range){MIN(range.start, here.start), MAX(range.end, here.end)};
            delete_at(list, i);
        } else {
            i++;
        }
    }
    range_list_add(list, range, MAX_MEMORY_RANGES);
}

void usable_memory(const struct machine_facts *facts, struct range_list *list)
{
    unsigned bits = facts->physical_address_bits;
    uint64_t limit = bits > 0 && bits < 39 ? MIN(BIT(bits), RAM_LIMIT) : RAM_LIMIT;
    list->count = 0;
    for (uint32_t i = 0; i < facts->memory_count; i++) {
        if (facts->memory[i].type == 1 && range_bytes(facts->memory[i].range) > 0) {
            add_union(list, facts->memory[i].range);
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
    for (uint32_t i = 0; i < list->count;) {
        struct range *here = &list->range[i];
        here->start = ALIGN_UP(here->start, ABI_PAGE_BITS);
        here->end = ALIGN_DOWN(here->end, ABI_PAGE_BITS);
        if (range_bytes(*here) == 0) {
            delete_at(list, i);
        } else {
            i++;
        }
    }
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
