/*
 * What the files of the planner (boot/plan/) share with each other only.
 */
#ifndef BOOT_PLAN_PLANNING_H
#define BOOT_PLAN_PLANNING_H

#include <boot/plan/configuration.h>
#include <boot/plan/elf.h>
#include <boot/plan/plan.h>
#include <cluster/ranges.h>

/* RAM from here on is not used: contract 9.1's clamp, just under 512 GiB. */
#define RAM_LIMIT 0x7f80000000
/* RAM below belongs to firmware, loader and trampoline, and is device memory afterwards. */
#define LOW_MEMORY 0x100000
/* A store here is an interrupt to some CPU. */
#define APIC_START 0xfee00000
#define APIC_END   0xfef00000
/* Message-signalled interrupts, says contract 9.9. */
#define LAST_BYTES 0xfffffff8
#define FOUR_GIB   BIT(32)
/* Device untypeds end here (contract 9.9). */
#define DEVICE_LIMIT BIT(47)

/*
 * Room for all RAM in pieces: each entry of the firmware's map makes at most one (a range of RAM is
 * one, and any other splits one), and so does each thing that has a place of its own in RAM.
 */
enum { MAX_RAM_RANGES = MAX_MEMORY_RANGES + ABI_CMK_MAX_CHANNELS + 16 };

/* One run of the planner. */
struct planning {
    const struct machine_facts *facts;
    struct cluster *cluster;
    struct configuration *configuration;
    struct complaints complaints;
    bool nodes_known;             /* node_count and cpu[] are right */
    struct range_list *available; /* RAM that has no owner yet */
};

/* --- node_regions.c --- */

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
void plan_cnodes(struct planning *planning); /* the root CNode holds all that boot puts into it */
void place_images(struct planning *planning);
void check_pieces(
    struct planning *planning); /* the kernel's larger pieces fit; uses up planning->available */
void plan_devices(struct planning *planning);
void plan_life(struct planning *planning); /* whom the manager may start, and what for */

void plan_iommu(struct planning *planning);

/*
 * The node that has PCI function `function` of the facts: the one that lists it, or else the one
 * with all devices, or NO_NODE; of the last plan.
 */
uint16_t owner_of_function(const struct cluster *cluster, uint32_t function);

/* Whether the node has device memory, ports or functions, of the last plan. */
bool node_has_devices(const struct machine_facts *facts, const struct cluster *cluster,
                      uint32_t node);

/* What no node may have as a device, or null if `range` keeps clear of all of it. */
const char *not_for_devices(const struct machine_facts *facts, struct range range);

/* --- for messages --- */

enum { SIZE_BYTES = 24 };

/* "64 MiB", "1.5 GiB"; returns `shown`. */
const char *show_size(uint64_t bytes, char shown[static SIZE_BYTES]);

#endif
