/*
 * The architecture's part of a CPU, and where CPU blocks lie.
 *
 * A CPU block is CPU_BLOCK_SIZE bytes of address space, the i-th at CPU_BLOCKS + i *
 * CPU_BLOCK_SIZE, in the top 2 GiB so that assembly can use absolute addresses. From the bottom
 * (unmapped pages are guards):
 *
 *   below offset 0  the CPU's own stack, above a guard page. Its last words are the first ones of
 *                   struct cpu
 *   offset 0        struct cpu (CPU_STRUCT_PAGES pages), then the descriptor pages (IDT, GDT), then
 *                   a guard page
 *   CPU_*_TOP       the stacks of exceptions, each below its own TOP and above a guard page
 */
#ifndef TARGET_CPU_H
#define TARGET_CPU_H

#include <arch/context.h>
#include <kernel/types.h>

#define CPU_BLOCK_SIZE_BITS 17
#define CPU_BLOCK_SIZE      (1 << CPU_BLOCK_SIZE_BITS)
#define CPU_STRUCT_PAGES    4
#define CPU_IDT_OFFSET      0x4000 /* one page */
#define CPU_GDT_OFFSET      0x5000 /* one page */
/* Guard page at 0x6000. Each stack: [top - size, top), with an unmapped page below. */
#define CPU_DOUBLE_FAULT_TOP      0x8000 /* 4 KiB: 0x7000..0x8000 */
#define CPU_NMI_TOP               0xa000
#define CPU_MACHINE_CHECK_TOP     0xc000
#define CPU_DEBUG_TOP             0xe000
#define CPU_EXCEPTION_STACK_BYTES 0x1000
#define CPU_STACK_BYTES           0x4000
#define CPU_STACK_TOP                                                                              \
    16 /* so that a return address shares a cache line with what system calls touch */

/*
 * The parts of a block that have memory, PART(offset, pages), in the order of their memory. The
 * CPU's own stack comes last, so that its top is where the block's memory ends.
 */
#define CPU_BLOCK_PARTS(PART)                                                                      \
    PART(0, CPU_STRUCT_PAGES)                                                                      \
    PART(CPU_IDT_OFFSET, 1)                                                                        \
    PART(CPU_GDT_OFFSET, 1)                                                                        \
    PART(CPU_DOUBLE_FAULT_TOP - CPU_EXCEPTION_STACK_BYTES, CPU_EXCEPTION_STACK_BYTES / 4096)       \
    PART(CPU_NMI_TOP - CPU_EXCEPTION_STACK_BYTES, CPU_EXCEPTION_STACK_BYTES / 4096)                \
    PART(CPU_MACHINE_CHECK_TOP - CPU_EXCEPTION_STACK_BYTES, CPU_EXCEPTION_STACK_BYTES / 4096)      \
    PART(CPU_DEBUG_TOP - CPU_EXCEPTION_STACK_BYTES, CPU_EXCEPTION_STACK_BYTES / 4096)              \
    PART(-CPU_STACK_BYTES, CPU_STACK_BYTES / 4096)
#define CPU_BLOCK_PART_PAGES(offset, pages) +(pages)
enum {
    CPU_BLOCK_PAGES = 0 CPU_BLOCK_PARTS(CPU_BLOCK_PART_PAGES),
    CPU_BLOCK_MEMORY_BYTES = CPU_BLOCK_PAGES * 4096
};

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

/* A CPU's place in the queue for the node's lock, an MCS queue lock (docs/locking.md). */
struct lock_node {
    struct lock_node *next; /* set by the CPU that queues after this one; null: none yet */
    /* 1 while this CPU waits; the one before it clears it, and so hands over the lock */
    uint64_t wait;
    /*
     * 1: the holder asks this CPU to the door. Written by holders alone, each of which takes back
     * what it asked before it releases; read by its CPU while it waits. Plain: the answer, a mark,
     * carries what is to be seen.
     */
    _Atomic uint64_t asked;
    /* This CPU's own: how many more times it comes to the door without being asked. */
    uint8_t unasked;
};

