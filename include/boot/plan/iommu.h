/*
 * DMA remapping by Intel's VT-d: whose memory each PCI function reaches. One domain for each node
 * with functions: an identity map of the node's private memory, its shared region and channels,
 * and what firmware reserves for the node's functions. Functions of no node are blocked. Plain C;
 * formats and register fields are those of the VT-d specification 4.0, chapters 9 and 11, in
 * legacy mode.
 *
 * The tables are the same for every unit: a request arrives at the one unit that serves its
 * function, so a table may say more than its unit can be asked.
 */
#ifndef BOOT_PLAN_IOMMU_H
#define BOOT_PLAN_IOMMU_H

#include <boot/plan/plan.h>
#include <cluster/ranges.h>

enum {
    MAX_REQUESTERS = 2048,
    IOMMU_LEAST_LEVELS = 3,
    IOMMU_MOST_LEVELS = 4,
    IOMMU_LEVEL_KINDS = IOMMU_MOST_LEVELS - IOMMU_LEAST_LEVELS + 1
};

/* Addresses that three levels reach; the planner uses no memory beyond. */
#define IOMMU_LIMIT BIT(39)

/* A source of requests, as units see it; bridges give all that is beyond them one id. */
struct requester {
    uint16_t id; /* bus << 8 | device << 3 | function */
    uint16_t node;
};

struct iommu_plan {
    bool on;
    const char *why_not;           /* why it is off; null: the configuration says so */
    const char *why_no_interrupts; /* the same for interrupt remapping, where the IOMMU is on */
    bool large_pages, huge_pages;  /* every unit has pages of 2 MiB, of 1 GiB */
    bool uses_levels[IOMMU_LEVEL_KINDS];
    uint64_t domains; /* bit set: that node has a domain */
    uint32_t requester_count;
    struct requester requester[MAX_REQUESTERS];
};

/* Of the last plan_cluster(). */
const struct iommu_plan *iommu_plan(void);

/* Levels of the tables that a unit is given: the most that it has, or 0. */
unsigned iommu_levels(uint64_t capability);

/*
 * True if firmware reserves the region for a function of the node. `region` is of segment 0, as
 * all functions are that boot knows.
 */
bool iommu_region_is_for(const struct machine_facts *facts, const struct cluster *cluster,
                         const struct dmar_region *region, uint32_t node);

/* A function of the node that no unit serves, or null. */
const struct pci_fact *iommu_unserved(const struct machine_facts *facts,
                                      const struct cluster *cluster, uint32_t node);

/* --- tables --- */

/*
 * Bytes that are enough for the tables of the last plan, before its regions are known. `ram` is
 * what nodes may own. 0 if it uses no IOMMU.
 */
uint64_t iommu_table_bytes(const struct machine_facts *facts, const struct cluster *cluster,
                           const struct range_list *ram);

struct iommu_tables {
    struct range place;              /* where they go */
    uint64_t *window;                /* the same memory, writable, and zeros */
    paddr_t next;                    /* of `place`: not used yet */
    paddr_t root[IOMMU_LEVEL_KINDS]; /* root tables, by levels; 0: no unit wants it */
    paddr_t nothing;                 /* a root table that blocks everything */
    paddr_t queue;                   /* a page for invalidation requests */
};

/*
 * Writes the tables for the last plan into `place`. False: there is too little room, which
 * iommu_table_bytes() rules out.
 */
bool iommu_build_tables(const struct machine_facts *facts, const struct cluster *cluster,
                        struct iommu_tables *tables);

/* --- interrupt remapping (specification, chapters 5 and 9.9) --- */

/*
 * Plans that interrupts are remapped, for all sources, in cluster->interrupts. Or why not: then
 * nothing is planned.
 */
const char *plan_interrupts(const struct machine_facts *facts, struct cluster *cluster);

/* What the table takes: a power of two of entries; 0 if there is none. */
uint64_t interrupt_table_bytes(const struct machine_facts *facts, const struct cluster *cluster);

/* Writes the table into `window`, which is as large as cluster->interrupts.table, and zeros. */
void build_interrupt_table(const struct machine_facts *facts, const struct cluster *cluster,
                           uint64_t *window);

/* What the IOMMU sees as the source of a function's requests; the last bridge on the way counts. */
uint16_t requester_of(const struct machine_facts *facts, const struct pci_fact *function);

/* The source id of an IOAPIC, as the DMAR names it; false: it does not. */
bool io_apic_requester(const struct machine_facts *facts, uint32_t io_apic, uint16_t *requester);

#endif
