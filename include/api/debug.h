/*
 * What tests ask of debug kernels, by node control's method Trigger. Only tests need it.
 */
#ifndef API_DEBUG_H
#define API_DEBUG_H

/*
 * What CMKNodeControlTrigger does for tests. Debug builds only. WRITE and ASSERT let a node fail:
 * the kernel writes where its window would have the physical address given; a kernel assertion
 * fails. HANG: the CPU hangs in the kernel, with interrupts off, while it holds the node's lock.
 * LONGEST_STRETCH answers with two words: the longest time without a preemption point since it was
 * asked last, in TSC counts (docs/latency.md), and the CMK_OPERATION that took it; with an argument
 * other than 0, of those that wrote nothing to the console. LOCK_STATISTIC answers with one word:
 * how a CPU of this node uses the lock, by CMK_LOCK_STATISTIC(which, cpu). BREAK_RULE breaks one of
 * the rules that hold at every kernel exit, CMK_BREAK_*; if there is nothing to do it to,
 * InvalidArgument 1. With checks=on the node stops at once, or at its exit at the latest.
 * LOCK_PATIENCE: a CPU that has looked so often whether the lock is its own stops the node.
 */
enum {
    CMK_TRIGGER_WRITE,
    CMK_TRIGGER_ASSERT,
    CMK_TRIGGER_LONGEST_STRETCH,
    CMK_TRIGGER_HANG,
    CMK_TRIGGER_LOCK_STATISTIC,
    CMK_TRIGGER_BREAK_RULE,
    CMK_TRIGGER_LOCK_PATIENCE
};

enum {
    CMK_BREAK_PLACE,         /* rule 1: an untyped outside the private region */
    CMK_BREAK_CURRENT,       /* rule 2: the current thread in a ready queue */
    CMK_BREAK_READY,         /* rule 3: an inactive thread made runnable, in no queue */
    CMK_BREAK_BLOCKED,       /* rule 3: a sender that is in no endpoint's queue */
    CMK_BREAK_TREE,          /* rule 4: a link of the derivation tree torn */
    CMK_BREAK_WATERMARK,     /* rule 4: children above the watermark */
    CMK_BREAK_MAPPING,       /* rule 5: a page without a frame capability */
    CMK_BREAK_TEXT,          /* rule 5: kernel text writable */
    CMK_BREAK_DATA,          /* rule 5: kernel data executable (where the CPU has NX) */
    CMK_BREAK_KERNEL_PAGE,   /* rule 5: a kernel page accessible to users */
    CMK_BREAK_NODE_ROOT,     /* rule 5: something in the user half of the node's own page table */
    CMK_BREAK_OTHERS_THREAD, /* rule 6: a thread changed that is current on another CPU */
    CMK_BREAK_TWO_CPUS       /* rule 2: a thread current on two CPUs */
};

/*
 * Since the node booted: entries that took its lock and how many had to wait for it; CPUs that held
 * or wanted it when this one came, at most, and with it (those that overtook it after that not
 * counted); how long it was held and waited for, in all and at most, in TSC counts (which are
 * instructions under an emulator whose clock counts these). All 0 in a node with one CPU, which has
 * no lock.
 */
enum {
    CMK_LOCK_ACQUISITIONS,
    CMK_LOCK_CONTENDED,
    CMK_LOCK_LONGEST_QUEUE,
    CMK_LOCK_HELD,
    CMK_LOCK_LONGEST_HOLD,
    CMK_LOCK_WAITED,
    CMK_LOCK_LONGEST_WAIT
};

/*
 * A kernel entry in one word: the system call's number, negated (0: an interrupt, a fault, or a
 * fast path); the type of the capability that it invoked (api/capabilities.def), and the method's
 * label, or 0 for both.
 */
#define CMK_OPERATION(syscall, type, label) ((syscall) | (type) << 8 | (label) << 16)
#define CMK_OPERATION_SYSCALL(operation)    ((operation)&0xff)
#define CMK_OPERATION_TYPE(operation)       ((operation) >> 8 & 0xff)
#define CMK_OPERATION_LABEL(operation)      ((operation) >> 16)

#define CMK_LOCK_STATISTIC_CPU_BITS    8
#define CMK_LOCK_STATISTIC(which, cpu) ((which) << CMK_LOCK_STATISTIC_CPU_BITS | (cpu))

#endif
