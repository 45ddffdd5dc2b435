/* What device untypeds must not cover, as far as a program can know it. */
#include "forbidden.h"

#include <cmk/cluster.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANGES 512
#define MEGABYTE   0x100000ul
#define PAGE       0x1000ul

struct range {
    seL4_Word start;
    seL4_Word end; /* exclusive */
    const char *what;
};

static struct range ranges[MAX_RANGES];
static int range_count;

static void add(seL4_Word start, seL4_Word end, const char *what)
{
    if (start >= end) {
        return;
    }
    if (range_count == MAX_RANGES) {
        printf("too many ranges to check against\n");
        exit(EXIT_FAILURE);
    }
    ranges[range_count++] = (struct range){start, end, what};
}

static void add_region(const struct cmk_region *region, const char *what)
{
    add(region->paddr, region->paddr + region->bytes, what);
}

/*
 * All nodes' RAM, as the firmware says it. Below 1 MiB device untypeds may cover it; partial pages
 * are nobody's.
 */
static void add_ram(void)
{
    seL4_X86_BootInfo_mmap_t map;
    size_t bytes;
    const void *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_MBMMAP, &bytes);

    if (!chunk || bytes < sizeof(map)) {
        return;
    }
    memcpy(&map, chunk, sizeof(map));
    for (size_t i = 0;
         i < SEL4_MULTIBOOT_MAX_MMAP_ENTRIES && (i + 1) * sizeof(map.mmap[0]) <= map.mmap_length;
         i++) {
        seL4_Word start = map.mmap[i].base_addr;
        seL4_Word end = start + map.mmap[i].length;
        if (map.mmap[i].type == SEL4_MULTIBOOT_RAM_REGION_TYPE && end > MEGABYTE) {
            start = start < MEGABYTE ? MEGABYTE : start;
            add((start + PAGE - 1) & ~(PAGE - 1), end & ~(PAGE - 1), "RAM");
        }
    }
}

void forbidden_collect(const seL4_BootInfo *boot_info)
{
    const struct cmk_cluster *cluster = cmk_cluster();

    add(0xfee00000, 0xfef00000, "interrupt registers");
    add(0xfec00000, 0xfec01000, "the IOAPIC");
    for (seL4_Word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &boot_info->untypedList[i];
        if (!untyped->isDevice) {
            add(untyped->paddr, untyped->paddr + LIBSEL4_BIT(untyped->sizeBits),
                "an ordinary untyped");
        }
    }
    add_ram();
    if (cluster) {
        add_region(&cluster->shared, "the shared region");
        for (seL4_Word i = 0; i < cluster->num_channels; i++) {
            add_region(&cluster->channels[i].region, "a channel's region");
        }
    }
}

const char *forbidden_overlap(seL4_Word paddr, seL4_Word bytes)
{
    for (int i = 0; i < range_count; i++) {
        if (paddr < ranges[i].end && ranges[i].start < paddr + bytes) {
            return ranges[i].what;
        }
    }
    return NULL;
}
