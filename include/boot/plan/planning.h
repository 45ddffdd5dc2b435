/*
 * What the files of the planner (boot/plan/) share with each other only.
 */
#ifndef BOOT_PLAN_PLANNING_H
#define BOOT_PLAN_PLANNING_H

#include <boot/plan/configuration.h>
#include <boot/plan/elf.h>
#include <boot/plan/plan.h>

/* RAM from here on is nobody's: contract 9.1's clamp, just under 512 GiB. */
#define RAM_LIMIT 0x7f80000000
/* RAM below belongs to firmware, loader and trampoline, and is device memory afterwards. */
#define LOW_MEMORY 0x100000
/* A store here is an interrupt to some CPU. */
#define APIC_START 0xfee00000
#define APIC_END   0xfef00000
/* Device untypeds end here (contract 9.9). */
#define DEVICE_LIMIT BIT(47)

/* One run of the planner. */
struct planning {
    const struct machine_facts *facts;
    struct cluster *cluster;
    struct configuration *configuration;
    struct complaints complaints;
    bool nodes_known;             /* node_count and cpu[] are right */
    struct range_list *available; /* RAM that is still nobody's */
};

static inline struct range page_range(struct range range)
{
    return (struct range){ALIGN_DOWN(range.start, ABI_PAGE_BITS),
                          ALIGN_UP(range.end, ABI_PAGE_BITS)};
}

static inline uint64_t range_bytes(struct range range)
{
    return range.end > range.start ? range.end - range.start : 0;
}

static inline bool ranges_meet(struct range a, struct range b)
{
    return a.start < b.end && b.start < a.end && a.start < a.end && b.start < b.end;
}

static inline struct range range_intersection(struct range a, struct range b)
{
    return (struct range){MAX(a.start, b.start), MIN(a.end, b.end)};
}

/* --- split_region.c --- */

/*
 * Adds a range that meets none of the list, merging neighbours. A full list loses its smallest
 * range: RAM nobody gets.
 */
void range_list_add(struct range_list *list, struct range range, uint32_t limit);
void range_list_remove(struct range_list *list, struct range range);
uint64_t range_list_bytes(const struct range_list *list);

/*
 * Takes about `bytes` from the lowest addresses of `available` and adds them to `region`: all that
 * is there if that is less, else up to a 2 MiB boundary, the next one with `round_up`, else the one
 * before. Only memory of `proximity`, unless that is NO_PROXIMITY. Returns how many bytes it took.
 */
uint64_t take_from_list(struct range_list *available, uint64_t bytes, bool round_up,
                        const struct machine_facts *facts, uint32_t proximity,
                        struct range_list *region);

/*
 * RAM that nodes may own, page-aligned: type 1 from 1 MiB on, below RAM_LIMIT and what the CPU can
 * address, that no entry of another type overlaps, without the kernel image.
 */
void usable_memory(const struct machine_facts *facts, struct range_list *list);

/*
 * The first memory the loader or boot still needs that meets `range`: kernel image, module or busy.
 * False: none does.
 */
bool find_obstacle(const struct machine_facts *facts, struct range range, struct range *obstacle);

/* --- the planner's steps; each reports its own mistakes --- */

void plan_cpus(struct planning *planning);
void plan_images(
    struct planning *planning); /* checks them; node->image is [0, size) until place_images */
void plan_memory(struct planning *planning);
void check_slots(struct planning *planning); /* the root CNode holds all that boot puts into it */
void place_images(struct planning *planning);
void check_pieces(
    struct planning *planning); /* the kernel's larger pieces fit; uses up planning->available */
void plan_devices(struct planning *planning);

/* --- for messages --- */

enum { SIZE_BYTES = 24 };

/* "64 MiB", "1.5 GiB"; returns `shown`. */
const char *show_size(uint64_t bytes, char shown[static SIZE_BYTES]);

#endif
