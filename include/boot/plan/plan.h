/*
 * From facts about the machine and a command line to the plan of a cluster: plain C, no hardware,
 * no allocation.
 *
 *   facts that boot_sys discovered, command line, modules
 *       -- plan_cluster() --> struct cluster, or a list of mistakes
 *
 * Everything is checked as a whole: each mistake is one line through the `complain` callback, and
 * nothing boots on half a configuration. The resulting cluster becomes part of the global state,
 * which every node may read.
 */
#ifndef BOOT_PLAN_PLAN_H
#define BOOT_PLAN_PLAN_H

#include <boot/plan/topology.h>
#include <boot/plan/dmar.h>
#include <cluster/record.h>

enum {
    MAX_MEMORY_RANGES = 1024,
    MAX_PCI_FUNCTIONS = 1024,
    MAX_IOMMUS = 64,
    MAX_PROXIMITY_RANGES = 64,
    MAX_MODULES = 64,
    NO_PROXIMITY = 0xffffffff
};

/* --- what boot_sys found --- */

struct memory_fact {
    struct range range;
    uint32_t type; /* E820 numbering: 1 is RAM */
};

struct cpu_fact {
    uint32_t apic_id;
    uint32_t proximity; /* SRAT's domain, or NO_PROXIMITY */
};

struct proximity_fact {
    struct range range;
    uint32_t proximity;
};

struct pci_bar_fact {
    bool is_port;
    uint64_t base, size; /* size 0: not there */
};

struct pci_fact {
    uint8_t bus, device, function;
    uint16_t vendor, product;
    /* Of a bridge: what happens to requester ids of what is beyond it, and the buses there. */
    enum pci_bridge {
        PCI_NO_BRIDGE,
        PCI_PORT,            /* PCI Express: they stay as they are */
        PCI_TO_CONVENTIONAL, /* from PCI Express: they become its secondary bus, 00.0 */
        PCI_CONVENTIONAL     /* they become the bridge's own */
    } bridge;
    uint8_t secondary_bus, subordinate_bus;
    uint32_t class; /* class, subclass and interface: 0x0c0330 is a USB controller */
    struct pci_bar_fact bar[6];
};

struct module_fact {
    struct range range;  /* where the loader put it */
    const uint8_t *data; /* the same bytes, readable */
    const char *text;    /* its string, as the loader passed it; never null */
};

struct machine_facts {
    struct memory_fact memory[MAX_MEMORY_RANGES];
    uint32_t memory_count;
    struct cpu_fact
        cpu[ABI_CMK_MAX_CPUS]; /* in logical order: the boot CPU first, then as in the MADT */
    uint32_t cpu_count;
    uint32_t cpus_dropped;     /* found beyond ABI_CMK_MAX_CPUS */
    uint32_t cpus_unreachable; /* their APIC ids need x2APIC, which this machine does not have */
    bool x2apic;               /* the CPUs' APICs are used in that mode */
    struct topology topology;
    struct proximity_fact proximity[MAX_PROXIMITY_RANGES];
    uint32_t proximity_count;
    struct io_apic io_apic[MAX_IO_APICS];
    uint32_t io_apic_count;
    struct pci_fact pci[MAX_PCI_FUNCTIONS];
    uint32_t pci_count;
    paddr_t mcfg_base; /* PCI configuration pages of segment 0, or 0 */
    uint8_t mcfg_first_bus, mcfg_last_bus;
    struct range iommu[MAX_IOMMUS]; /* IOMMU register pages */
    uint32_t iommu_count;
    struct dmar_facts dmar; /* VT-d's units, also among iommu[] */
    struct module_fact module[MAX_MODULES];
    uint32_t module_count;
    const char *command_line;  /* never null */
    const char *loader;        /* the loader's name, or "" */
    struct range kernel_image; /* with everything that boot keeps in it */
    struct range
        busy[8]; /* boot information and strings: not to be overwritten before images load */
    uint32_t busy_count;
    uint32_t physical_address_bits;
    uint64_t boot_page_bytes;  /* the planner adds status pages, console pages and the log */
    uint64_t boot_table_bytes; /* of each node's boot table, without what maps private memory */
    uint64_t node_state_bytes; /* .data and .bss: every node has its own copy */
    paddr_t hpet_base;         /* ACPI's HPET registers, or 0 */
    struct power_off power_off;
    uint16_t pm_timer_port; /* ACPI's PM timer (24 bits are always there), or 0 */
};

/* --- the plan --- */

/* One mistake, without a newline. */
typedef void complain_function(void *context, const char *line);

/*
 * Fills in `cluster`. Returns the number of mistakes found, each reported through `complain`; with
 * any, `cluster` is not to be used. Bounded time and stack (no recursion, at most 16 KiB of
 * locals).
 */
unsigned plan_cluster(const struct machine_facts *facts, struct cluster *cluster,
                      complain_function *complain, void *context);

/*
 * Leaves CPUs out of their nodes: those for which is_missing[logical number] is set. Never a node's
 * first: without that one there is no node.
 */
void plan_without_cpus(struct cluster *cluster, const bool is_missing[ABI_CMK_MAX_CPUS]);

/*
 * How much of a node's private memory its kernel takes before the first user instruction, besides
 * the user image: node state, page tables, CPU blocks, the initial thread's objects. Never less
 * than the truth; uses cpu_count, region, image.
 */
uint64_t node_kernel_bytes(const struct node_plan *node, uint64_t node_state_bytes);

/*
 * What boot_sys sets aside of it, in one piece, for the root page table and the CPU blocks:
 * arriving CPUs must know where these are.
 */
uint64_t node_set_aside_bytes(const struct node_plan *node);

/*
 * Yields, ascending and disjoint, the physical addresses below 2^47 that are device memory of
 * `node` (contract 9.9): for the node with all devices everything that is not reserved, for the
 * others what devices=LIST names. Never RAM of 1 MiB and up that a node may own (given to one or
 * not), kernel image, boot pages, trampoline, 0xfee00000-0xfeefffff, IOAPIC and IOMMU pages, the
 * last 8 bytes below 4 GiB, or what another node's LIST names. Not reentrant.
 */
typedef void range_function(void *context, struct range range);
void device_ranges(const struct machine_facts *facts, const struct cluster *cluster, uint32_t node,
                   range_function *yield, void *context);

/*
 * Prints the plan as tables, line by line without newlines: CPUs, memory with rejected regions and
 * why, proximity, devices, images.
 */
typedef void print_line_function(void *context, const char *line);
void print_plan(const struct machine_facts *facts, const struct cluster *cluster,
                print_line_function *print, void *context);

#endif
