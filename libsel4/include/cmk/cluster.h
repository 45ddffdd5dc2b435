/*
 * The cluster as this node may see it: who else is there, and which memory and capabilities connect
 * the nodes. Parsed once, before main, from boot info's last extra chunk (include/api/cluster.h);
 * constant afterwards.
 */
#ifndef CMK_CLUSTER_H
#define CMK_CLUSTER_H

#include <api/cluster.h>
#include <cmk/cmk.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * Memory shared with other nodes: 2 MiB frames in consecutive slots, at the same physical addresses
 * in every sharer.
 */
struct cmk_region {
    seL4_Word paddr;
    seL4_Word bytes; /* 0: there is no such region */
    seL4_CPtr first_slot;
    seL4_Word num_frames;
};

/* A region that only this node and `peer` can map. */
struct cmk_channel {
    seL4_Word number; /* in the cluster's configuration */
    seL4_Word peer;
    struct cmk_region region;
};

struct cmk_node {
    seL4_Word num_cpus;
    seL4_Word num_missing_cpus; /* planned, but they did not answer (missing-cpus=go-on) */
    const seL4_Word *apic_ids;  /* one for each CPU, in the order of affinities */
    seL4_CPtr status_frame;     /* read-only 4 KiB frame: its struct cmk_status_page */
};

/*
 * Configuration pages of PCI functions: base + (bus << 20 | device << 15 | function << 12). base 0:
 * none are known.
 */
struct cmk_pci_config {
    seL4_Word base;
    seL4_Word first_bus;
    seL4_Word last_bus;
};

struct cmk_cluster {
    seL4_Word node_id; /* this node */
    seL4_Word num_nodes;
    cmk_IPIControl ipi_control;
    cmk_NodeControl node_control;
    struct cmk_region shared;
    seL4_Word num_channels;
    struct cmk_channel channels[ABI_CMK_MAX_CHANNELS];
    struct cmk_node nodes[ABI_CMK_MAX_NODES];
    struct cmk_pci_config pci_config;
    /* the boot CPU's time stamp counter when the kernel was entered: begin of the boot */
    seL4_Word entry_tsc;
    seL4_Word tsc_khz;                  /* how fast time stamp counters count; see <cmk/timer.h> */
    cmk_ClusterControl cluster_control; /* node 0's, with manager=on; else 0 */
    bool devices_are_confined;          /* by an IOMMU: see <cmk/dma.h> */
    seL4_CPtr log_frame; /* the first of CMK_BOOT_LOG_FRAMES read-only ones: see <cmk/boot_log.h> */
    int argc;            /* the image's arguments; argv[0] is "nodeK", argv[argc] is null */
    char *argv[ABI_CMK_MAX_ARGUMENTS + 1];
    /* What apic_ids and argv point to. */
    seL4_Word apic_id_table[ABI_CMK_MAX_CPUS];
    char argument_text[ABI_CMK_ARGUMENT_BYTES];
};

/*
 * The cluster; null where there is none, that is when the kernel is not CMK or the chunk makes no
 * sense. May be called by any thread: it is written before main only.
 */
const struct cmk_cluster *cmk_cluster(void);

/*
 * Fills *cluster from the `bytes` bytes at `chunk`, which may lie at any address. False, with a
 * cluster of no nodes, if anything in the chunk points outside it or beyond a limit of the ABI. Has
 * no other effect.
 */
bool cmk_parse_cluster(const void *chunk, size_t bytes, struct cmk_cluster *cluster);

/*
 * The first extra chunk with this id in the `extra_bytes` bytes that start at `extra`, or null.
 * *bytes becomes its length, header included, of which was checked that it fits. The chunk may lie
 * at any address: copy it before using its fields.
 */
const void *cmk_find_chunk(const void *extra, size_t extra_bytes, seL4_Word id, size_t *bytes);

/* The same in the extra chunks of this program's boot info. */
const void *cmk_find_boot_info(seL4_Word id, size_t *bytes);

CMK_END_C

#endif
