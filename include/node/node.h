/*
 * Part 2 of boot: boot_node on every node's first CPU, join_node on its others (thesis 5.4). A CPU
 * starts at the trampoline, finds its place in the cluster's record and needs nothing else that
 * part 1 left. Nothing here is called after a node's first user instruction.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include <cluster/ranges.h>
#include <cluster/record.h>
#include <kernel/cpu.h>

/* node/arrival.asm: this CPU finds its place in the record and goes on in cpu_arrived. */
_Noreturn void cpu_arrival(void);

/* This CPU, by its logical number, on its own stack, under its node's boot table. */
_Noreturn void cpu_arrived(uint32_t cpu);

/* Free memory of the node while it boots: private regions minus what was taken. */
struct boot_allocator {
    /* Each object splits a range at most, and objects of one size fill the splits of others. */
    struct range room[MAX_NODE_REGIONS + 64];
    struct range_list free;
    bool failed; /* a request could not be met */
};

/* Everything of the node's private regions that boot_sys has not set aside. */
void free_node_memory(uint32_t node, struct boot_allocator *allocator);

/*
 * Takes zeroed memory of 2^size_bits bytes, aligned to its size, from the top of the last range
 * that has it; 0: none left.
 */
paddr_t allocate(struct boot_allocator *allocator, unsigned size_bits);

/*
 * The node's own page table (no user mappings): its private regions, kernel image, states, CPU
 * blocks, devices.
 */
void build_node_page_table(uint32_t node, struct boot_allocator *allocator, paddr_t node_state);

/*
 * What one node's kernel starts from: sees its own node only. Under the node's own page table.
 * Creates the initial thread with its capabilities, boot info, untypeds and image frames.
 */
void init_node_state(uint32_t node, struct boot_allocator *allocator);

#endif
