/*
 * What `make run` shows: each node says who it is, and then the nodes greet each other through the
 * first shared frame. Ends with status 0 if every greeting arrived.
 */
#include "greeting.h"

#include <stdio.h>
#include <stdlib.h>

static void print_cpus(const struct cmk_cluster *cluster)
{
    const struct cmk_node *self = &cluster->nodes[cluster->node_id];
    printf("I am node %lu of %lu. My CPUs: %lu (APIC ids", cluster->node_id, cluster->num_nodes,
           self->num_cpus);
    for (seL4_Word i = 0; i < self->num_cpus; i++) {
        printf(" %lu", self->apic_ids[i]);
    }
    printf(")\n");
    for (seL4_Word i = 0; i < cluster->num_nodes; i++) {
        if (i != cluster->node_id) {
            printf("  node %lu has CPUs: %lu\n", i, cluster->nodes[i].num_cpus);
        }
    }
}

static void print_memory(const seL4_BootInfo *boot_info)
{
    seL4_Word count = boot_info->untyped.end - boot_info->untyped.start;
    seL4_Word devices = 0;
    seL4_Word bytes = 0;

    for (seL4_Word i = 0; i < count; i++) {
        if (boot_info->untypedList[i].isDevice) {
            devices++;
        } else {
            bytes += LIBSEL4_BIT(boot_info->untypedList[i].sizeBits);
        }
    }
    printf("  memory: %lu KiB in %lu untypeds; device untypeds: %lu\n", bytes / 1024,
           count - devices, devices);
}

static void print_region(const char *what, const struct cmk_region *region)
{
    printf("  %s: %lu frames of 2 MiB at 0x%lx\n", what, region->num_frames, region->paddr);
}

static void print_arguments(const struct cmk_cluster *cluster)
{
    printf("  arguments:");
    for (int i = 0; i < cluster->argc; i++) {
        printf(" %s", cluster->argv[i]);
    }
    printf("\n");
}

static void print_node(const struct cmk_cluster *cluster)
{
    char name[48];

    print_cpus(cluster);
    print_memory(seL4_GetBootInfo());
    print_region("shared with all", &cluster->shared);
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        const struct cmk_channel *channel = &cluster->channels[i];
        snprintf(name, sizeof(name), "channel %lu with node %lu", channel->number, channel->peer);
        print_region(name, &channel->region);
    }
    print_arguments(cluster);
}

int main(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster) {
        printf("This kernel is not CMK: there is no cluster to greet.\n");
        return EXIT_FAILURE;
    }
    print_node(cluster);
    return greet_everyone(cluster) ? EXIT_SUCCESS : EXIT_FAILURE;
}
