/*
 * The global state: the record of the whole cluster. Written by boot_sys before it starts the first
 * other CPU, mapped read-only in every node afterwards, at one address. Nobody writes it after
 * that, so nobody needs a lock to read it.
 */
#ifndef CLUSTER_RECORD_H
#define CLUSTER_RECORD_H

#include <boot/plan/elf.h>
#include <boot/plan/plan.h>

/*
 * What the CPUs can do: gates for every control bit. All CPUs of the machine are taken to be alike.
 */
struct cpu_features {
    bool nx, smep, smap, umip, fsgsbase, pcid, invpcid, huge_pages, xsave, x2apic, tsc_deadline,
        global_pages;
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

/*
 * How an arriving CPU finds its place: by APIC id. node/arrival.asm knows this layout. Ends with a
 * zero stack.
 */
struct arrival {
    uint32_t apic_id;
    uint32_t cpu;     /* logical number */
    word_t stack_top; /* window address; the same memory as the top of its CPU block's stack */
};
_Static_assert(sizeof(struct arrival) == 16 && offsetof(struct arrival, cpu) == 4 &&
                   offsetof(struct arrival, stack_top) == 8,
               "node/arrival.asm");

/*
 * Memory that boot_sys set aside for a node's kernel, at addresses its arriving CPUs must know: in
 * its private region.
 */
struct node_memory {
    paddr_t root;       /* PML4 of the node's own page table */
    paddr_t cpu_blocks; /* CPU_BLOCK_MEMORY_BYTES for each CPU of the node */
};

struct global_state {
    struct arrival arrival[ABI_CMK_MAX_CPUS + 1]; /* first */
    struct node_memory node_memory[ABI_CMK_MAX_NODES];
    struct cluster cluster;
    struct elf_image
        image[ABI_CMK_MAX_NODES]; /* of the nodes' user images: their modules are gone by part 2 */
    struct cpu_features features;
    struct firmware_record firmware;
    struct machine_facts facts; /* pointers in it (modules, strings) are stale after boot */
    uint64_t entry_tsc;         /* the boot CPU's TSC when the loader entered the kernel */
    uint32_t tsc_mhz;
    uint32_t apic_ticks_per_millisecond; /* at divider 1 */
    paddr_t apic_base;
    struct range kernel_image;
};

#ifndef HOST_BUILD
/*
 * The mapping that nodes have. boot_sys writes through the boot page table's view of the same
 * memory.
 */
extern const struct global_state global_state;
#else
extern struct global_state global_state; /* a test's own */
#endif

#endif
