/* Finding slots: capability pointers to slots (contract 7.2, 7.3). */
#ifndef KERNEL_CSPACE_H
#define KERNEL_CSPACE_H

#include <kernel/answer.h>
#include <kernel/invocation.h>
#include <kernel/objects.h>
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
 * The full-depth lookup of a capability pointer; bits left over are ignored. Null: it fails, and
 * lookup_slot() tells why. Time: at most 64 levels, because no CNode has fewer than two slots. A
 * message with capabilities needs a dozen lookups, so a level is short: few CNodes below the first
 * have a guard, and one test says that this is one without.
 */
static inline struct slot *resolve(struct capability node, word_t pointer)
{
    struct slot *slot = NULL;
    int left = WORD_BITS;
    for (;;) {
        word_t other = node.word[0] ^ CAP_CNODE; /* what it has beside a CNode's type */
        if (other & (MASK(CAPABILITY_TYPE_BITS) | CNODE_HAS_GUARD)) {
            unsigned guard_size = cnode_capability_guard_size(node);
            if ((other & MASK(CAPABILITY_TYPE_BITS)) || left == 0) {
                return slot;
            }
            left -= (int)guard_size;
            if (left <= 0 || pointer >> (WORD_BITS - guard_size) != cnode_capability_guard(node)) {
                return NULL;
            }
            pointer <<= guard_size; /* its topmost bits are those not used yet */
        }
        unsigned radix = cnode_capability_radix(node);
        left -= (int)radix;
        if (left < 0) {
            return left + (int)radix == 0
                       ? slot
                       : NULL; /* no bits were left: this is it, though it is a CNode */
        }
        slot = capability_cnode(node) + (pointer >> (WORD_BITS - radix));
        pointer <<= radix;
        node = slot->capability;
    }
}

/*
 * Resolves the low `bits` (1..64) bits of `pointer` from `root`. True: *slot is the slot reached
 * (perhaps empty), and *bits_left how many bits were not used. False: *failure says why. Time: at
 * most 64 levels.
 */
bool lookup_slot(struct capability root, word_t pointer, unsigned bits, struct slot **slot,
                 unsigned *bits_left, struct lookup_failure *failure);

/* The full-depth lookup of a thread's own capability pointers; bits left over are ignored. */
bool lookup_in_levels(const struct tcb *thread, word_t pointer, struct slot **slot,
                      struct lookup_failure *failure);

static inline bool lookup_thread_slot(const struct tcb *thread, word_t pointer, struct slot **slot,
                                      struct lookup_failure *failure)
{
    struct capability root = thread->slots[TCB_CSPACE].capability;
    if (LIKELY(is_whole_cnode_capability(root) && is_in_whole_cnode(root, pointer))) {
        *slot = whole_cnode_slot(root, pointer);
        return true;
    }
    return lookup_in_levels(thread, pointer, slot, failure);
}

/*
 * The lookup of CNode operations, retype and issue methods: exact, with its errors as an answer.
 * False: refused.
 */
MUST_USE bool lookup_operation_slot(struct capability root, word_t index, word_t depth,
                                    bool source_side, struct slot **slot, struct answer *answer);

/*
 * lookup_operation_slot() for a destination that must be empty: DeleteFirst otherwise. False:
 * refused.
 */
MUST_USE bool lookup_empty_slot(struct capability root, word_t index, word_t depth,
                                struct slot **slot, struct answer *answer);

#endif