/*
 * A CPU that was asked comes unasked the next times. Where each holder asks (threads that unmap in
 * a common address space) CPUs are at the door before it does; where none does any more, a CPU has
 * reloaded its page table in vain so often.
 */
enum { UNASKED_WAITS = 16 };

/*
 * How a CPU got into the kernel. Written by it on entry, before it waits for the lock; read by it
 * afterwards (docs/locking.md).
 */
struct trap_record {
    struct tcb *thread; /* who was running, or null when idle */
    word_t vector;      /* or ENTERED_BY_SYSCALL, or NO_EVENT */
    word_t error;
    word_t fault_address; /* CR2, for page faults */
};

/*
 * What a CPU's timer interrupts for, as values of its time stamp counter. Written under the lock:
 * by its CPU, `armed` and `changed` by any of the node.
 */
struct cpu_timer {
    uint64_t next_tick;
    uint64_t armed;     /* by a user; UINT64_MAX: not */
    bool ticks_stopped; /* idle for so long that ticks do not interrupt it any more */
    bool changed;       /* armed from elsewhere: program it anew */
};

/* The vector of a CPU's first entry, which brings nothing. */
#define NO_EVENT 0x101

/* Bits of arch_cpu.features: the few CPU features that assembly and every exit ask for. */
#define CPU_FEATURE_XSAVE    1 /* else FXSAVE */
#define CPU_FEATURE_FSGSBASE 2 /* users change their FS and GS bases without the kernel */
#define CPU_FEATURE_SMAP     4
#define CPU_FEATURE_X2APIC   8

/* What the FPU's registers hold. With CR0.TS set the first FPU instruction raises #NM. */
enum cpu_fpu {
    FPU_TRAPS, /* CR0.TS is set */
    FPU_LIVE,  /* the current thread's state */
    FPU_FREE   /* nothing that is still needed */
};

/*
 * All words are written by their own CPU, and read by it alone unless they say otherwise. The first
 * ones, up to tss.rsp0, end the cache line that the first ones of struct cpu begin.
 *
 * "Live" state is what the registers hold for the thread that is `current`, and its TCB may not. It
 * only exists while that thread is current; leaving it, or waiting at the door, saves it.
 */
struct arch_cpu {
    /* CR3 value that is loaded, see pcid.h. Written and read under the lock */
    word_t loaded_root;
    uint8_t fpu; /* enum cpu_fpu */
    /* no FSGSBASE or no XSAVE. Constant. Beside `fpu`, so that both are asked for at once */
    bool is_plain;
    bool bases_live;  /* FS and GS base registers are the current thread's */
    uint8_t features; /* CPU_FEATURE_*. Constant */
    struct tss tss;   /* rsp0 is also the SYSCALL stub's word */

    struct trap_record trap;
    /* what this CPU goes on with when it has no thread: in the kernel. Constant */
    struct user_context idle;
    word_t node_root; /* CR3 value of the node's own page table: no user mappings. Constant */
    word_t pcid_mask; /* the bits of an ASID that CR3 holds as PCID: all, or none without PCIDs.
                         Constant */
    word_t fs_base, gs_base;    /* what was last written to the registers */
    uint32_t apic_id;           /* constant; read by all */
    _Atomic uint32_t takes_nmi; /* 1: it has joined its node, see stop.c; read by all */
    struct cpu_timer timer;

    /* Events that no part of the kernel expects, for the curious. */
    uint64_t unowned_interrupts;
    uint64_t nmis;
    uint64_t machine_checks;
    uint64_t stray_debug_traps;

    /*
     * Debug builds: how the lock was used, in entries, CPUs (the holder included) and TSC cycles.
     */
    uint64_t lock_entries, lock_contended, lock_longest_queue;
    uint64_t lock_wait_cycles, lock_longest_wait;
    uint64_t lock_taken_at, lock_held_cycles, lock_longest_hold;
};

#endif
