/* Lists of memory ranges. */
#include <cluster/ranges.h>

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

void range_list_add(struct range_list *list, struct range range)
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
    if (list->count == list->limit) {
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
        struct range above = {range.end, here->end};
        if (!ranges_meet(*here, range)) {
            i++;
        } else if (here->start < range.start) {
            here->end = range.start;
            i++;
            if (above.start < above.end) {
                range_list_add(list, above);
            }
        } else if (above.start < above.end) {
            here->start = above.start;
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

void range_list_unite(struct range_list *list, struct range range)
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
    range_list_add(list, range);
}

unsigned range_outside_huge(struct range range, struct range part[2])
{
    struct range blocks = {ALIGN_UP(range.start, ABI_HUGE_PAGE_BITS),
                           ALIGN_DOWN(range.end, ABI_HUGE_PAGE_BITS)};
    unsigned count = 0;
    if (range_bytes(blocks) == 0) {
        part[count++] = range;
        return count;
    }
    if (range.end > blocks.end) {
        part[count++] = (struct range){blocks.end, range.end};
    }
    if (range.start < blocks.start) {
        part[count++] = (struct range){range.start, blocks.start};
    }
    return count;
}

static bool fit_top(struct range range, uint64_t bytes, unsigned align_bits, struct range *place)
{
    if (range_bytes(range) < bytes) {
        return false;
    }
    paddr_t start = ALIGN_DOWN(range.end - bytes, align_bits);
    *place = (struct range){start, start + bytes};
    return start >= range.start;
}

bool range_list_find_top(const struct range_list *list, uint64_t bytes, unsigned align_bits,
                         struct range *place)
{
    for (uint32_t i = list->count; i-- > 0;) {
        struct range part[2];
        unsigned parts = range_outside_huge(list->range[i], part);
        for (unsigned j = 0; j < parts; j++) {
            if (fit_top(part[j], bytes, align_bits, place)) {
                return true;
            }
        }
    }
    for (uint32_t i = list->count; i-- > 0;) {
        if (fit_top(list->range[i], bytes, align_bits, place)) {
            return true;
        }
    }
    return false;
}
