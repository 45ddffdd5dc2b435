/*
 * ASIDs: numbers for VSpaces, so that a mapped capability can name one in 12 bits and notices when
 * it is gone. ASID = 512 * pool number + index in the pool; 0 is never given out. Node state, under
 * the lock.
 */
#ifndef X86_ASID_H
#define X86_ASID_H

#include <x86/capability.h>
#include <kernel/answer.h>
#include <kernel/invocation.h>

struct asid_pool {
    word_t *root[BIT(ABI_ASID_POOL_INDEX_BITS)]; /* the PML4, or null: free */
};
_Static_assert(sizeof(struct asid_pool) == BIT(ABI_ASID_POOL_BITS),
               "ASID pool size is part of the ABI");

/* Boot: registers zeroed memory as pool 0, and returns the capability to it. */
struct capability asid_init(struct asid_pool *pool);

/* Boot: gives the initial VSpace ASID 1 of pool 0, and returns its capability with it. */
struct capability asid_assign_initial(struct capability root);

/* The pools by number, null where there is none. */
extern struct asid_pool *asid_pools[ABI_ASID_POOLS];

static inline struct asid_pool *asid_pool_of(word_t asid)
{
    return asid_pools[asid >> ABI_ASID_POOL_INDEX_BITS];
}

/* The PML4 of an ASID as capabilities hold it (12 bits), or null. */
static inline word_t *asid_root(word_t asid)
{
    const struct asid_pool *pool = asid_pool_of(asid);
    return pool == NULL ? NULL : pool->root[asid & MASK(ABI_ASID_POOL_INDEX_BITS)];
}

/*
 * Gives `root` the free place `i` of the pool whose ASIDs begin with `first`; returns its
 * capability with it. A root gets its ASID once in its life, and cannot be used before: so it gets
 * the kernel's half here, and making many of them in one Retype stays short.
 */
struct capability asid_assign(struct asid_pool *pool, word_t first, unsigned i,
                              struct capability root);

/*
 * The final capability of a VSpace or pool goes away: no CPU uses its address spaces (at most 512)
 * afterwards. For a pool, all CPUs of the node come to the door once, whatever they run: that is
 * short, and asking for each of 512 address spaces who uses it is not.
 */
void asid_release(word_t asid, const word_t *root);
void asid_pool_release(struct asid_pool *pool, word_t first_asid);

MUST_USE enum outcome asid_control_invoke(struct invocation *call, struct answer *answer);
MUST_USE enum outcome asid_pool_invoke(struct invocation *call, struct answer *answer);

#endif
