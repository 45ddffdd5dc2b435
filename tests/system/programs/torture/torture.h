/*
 * What the parts of the torture program share. A part is a set of workers, threads of this program
 * spread over the node's CPUs, that attack the kernel or one another until the main thread says
 * stop; each counts its rounds and reports what must not be as a violation.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdint.h>

/* Workers and the main thread have this priority, so that they share each CPU by round robin. */
enum { WORKER_PRIORITY = 100 };

enum worker_kind {
    RUNS,   /* its rounds follow one another, and it ends when the program stops */
    BLOCKS, /* its rounds follow one another, but at the end it may wait for others for ever */
    SERVES, /* it has rounds only when others need it */
};

struct worker {
    struct cmk_thread thread;
    const struct part *part;
    /* one round; called until the program stops or the worker has had enough */
    void (*body)(struct worker *worker);
    unsigned cpu;
    unsigned index; /* among the part's workers */
    uint64_t random;
    _Atomic uint64_t rounds;
    atomic_bool ended;
    enum worker_kind kind;
};

struct part {
    const char *name;
    const char *what;
    /* makes the part's objects and its workers; false: something is used up */
    bool (*set_up)(const struct part *part);
    /* called by the main thread now and then; may be null */
    void (*check)(void);
    /* called when all workers have ended; false: a violation; may be null */
    bool (*check_end)(void);
    bool only_by_name; /* not among the parts that "all" means */
};

extern const struct part part_registers, part_mappings, part_ipc, part_trees, part_circles,
    part_interrupts, part_balance;

extern unsigned cpu_count;
extern bool balanced;        /* the node balances threads without affinity */
extern atomic_bool stopping; /* set once, by the main thread or by a violation */

/* A thread for a part. False if something is used up. By the main thread, in set_up. */
bool add_worker(const struct part *part, unsigned cpu, void (*body)(struct worker *),
                enum worker_kind kind);
struct worker *worker_of(const struct part *part, unsigned index);
unsigned workers_of(const struct part *part);
bool is_alone(const struct part *part); /* no other part runs */

/* Counts a violation and says so on the console. */
__attribute__((format(printf, 2, 3))) void violation(const struct part *part, const char *format,
                                                     ...);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* xorshift: the same seed gives the same choices; what the CPUs make of them differs. */
uint64_t random_next(uint64_t *state);
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
    return random_next(state) % limit;
}
uint64_t new_seed(void);

/* Takes a lock or gives up; waits for one by giving the CPU away. */
bool try_lock(atomic_bool *lock);
void lock(atomic_bool *lock);
void unlock(atomic_bool *lock);

static inline uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/*
 * Cycles since then; 0 if the counter says it was later: an emulator's may step back when its
 * thread changes CPUs.
 */
static inline uint64_t cycles_since(uint64_t start)
{
    int64_t passed = (int64_t)(cycles() - start);
    return passed > 0 ? (uint64_t)passed : 0;
}

uint64_t cycles_per_millisecond(void);

/*
 * Whether somebody has waited too long: for so much time, and for a hundred turns of its own thread
 * on its CPU. Time alone says nothing on a host that gives the emulator little of it.
 */
enum { STANDSTILL_MILLISECONDS = 600000 };
struct waiting {
    uint64_t start;
    unsigned turns;
};
static inline struct waiting begin_waiting(void)
{
    return (struct waiting){.start = cycles()};
}
bool is_too_long(struct waiting *waiting, uint64_t milliseconds); /* counts a turn */

/* The child slot operations of the initial CNode. */
static inline seL4_Error slot_delete(seL4_CPtr slot)
{
    return seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits);
}

static inline seL4_Error slot_revoke(seL4_CPtr slot)
{
    return seL4_CNode_Revoke(seL4_CapInitThreadCNode, slot, seL4_WordBits);
}

static inline seL4_Error slot_copy(seL4_CPtr to, seL4_CPtr from)
{
    return seL4_CNode_Copy(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode,
                           from, seL4_WordBits, seL4_AllRights);
}

static inline seL4_Error slot_mint(seL4_CPtr to, seL4_CPtr from, seL4_Word badge)
{
    return seL4_CNode_Mint(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode,
                           from, seL4_WordBits, seL4_AllRights, badge);
}

static inline seL4_Error retype_into(seL4_CPtr untyped, seL4_Word type, seL4_Word bits,
                                     seL4_CPtr slot)
{
    return seL4_Untyped_Retype(untyped, type, bits, seL4_CapInitThreadCNode, 0, 0, slot, 1);
}

#endif
