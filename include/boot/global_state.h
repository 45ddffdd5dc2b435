/*
 * The global state: the record of the whole cluster. Written by boot_sys before it starts the first other CPU, mapped
 * read-only in every node afterwards, at one address. Nobody writes it after that, so nobody needs a lock to read it.
 */
#ifndef BOOT_GLOBAL_STATE_H
#define BOOT_GLOBAL_STATE_H

#include <boot/plan.h>

/* What the CPUs can do: gates for every control bit. All CPUs of the machine are taken to be alike. */
struct cpu_features {
    bool nx, smep, smap, umip, fsgsbase, pcid, invpcid, huge_pages, xsave, x2apic, tsc_deadline, global_pages;
    uint8_t physical_address_bits;
};

/* Boot info material that the loader and the firmware gave; copied, since that memory is reused. */
struct firmware_record {
    uint8_t rsdp[36];
    uint32_t mmap_length;         /* bytes of 24-byte Multiboot 1 entries, at most 50; 0 with Multiboot 2 */
    uint8_t mmap[50 * 24];
    bool has_framebuffer;
    uint8_t framebuffer[22];      /* packed as contract 9.8 */
    bool has_vbe;
    uint8_t vbe[784];
};

struct global_state {
    struct cluster cluster;
    struct cpu_features features;
    struct firmware_record firmware;
    struct machine_facts facts;          /* pointers in it (modules, strings) are stale after boot */
    uint32_t tsc_mhz;
    uint32_t apic_ticks_per_millisecond; /* at divider 1 */
    paddr_t apic_base;
    paddr_t boot_root;                   /* PML4 of the boot page table */
    struct range kernel_image;
};

#ifndef HOST_BUILD
/* The mapping that nodes have. boot_sys writes through the boot page table's view of the same memory. */
extern const struct global_state global_state;
#endif

#endif
