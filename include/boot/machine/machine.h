/*
 * Boot: part 1 is boot_sys, once, on the boot CPU; part 2 is boot_node on every node's first CPU
 * and init_node_cpu on every CPU of the node (thesis 5.4). Nothing here is called after a node's
 * first user instruction.
 */
#ifndef BOOT_MACHINE_MACHINE_H
#define BOOT_MACHINE_MACHINE_H

#include <cluster/record.h>
#include <kernel/cpu.h>

/* --- part 1 --- */

/*
 * From the entry stub, on the boot stack, under the boot page table. `entry_tsc` is the TSC when
 * the stub was entered.
 */
_Noreturn void boot_sys(uint32_t magic, uint32_t information, uint64_t entry_tsc);

/* Prints one line, "cmk: " before it, on boot's console. */
void boot_print(const char *format, ...);

/* Reports and stops the machine: nothing has been started yet. */
_Noreturn void boot_refuse(const char *format, ...);

/* What the CPU can do (CPUID), for every control bit that the kernel sets. */
void detect_features(struct cpu_features *features);

/*
 * PCI: every function and its address registers into the facts, and bus mastering off everywhere.
 */
void pci_discover(struct machine_facts *facts);

/* Masks the 8259s and every pin of every IOAPIC; reads how many pins each has. */
void silence_interrupt_controllers(struct machine_facts *facts);

/* Measures TSC and local APIC timer against the PIT: several samples, the smallest counts. */
void calibrate_timers(struct global_state *state);

/*
 * Adds RAM above 4 GiB to the boot window. `pages` is zeroed memory for page tables, one page per
 * GiB without 1 GiB pages.
 */
void boot_window_extend(const struct machine_facts *facts, bool huge_pages, paddr_t pages);
uint64_t boot_window_table_bytes(const struct machine_facts *facts, bool huge_pages);

/*
 * Sets aside root and CPU blocks of every node in its private region, and fills in the arrival
 * table.
 */
bool place_node_memory(struct global_state *state);

/*
 * Starts the CPU with this APIC id at the trampoline. Everything written before is visible to it: a
 * fence comes first (thesis 5.3.6). It need not answer: callers wait, bounded, for a sign of life,
 * and call again once.
 */
void start_cpu(uint32_t apic_id);

/* Waits at least `microseconds`, by the TSC. */
void boot_delay(uint32_t microseconds);

/* --- part 2 --- */

/*
 * node/arrival.asm: this CPU finds its place in the global state and goes on in cpu_arrived, on its
 * own stack.
 */
_Noreturn void cpu_arrival(void);

/*
 * From cpu_arrival: this CPU, by its logical number, on its own stack, under the boot page table.
 */
_Noreturn void cpu_arrived(uint32_t cpu);

/*
 * On the node's first CPU, under the boot page table: builds page table and node state in the
 * node's memory, switches to them, and sets up the node. Writes no C global before the switch: they
 * are the scratch instance's, not the node's.
 */
_Noreturn void boot_node(uint32_t node);

/* Free memory of the node while it boots: private regions minus what was taken. */
struct boot_allocator {
    struct range_list free;
    bool failed; /* a request could not be met */
};

/*
 * Takes zeroed memory of 2^size_bits bytes, aligned to its size, from the top of the last range
 * that has it; 0: none left.
 */
paddr_t allocate(struct boot_allocator *allocator, unsigned size_bits);
/* Everything of the node's private regions that boot_sys has not set aside. */
void free_node_memory(const struct global_state *state, uint32_t node, struct range_list *list);
void remove_range(struct range_list *list, struct range range);

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

/* Every CPU of the node: descriptor tables, control registers, APIC, timer. */
struct cpu *init_node_cpu(uint32_t cpu);

/*
 * Where CPU block memory and address meet: bytes of memory behind each block, and the block's pages
 * in order.
 */
#define CPU_BLOCK_MEMORY_PAGES 14
#define CPU_BLOCK_MEMORY_BYTES (CPU_BLOCK_MEMORY_PAGES * 4096)

#endif
