/*
 * Part 1 of boot: once, on the boot CPU, under the boot page table. What is here and in boot/plan/
 * is in no node's page table: nothing of it can be called, and none of its variables read, after
 * cpu_arrival (node/node.h).
 */
#ifndef BOOT_MACHINE_MACHINE_H
#define BOOT_MACHINE_MACHINE_H

#include <boot/plan/plan.h>
#include <cluster/record.h>

/*
 * From the entry stub, on the boot stack. `entry_tsc` is the TSC when the stub was entered.
 */
_Noreturn void boot_sys(uint32_t magic, uint32_t information, uint64_t entry_tsc);

/* Where boot prints: com1. */
enum { BOOT_CONSOLE = 0x3f8 };

/* Before anything is printed: boot's console, if it is there. */
void report_init(void);
bool report_has_console(void);

/* Boot's log goes on at `place`, with all that it has so far. */
void report_move(paddr_t place);

/* Prints one line, "cmk: " before it, on boot's console and into its log. */
__attribute__((format(printf, 1, 2))) void boot_print(const char *format, ...);

/*
 * The same about a node, when programs may run already: as the node's kernel would begin the line.
 */
__attribute__((format(printf, 2, 3))) void boot_print_for_node(uint32_t node, const char *format,
                                                               ...);

/* Reports and stops the machine: nothing has been started yet. */
__attribute__((format(printf, 1, 2))) _Noreturn void boot_refuse(const char *format, ...);

/* After the last line of a refusal, or of plan=only. */
_Noreturn void boot_halt(void);

/* What the CPU can do (CPUID), for every control bit that the kernel sets. */
void detect_features(struct cpu_features *features);

/*
 * PCI: every function and its address registers into the facts, and bus mastering off everywhere.
 */
void pci_discover(struct machine_facts *facts);

/* Masks the 8259s and every pin of every IOAPIC; reads how many pins each has. */
void silence_interrupt_controllers(struct machine_facts *facts);

/* Reads what every IOMMU can do into facts->dmar. */
void iommu_discover(struct machine_facts *facts);

/*
 * Turns DMA remapping on in every unit, with the tables of the plan, which it writes; refuses if a
 * unit does not answer. Nothing if the plan uses no IOMMU.
 */
void iommu_start(const struct machine_facts *facts, const struct cluster *cluster);

/* How fast TSC and local APIC timer run, into the record; refuses clocks that cannot be right. */
void calibrate_timers(const struct machine_facts *facts, struct global_state *state);

/*
 * Adds RAM above 4 GiB to the boot window. `pages` is zeroed memory for page tables, one page per
 * GiB without 1 GiB pages.
 */
void boot_window_extend(const struct machine_facts *facts, bool huge_pages, paddr_t pages);
uint64_t boot_window_table_bytes(const struct machine_facts *facts, bool huge_pages);

/*
 * Sets aside root and CPU blocks of every node in its private region. False, with a line for each
 * node that has no room.
 */
bool place_node_memory(struct global_state *state);

/*
 * Makes every node's boot table in the plan's pages for them. False, with a line: the pages do not
 * do, which the plan rules out. Each table needs node_boot_table_bytes() besides what maps private
 * memory.
 */
bool make_node_boot_tables(struct global_state *state);
uint64_t node_boot_table_bytes(void);

/* Every CPU that the plan still has will find its place. Once: CPUs may read it from then on. */
void fill_arrival_table(struct global_state *state);

/*
 * Starts every CPU that is not its node's first, to see that it answers, and leaves those out that
 * do not, with a line for each. Those that do halt, and wait to be started by their nodes. The
 * trampoline is in its place. At most about a second for all.
 */
void call_roll(struct cluster *cluster);

#endif
