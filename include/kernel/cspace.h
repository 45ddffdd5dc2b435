/* Finding slots: capability pointers to slots (contract 7.2, 7.3). */
#ifndef KERNEL_CSPACE_H
#define KERNEL_CSPACE_H

#include <kernel/answer.h>
#include <kernel/invocation.h>
#include <kernel/slot.h>

/* For is_whole_cnode_capability(): the pointer leads to a slot of that CNode; and to which. */
static inline bool is_in_whole_cnode(struct capability node, word_t pointer)
{
    return pointer >> cnode_capability_radix(node) == cnode_capability_guard(node);
}

static inline struct slot *whole_cnode_slot(struct capability node, word_t pointer)
{
    unsigned radix = cnode_capability_radix(node);
    return capability_cnode(node) + (pointer - (pointer >> radix << radix));
}

/*
 * The full-depth lookup of a capability pointer; bits left over are ignored. Null: it fails, and lookup_slot() tells
 * why. Time: at most 64 levels, because no CNode has fewer than two slots; a message with capabilities needs a dozen
 * lookups, so a level is short.
 */
static inline struct slot *resolve(struct capability node, word_t pointer)
{
    int left = WORD_BITS;
    struct slot *slot;
    if (capability_type(node) != CAP_CNODE) {
        return NULL;
    }
    do {
        unsigned guard_size = cnode_capability_guard_size(node);
        unsigned radix = cnode_capability_radix(node);
        /* The pointer's topmost bits are those not used yet. In two steps: a guard may have no bits. */
        if (pointer >> 1 >> (WORD_BITS - 1 - guard_size) != cnode_capability_guard(node)) {
            return NULL;
        }
        left -= (int)(guard_size + radix);
        if (left < 0) {
            return NULL;
        }
        pointer <<= guard_size;
        slot = capability_cnode(node) + (pointer >> (WORD_BITS - radix));
        pointer <<= radix;
        node = slot->capability;
    } while (left > 0 && capability_type(node) == CAP_CNODE);
    return slot;
}

/*
 * Resolves the low `bits` (1..64) bits of `pointer` from `root`. True: *slot is the slot reached (perhaps empty), and
 * *bits_left how many bits were not used. False: *failure says why. Time: at most 64 levels.
 */
bool lookup_slot(struct capability root, word_t pointer, unsigned bits, struct slot **slot, unsigned *bits_left,
                 struct lookup_failure *failure);

/* The full-depth lookup of a thread's own capability pointers; bits left over are ignored. */
bool lookup_thread_slot(const struct tcb *thread, word_t pointer, struct slot **slot, struct lookup_failure *failure);

/* The lookup of CNode operations, retype and issue methods: exact, with its errors as an answer. False: refused. */
bool lookup_operation_slot(struct capability root, word_t index, word_t depth, bool source_side, struct slot **slot,
                           struct answer *answer);

/* lookup_operation_slot() for a destination that must be empty: DeleteFirst otherwise. False: refused. */
bool lookup_empty_slot(struct capability root, word_t index, word_t depth, struct slot **slot, struct answer *answer);

#endif
