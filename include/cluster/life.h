/*
 * With manager=on: the nodes' life words, one for each node, in a page that all kernels can read.
 * Node 0's kernel alone writes them, under its lock, boot the first ones. A CPU that comes in looks
 * at its node's word before anything else (tests/models/life.pml).
 */
#ifndef CLUSTER_LIFE_H
#define CLUSTER_LIFE_H

#include <api/cluster.h>
#include <kernel/types.h>
#include <stdatomic.h>

/*
 * bits 0-1: CMK_LIFE_*; above: the node's generation, how often it has been started. Stored with
 * release order, after what a new life finds; loaded with acquire order.
 */
struct life_word {
    _Alignas(64) _Atomic uint64_t state_and_generation;
};

_Static_assert(ABI_CMK_MAX_NODES * sizeof(struct life_word) <= BIT(ABI_PAGE_BITS),
               "one page has all life words");

enum { LIFE_STATE_BITS = 2 };
/* No more starts after this one. */
#define LIFE_LAST_GENERATION (UINT64_MAX >> LIFE_STATE_BITS)

static inline uint64_t life_load(const struct life_word *life)
{
    return atomic_load_explicit(&life->state_and_generation, memory_order_acquire);
}

static inline uint64_t life_state(uint64_t word)
{
    return word & MASK(LIFE_STATE_BITS);
}

static inline uint64_t life_generation(uint64_t word)
{
    return word >> LIFE_STATE_BITS;
}

static inline void life_store(struct life_word *life, uint64_t state, uint64_t generation)
{
    atomic_store_explicit(&life->state_and_generation, generation << LIFE_STATE_BITS | state,
                          memory_order_release);
}

#endif
