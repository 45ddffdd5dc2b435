/*
 * The global state: the record of the whole cluster. Written by boot_sys before it starts the first
 * other CPU, mapped read-only in every node afterwards, at one address. It is constant from then
 * on, so that reading it needs no lock.
 */
#ifndef CLUSTER_RECORD_H
#define CLUSTER_RECORD_H

#include <api/types.h>
#include <kernel/types.h>

enum {
    MAX_IO_APICS = 64,
    MAX_NODE_REGIONS = 32,
    MAX_NODE_DEVICES = 32,
    MAX_NODE_PORT_RANGES = 32,
    MAX_DEVICE_RANGES = 256,
    MAX_IMAGE_SEGMENTS = 64,
    NO_NODE = 0xffff,
    CONSOLES = 4,
    CONSOLE_NONE = 0 /* else the UART's first port, of console_ports */
};

/* First ports of com1 to com4. */
extern const uint16_t console_ports[CONSOLES];

/* --- the plan: who has what --- */

struct port_range {
    uint16_t first, last; /* both included */
};

/* A data module of a node: it lies in the node's image range, after the image. */
struct data_plan {
    uint32_t module;
    uint64_t offset; /* from the start of the image range: whole pages */
    uint64_t bytes;
    char name[ABI_CMK_DATA_NAME_BYTES];
};

struct node_plan {
    uint32_t cpu_count;
    uint32_t missing_cpus; /* left out, because they did not answer (missing-cpus=go-on) */
    uint16_t cpu[ABI_CMK_MAX_NODE_CPUS]; /* logical CPU numbers */
    /* The private region: ascending, page-aligned, cut at 2 MiB. */
    struct range region[MAX_NODE_REGIONS];
    uint32_t region_count;
    uint16_t console_port;
    bool all_devices;   /* see global_state.device */
    bool console_ports; /* with all devices: its console's UART, though others share it */
    struct range device[MAX_NODE_DEVICES]; /* devices=LIST: whole pages, ascending */
    uint32_t device_count;
    struct port_range port[MAX_NODE_PORT_RANGES];
    uint32_t port_count;

    /*
     * User image: loaded contiguously at image.start, which is in the private region and collides
     * with nothing busy.
     */
    uint32_t module;
    struct range image;   /* physical, page-aligned: the image, then data modules */
    uint64_t image_bytes; /* of the image alone: whole pages */
    struct data_plan data[ABI_CMK_MAX_DATA];
    uint32_t data_count;
    vaddr_t image_vaddr; /* of image.start */
    vaddr_t image_entry;
    bool image_rwx;
    uint8_t cnode_bits; /* log2 of the root CNode's slots */
    bool starts_off;    /* with manager=on: not at boot */
    /*
     * With manager=on: what the node's image range holds before its first instruction, in memory
     * that no node owns. Empty: the node cannot be started again.
     */
    struct range store;
    enum profile profile;
    uint32_t argument_count;
    uint32_t argument_bytes;
    /* Zero-terminated, one after the other; the first is "nodeK". */
    char arguments[ABI_CMK_ARGUMENT_BYTES];
};

struct channel_plan {
    uint16_t node[2]; /* ascending */
    struct range range;
};

/*
 * Interrupt remapping: messages and pins choose an entry of one table, which boot writes. Entries
 * come in groups of INTERRUPT_GROUP, one for each IRQ number (include/arch/interrupt.h); those of
 * users are there, the others are blocked. There is one group for each source, then two for each
 * IOAPIC, edge and level triggered: its pins are one source to the IOMMU, and belong to one node.
 */
enum { INTERRUPT_GROUP = 128, MAX_INTERRUPT_GROUPS = 512 };

struct message_source {
    uint16_t function;  /* bus << 8 | device << 3 | function */
    uint16_t requester; /* what the IOMMU sees: the same, unless a bridge changes it */
    uint16_t node;
};

struct interrupt_remapping {
    bool on;
    bool extended;      /* the table has APIC ids of 32 bits */
    struct range table; /* in cluster.iommu_tables; 16 bytes an entry, a power of two of them */
    uint32_t source_count;
    struct message_source source[MAX_INTERRUPT_GROUPS];
};

struct cluster {
    uint32_t node_count;
    struct node_plan node[ABI_CMK_MAX_NODES];
    struct range shared; /* 2 MiB-aligned; empty: none */
    uint32_t channel_count;
    struct channel_plan channel[ABI_CMK_MAX_CHANNELS];
    uint32_t cpu_count; /* existing CPUs, logical numbering */
    struct {
        uint32_t apic_id;
        uint16_t node;  /* NO_NODE: stays off */
        uint16_t index; /* within its node */
    } cpu[ABI_CMK_MAX_CPUS];
    paddr_t trampoline; /* one page below 640 KiB */
    /*
     * Below 4 GiB: boot_page_bytes, then the nodes' boot tables and the IOMMUs' tables, which no
     * node maps, status pages, console pages, boot's log, and the life page.
     */
    struct range boot_pages;
    struct range boot_tables;  /* the nodes' (boot/machine/node_boot_table.c) */
    struct range iommu_tables; /* empty: no IOMMU is used */
    struct interrupt_remapping interrupts;
    paddr_t status_page;   /* of node 0; the others follow */
    paddr_t console_page;  /* of com1; com2..com4 follow */
    paddr_t life_page;     /* with manager=on: the nodes' life words (cluster/life.h); else 0 */
    uint64_t console_mark; /* part of how the kernels' lines begin; 0: none */
    paddr_t log_page;      /* struct cmk_boot_log */
    bool plan_only;
    bool checks;
    bool balance;
    bool fastpath;
    bool missing_cpus_go_on;
    bool manager;   /* node 0 may stop and start the others */
    bool power_off; /* when all nodes have ended */
    bool avx;       /* where the CPU has it, users may use it */
};

