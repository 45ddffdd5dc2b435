/*
 * Ranges of memory, and lists of them: for the planner, and for a node's allocator while it boots.
 * Plain C without hardware; nothing is allocated, a list's owner brings its memory.
 */
#ifndef CLUSTER_RANGES_H
#define CLUSTER_RANGES_H

#include <api/limits.h>
#include <kernel/types.h>

static inline uint64_t range_bytes(struct range range)
{
    return range.end > range.start ? range.end - range.start : 0;
}

static inline struct range page_range(struct range range)
{
    return (struct range){ALIGN_DOWN(range.start, ABI_PAGE_BITS),
                          ALIGN_UP(range.end, ABI_PAGE_BITS)};
}

static inline bool ranges_meet(struct range a, struct range b)
{
    return a.start < b.end && b.start < a.end && a.start < a.end && b.start < b.end;
}

static inline struct range range_intersection(struct range a, struct range b)
{
    return (struct range){MAX(a.start, b.start), MIN(a.end, b.end)};
}

/* Pages come in powers of two: log2 of the smallest that holds `bytes`, which is at most 2^62. */
static inline unsigned size_bits_for(uint64_t bytes)
{
    unsigned bits = ABI_PAGE_BITS;
    while (BIT(bits) < bytes) {
        bits++;
    }
    return bits;
}

/* A set of addresses: ascending, disjoint ranges of which no two touch. */
struct range_list {
    struct range *range; /* room for `limit` of them */
    uint32_t count, limit;
};

/*
 * Adds a range that meets none of the list, merging neighbours. A list that is full loses its
 * smallest range, which may be the new one.
 */
void range_list_add(struct range_list *list, struct range range);

/* Adds a range that may meet ranges of the list. */
void range_list_unite(struct range_list *list, struct range range);

/* Every address of `range` leaves the list, which may then need room for one range more. */
void range_list_remove(struct range_list *list, struct range range);

uint64_t range_list_bytes(const struct range_list *list);

/*
 * The parts of a range that are in no whole aligned 1 GiB block of it, highest first; returns how
 * many. What is taken from them leaves as many 1 GiB pages as there were.
 */
unsigned range_outside_huge(struct range range, struct range part[2]);

/*
 * The highest place for `bytes` at a multiple of 2^align_bits that breaks no 1 GiB block, or else
 * the highest one; false: there is none.
 */
bool range_list_find_top(const struct range_list *list, uint64_t bytes, unsigned align_bits,
                         struct range *place);

#endif
