/*
 * One CPU of this node, as its node's kernel sees it. It lives in the CPU block, which is mapped in
 * the whole node.
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <api/cluster.h>
#include <arch/cpu.h>
#include <kernel/objects.h>
#include <stdatomic.h>

/*
 * Where a CPU is, as seen by the holder of the lock (docs/locking.md). Written by its own CPU: USER
 * and IDLE under the lock, WAITS and DOOR while it waits for the lock, with and without what is a
 * user's in its registers. Read by the lock holder only; no fence is needed (docs/locking.md).
 */
enum cpu_mark { CPU_IDLE, CPU_USER, CPU_DOOR, CPU_WAITS };

struct ready_queues {
    word_t bitmap[ABI_PRIORITIES / WORD_BITS]; /* bit set: that priority's queue is not empty */
    struct thread_queue queue[ABI_PRIORITIES];
};

/*
 * What stands between a thread that could run now and its CPU, in one word, so that fast paths
 * compare once: a thread of at least this priority may run without a look at the queues. It is the
 * greatest priority in the CPU's own queue, 0 if no thread waits; and above all priorities one bit
 * for each thing that only the ordinary path sees to. Written and read under the lock.
 */
struct run_threshold {
    uint16_t word;
};

enum threshold_bit {
    THRESHOLD_LOOK = ABI_PRIORITIES,        /* the exit looks at the queues in any case */
    THRESHOLD_SHARED = 2 * ABI_PRIORITIES,  /* threads wait in the shared queue of balance=on */
    THRESHOLD_ORDINARY = 4 * ABI_PRIORITIES /* no fast paths: fastpath=off */
};

struct cpu {
    /*
     * The topmost words of this CPU's own stack, which lies below: the return address of the first
     * call.
     */
    _Alignas(64) word_t stack_words[CPU_STACK_TOP / sizeof(word_t)];

    /*
     * The thread that runs here in user mode, or null. Written under the lock: by this CPU on its
     * way out, to null by a lock holder that takes the thread away. Read under the lock.
     */
    struct tcb *current;

    /*
     * What this CPU's next exit must decide, under the lock. `called`: another CPU asked this one
     * to come and schedule, and it has not done so yet; then THRESHOLD_LOOK is set as well. `woken`
     * is a thread in no queue that is to run next unless something
     * better is ready; null: none. Only set during an entry of this CPU.
     */
    struct tcb *woken;
    struct run_threshold threshold;
    bool called;

    _Atomic uint8_t mark; /* enum cpu_mark */
    /* the node's: the same in all its CPUs, see kernel/thread.h. Under the lock */
    uint32_t root_epoch;

    struct arch_cpu arch;

    uint32_t index; /* within the node; constant */

    /*
     * The thread that another CPU has taken away from here since this CPU's last exit, or null. It
     * may have been freed since: only compared, never looked into. Written under the lock.
     */
    const struct tcb *stopped;

    /*
     * What it counts for the node's users (CMK_COUNT_*). Written by this CPU, read by any, both
     * under the lock.
     */
    uint64_t counts[CMK_COUNTS];

    /* its own cache line: others write it while this CPU spins on it */
    _Alignas(64) struct lock_node lock;
    _Alignas(64) struct ready_queues ready;
};
_Static_assert(offsetof(struct cpu, arch.tss.rsp0) + sizeof(word_t) <= 64,
               "system calls touch one cache line of the CPU block besides the lock's");

/*
 * The CPU that executes this kernel entry. Written at every entry once the lock is held; constant
 * until it is released. A node-state variable: every C function of the kernel runs under the lock.
 */
extern struct cpu *this_cpu;

/* The node's CPUs: cpu_by_index(0) .. cpu_by_index(node_cpu_count - 1). Constant after boot. */
extern uint32_t node_cpu_count;
extern uint32_t node_id;

static inline bool threshold_has(const struct cpu *cpu, unsigned bits)
{
    return cpu->threshold.word & bits;
}

static inline void threshold_set(struct cpu *cpu, enum threshold_bit bit, bool on)
{
    cpu->threshold.word = (uint16_t)((cpu->threshold.word & ~(unsigned)bit) | (on ? bit : 0u));
}

/* The greatest priority in the CPU's own queue, 0 if no thread waits there. */
static inline unsigned threshold_priority(const struct cpu *cpu)
{
    return cpu->threshold.word % ABI_PRIORITIES;
}

static inline void threshold_set_priority(struct cpu *cpu, unsigned priority)
{
    cpu->threshold.word = (uint16_t)(cpu->threshold.word - threshold_priority(cpu) + priority);
}

/* The same, where nothing else is in it. */
static inline void threshold_replace_priority(struct cpu *cpu, unsigned priority)
{
    cpu->threshold.word = (uint16_t)priority;
}

/* No thread that waits for `cpu` is better, and nothing else is to be seen to. */
static inline bool passes_threshold(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->priority >= cpu->threshold.word;
}

/* The same, whether or not there are fast paths. */
static inline bool passes_threshold_of_exit(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->priority >= (cpu->threshold.word & ~(unsigned)THRESHOLD_ORDINARY);
}

/* One more on this CPU. */
static inline void count_here(unsigned what)
{
    this_cpu->counts[what]++;
}

/* By the lock holder. Acquire: what the CPU did before it marked itself is there. */
static inline bool is_marked_idle(const struct cpu *cpu)
{
    return atomic_load_explicit(&cpu->mark, memory_order_acquire) == CPU_IDLE;
}

static inline struct tcb *current_thread(void)
{
    return this_cpu->current;
}

#endif