static inline paddr_t status_page_of(const struct cluster *cluster, uint32_t node)
{
    return cluster->status_page + node * BIT(ABI_PAGE_BITS);
}

/* --- the machine --- */

/*
 * What the CPUs can do: gates for every control bit. All CPUs of the machine are taken to be alike.
 */
struct cpu_features {
    bool nx, smep, smap, umip, fsgsbase, pcid, huge_pages, xsave, avx, x2apic, global_pages,
        tsc_deadline;
    uint8_t physical_address_bits;
};

/* Boot info material that the loader and the firmware gave; copied, since that memory is reused. */
struct firmware_record {
    uint8_t rsdp[36];
    uint32_t mmap_length; /* bytes of 24-byte Multiboot 1 entries, at most 50; 0 with Multiboot 2 */
    uint8_t mmap[50 * 24];
    bool has_framebuffer;
    uint8_t framebuffer[22]; /* packed as contract 9.8 */
    bool has_vbe;
    uint8_t vbe[784];
};

/* How to switch the machine off by ACPI's fixed hardware (ACPI specification 6.4, 4.8.3.2). */
struct power_off {
    uint16_t control_port[2]; /* PM1a_CNT, PM1b_CNT; 0: there is none; without the first, no way */
    uint8_t sleep_type[2];    /* for each: of state S5 */
    uint16_t enable_port;     /* SMI_CMD: where enable_value goes while ACPI is off; 0: it is on */
    uint8_t enable_value;
};

struct io_apic {
    paddr_t base;       /* of its registers: below 4 GiB, a multiple of 16, not always of a page */
    uint32_t first_gsi; /* of its pin 0 */
    uint32_t pins;
    uint8_t id; /* as in the MADT */
};

/* What the pages of a user image may be used for: its segments, in the order of its table. */
struct image_segments {
    uint32_t count;
    struct image_segment {
        vaddr_t start, end; /* not page-aligned */
        bool writable, executable;
    } segment[MAX_IMAGE_SEGMENTS];
};

/* Union of the permissions of the segments that touch the page: what its mapping gets. */
void image_page_permissions(const struct image_segments *image, vaddr_t page, bool *writable,
                            bool *executable);

/* --- how nodes begin --- */

/*
 * How an arriving CPU finds its place: by APIC id. The table ends with a zero stack and boot table.
 */
struct arrival {
    uint32_t apic_id;
    uint32_t cpu;       /* logical number */
    word_t stack_top;   /* window address; the same memory as the top of its CPU block's stack */
    paddr_t boot_table; /* its node's: loaded in 32-bit mode, so below 4 GiB */
};

/* What a CPU finds that boot starts to see whether it is there (missing-cpus=go-on). */
struct called_cpu {
    uint32_t apic_id;
    uint32_t cpu;     /* logical number */
    uint32_t present; /* 0 at first; the CPU writes 1 with release order, boot reads it */
};

/*
 * Memory that boot_sys set aside for a node's kernel, at addresses its arriving CPUs must know: in
 * its private region.
 */
struct node_memory {
    paddr_t boot_table; /* PML4 of the table that its CPUs arrive on: not in its region */
    paddr_t root;       /* PML4 of the node's own page table */
    paddr_t cpu_blocks; /* CPU_BLOCK_PAGES for each CPU of the node */
    struct range all;   /* the last two */
};

struct global_state {
    struct arrival arrival[ABI_CMK_MAX_CPUS + 1];
    struct node_memory node_memory[ABI_CMK_MAX_NODES];
    struct cluster cluster;
    struct image_segments image[ABI_CMK_MAX_NODES];
    struct cpu_features features;
    struct firmware_record firmware;
    struct io_apic io_apic[MAX_IO_APICS];
    uint32_t io_apic_count;
    struct power_off power_off;
    /* Device memory of the node that has all devices: ascending, disjoint. */
    struct range device[MAX_DEVICE_RANGES];
    uint32_t device_count;
    paddr_t pci_config_base; /* PCI configuration pages of segment 0, or 0 */
    uint8_t pci_first_bus, pci_last_bus;
    uint64_t entry_tsc; /* the boot CPU's TSC when the loader entered the kernel */
    uint32_t tsc_khz;
    uint32_t tsc_mhz;                    /* the same, rounded */
    uint32_t apic_ticks_per_millisecond; /* at divider 1 */
    paddr_t apic_base;
};

#include <target/record.h> /* declares global_state */

#endif
