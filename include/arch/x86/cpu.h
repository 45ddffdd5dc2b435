/*
 * The architecture's part of a CPU, and where CPU blocks lie.
 *
 * A CPU block is CPU_BLOCK_SIZE bytes of address space, the i-th at CPU_BLOCKS + i * CPU_BLOCK_SIZE, in the top 2 GiB so
 * that assembly can use absolute addresses. From the bottom (unmapped pages are guards):
 *
 *   offset 0        struct cpu (CPU_STRUCT_PAGES pages), then the descriptor page (GDT, IDT), then a guard page
 *   CPU_STACK_*     the stacks, each below its own TOP and above a guard page
 */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include <kernel/types.h>

#define CPU_BLOCK_SIZE_BITS   17
#define CPU_BLOCK_SIZE        (1 << CPU_BLOCK_SIZE_BITS)
#define CPU_STRUCT_PAGES      4
#define CPU_IDT_OFFSET        0x4000 /* one page */
#define CPU_GDT_OFFSET        0x5000 /* one page */
/* Guard page at 0x6000. Each stack: [top - size, top), with an unmapped page below. */
#define CPU_DOUBLE_FAULT_TOP  0x8000 /* 4 KiB: 0x7000..0x8000 */
#define CPU_NMI_TOP           0xa000
#define CPU_MACHINE_CHECK_TOP 0xc000
#define CPU_DEBUG_TOP         0xe000
#define CPU_EXCEPTION_STACK_BYTES 0x1000
#define CPU_STACK_TOP         0x20000 /* the CPU's own stack: 16 KiB, 0x1c000..0x20000; ends the block */
#define CPU_STACK_BYTES       0x4000

/* 64-bit TSS (Intel SDM volume 3, 8.7). Packed by hand: the 64-bit fields are 4-byte aligned. */
struct tss {
    uint32_t reserved0;
    uint32_t rsp0[2];
    uint32_t rsp1_rsp2[4];
    uint32_t reserved1[2];
    uint32_t ist[7][2];
    uint32_t reserved2[2];
    uint16_t reserved3;
    uint16_t io_map_base;
};
_Static_assert(sizeof(struct tss) == 104, "the CPU knows this layout");

/* An MCS queue lock's place in the queue, one per CPU (docs/locking.md). */
struct lock_node {
    struct lock_node *next; /* set by the CPU that queues behind us; null: nobody yet */
    uint64_t wait;          /* 1 while we wait; cleared by our predecessor */
};

/* How a CPU got into the kernel. Written by it on entry, before it waits for the lock; read by it afterwards (door.md). */
struct trap_record {
    struct tcb *thread;     /* who was running, or null when idle */
    word_t vector;          /* or ENTERED_BY_SYSCALL */
    word_t error;
    word_t fault_address;   /* CR2, for page faults */
};

struct arch_cpu {
    struct arch_cpu *self;       /* this CPU block's address: assembly gets it from the top of the stack */
    struct trap_record trap;
    word_t node_root;            /* CR3 value of the node's own page table: no user mappings */
    word_t loaded_root;          /* CR3 value that is loaded now; written by this CPU, and read under the lock.
                                    `vspace[c]` of door.md: door_shootdown() compares it */
    uint64_t fpu_live;           /* 1: the registers hold the current thread's FPU state */
    uint32_t apic_id;            /* constant */
    uint32_t reserved;
    _Alignas(64) struct lock_node lock;
    _Alignas(64) struct tss tss;
};

#define CPU_BLOCKS 0xffffffffc0000000

#ifndef HOST_BUILD
static inline struct cpu *cpu_by_index(uint32_t index)
{
    return (struct cpu *)(CPU_BLOCKS + ((word_t)index << CPU_BLOCK_SIZE_BITS));
}
#else
struct cpu *cpu_by_index(uint32_t index);
#endif

#endif
