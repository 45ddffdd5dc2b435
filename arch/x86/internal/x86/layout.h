/*
 * The kernel half of every address space (docs/memory-map.md). linker.ld places the first four,
 * boot_node maps them all. Plain macros: assembly and the linker script use the same numbers.
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define KERNEL_IMAGE                                                                               \
    0xffffffff80000000 /* + physical address: text and read-only data, one copy for all nodes */
#define GLOBAL_STATE 0xffffffff90000000 /* the cluster, read-only */
#define NODE_STATE   0xffffffffa0000000 /* .data and .bss: this node's own */
#define LOCAL_APIC   0xffffffffd0000000 /* each CPU sees its own; unused in x2APIC mode */
#define IO_APICS     0xffffffffd0010000 /* one page each, only in the node that owns them */
#define STATUS_PAGE  0xffffffffd0100000 /* this node's, see api/cluster.h */
#define CONSOLE_PAGE 0xffffffffd0101000 /* turns at this UART, of all nodes that use it */
#define STATUS_PAGES 0xffffffffd0102000 /* of all nodes, read-only */
#define LIFE_PAGE    0xffffffffd0150000 /* with manager=on: life words; node 0 may write them */
/* CPU_BLOCKS is in target/cpu.h, KERNEL_WINDOW in arch/memory.h. */

#endif
