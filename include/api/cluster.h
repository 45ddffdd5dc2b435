/*
 * Boot info's last extra chunk (id ABI_CMK_BOOT_INFO_ID): the cluster as one node may see it. All
 * fields are 64-bit words. After the fixed part, at the byte offsets it names from the start of the
 * chunk: one struct cmk_boot_node per node, their APIC ids (one word each), and the image's
 * arguments (zero-terminated strings one after the other).
 */
#ifndef API_CLUSTER_H
#define API_CLUSTER_H

#include <api/limits.h>
#include <stdint.h>

struct cmk_boot_region {
    uint64_t paddr;
    uint64_t bytes;      /* 0: no such region */
    uint64_t first_slot; /* its 2 MiB frames, ascending, in consecutive slots */
    uint64_t slots;
};

struct cmk_boot_channel {
    uint64_t number; /* of the channel in the cluster's configuration */
    uint64_t peer;   /* node at the other end */
    struct cmk_boot_region region;
};

struct cmk_boot_node {
    uint64_t cpu_count;
    uint64_t first_cpu;    /* index of its first CPU in the table of APIC ids */
    uint64_t missing_cpus; /* planned, but they did not answer: not in cpu_count */
};

/* A data module (data=NAME): its frames are among the last of userImageFrames, and read-only. */
struct cmk_boot_data {
    uint64_t address;                   /* where the initial thread has it; page-aligned */
    uint64_t bytes;                     /* the rest of its last page is zero */
    char name[ABI_CMK_DATA_NAME_BYTES]; /* zero-terminated */
};

struct cmk_boot_info {
    uint64_t id;    /* the chunk's header, as in every extra chunk */
    uint64_t bytes; /* of the whole chunk, header included */
    uint64_t node_id;
    uint64_t node_count;
    uint64_t ipi_control_slot;
    uint64_t node_control_slot;
    uint64_t first_status_slot; /* one read-only 4 KiB frame per node */
    struct cmk_boot_region shared;
    uint64_t channel_count; /* of the channels this node may use */
    struct cmk_boot_channel channel[ABI_CMK_MAX_CHANNELS];
    uint64_t nodes_offset;
    uint64_t apic_ids_offset;
    uint64_t apic_id_count;
    uint64_t arguments_offset;
    uint64_t argument_count;
    /*
     * Where the configuration page of PCI function BB:DD.F of segment 0 lies: pci_config_base + (BB
     * << 20 | DD << 15 | F << 12), for buses from first to last. 0: firmware says nothing about it.
     * The page itself is in the device untypeds of the node that was given the function.
     */
    uint64_t pci_config_base;
    uint64_t pci_first_bus;
    uint64_t pci_last_bus;
    uint64_t entry_tsc; /* time stamp counter of the boot CPU when the loader entered the kernel */
    uint64_t first_log_slot; /* read-only 4 KiB frames: together, struct cmk_boot_log */
    uint64_t log_slots;
    uint64_t data_offset; /* of one struct cmk_boot_data for each of this node's data modules */
    uint64_t data_count;
    uint64_t devices_are_confined; /* 1: by an IOMMU, to memory that their own node may use */
    uint64_t tsc_khz;              /* how fast time stamp counters count, as boot measured it */
    uint64_t cluster_control_slot; /* node 0's, with manager=on; else 0 */
};

/*
 * What part 1 of boot has printed, whether there is a UART or not: a ring. In a dump of the
 * machine's memory its mark, at a page boundary, tells where it is.
 */
#define CMK_BOOT_LOG_MARK   "CMK boot's log"
#define CMK_BOOT_LOG_FRAMES 4

struct cmk_boot_log {
    char mark[24];
    uint64_t written; /* bytes since the beginning: the next one goes to text[written % size] */
    char text[CMK_BOOT_LOG_FRAMES * 4096 - 32]; /* lines, each ended by a newline */
};

/*
 * The status page of a node: written by its kernel, with manager=on also by node 0's while the node
 * is off; read by users of any node.
 */
enum {
    CMK_STATUS_OFF,
    CMK_STATUS_BOOTING,
    CMK_STATUS_RUNNING,
    CMK_STATUS_EXITED,
    CMK_STATUS_STOPPED
};

/* What node 0's kernel has made of a node, with manager=on: Life of a node's control answers it. */
enum {
    CMK_LIFE_OFF,     /* not started, or stopped: none of its CPUs runs */
    CMK_LIFE_STARTED, /* its status page says how far it has come */
    CMK_LIFE_STOPPING /* while Stop is under way: only kernels can see it */
};

struct cmk_status_page {
    uint64_t state; /* CMK_STATUS_*: written with release order after the fields that explain it */
    uint64_t ticks; /* counts up every 2 ms while the node's CPU 0 takes timer interrupts; stands
                       still if it hangs */
    uint64_t exit_status;
    char reason[224];    /* why it stopped, zero-terminated */
    uint64_t silent;     /* 1: it has ended, and its kernel has written its last line */
    uint64_t generation; /* how often the node has been started, from 1; 0 before its kernel runs */
};

/*
 * What each CPU of a node counts, also in release builds, since the node booted;
 * CMKNodeControlCount answers with one of them. ORDINARY: system calls of that number, page faults
 * and exceptions of users, and interrupts with an IRQ number, which a fast path serves if nothing
 * is unusual, and that took the ordinary path (docs/fast-paths.md). A long call counts again each
 * time it goes on after it let others in. Asking is a Call that takes the ordinary path, and is in
 * its own answer. SHOOT_DOWN_IPIS: IPIs that the CPU has sent to others of its node because it took
 * away a mapping, a page table or an address space that they were using; it then waits for each CPU
 * that it sent one.
 */
enum {
    CMK_COUNT_ORDINARY_CALL,
    CMK_COUNT_ORDINARY_REPLY_RECV,
    CMK_COUNT_ORDINARY_SEND,
    CMK_COUNT_ORDINARY_NBSEND,
    CMK_COUNT_ORDINARY_YIELD,
    CMK_COUNT_ORDINARY_FAULT,
    CMK_COUNT_ORDINARY_INTERRUPT,
    CMK_COUNT_SHOOT_DOWN_IPIS,
    CMK_COUNT_ORDINARY_RECV,
    CMK_COUNT_ORDINARY_NBRECV,
    CMK_COUNTS
};

#endif
