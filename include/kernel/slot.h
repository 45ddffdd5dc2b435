/*
 * Slots: where capabilities live, and the derivation tree (contract 7.6) that runs through them.
 *
 * All non-null slots of a node form doubly linked lists; a capability's descendants follow it
 * directly. Parenthood is computed from the capabilities and two marks, see is_parent_of(); nothing
 * else is stored:
 *
 *   original      a possible parent: made by retype, at boot, by an issuing method, or by giving a
 *                 badge
 *   family head   among badged capabilities (and IPI signals, whose node and irq are like a badge):
 *                 a family of copies with one badge begins here; what comes before it with an equal
 *                 badge is another family, not its parent
 *
 * An empty slot is all zero.
 */
#ifndef KERNEL_SLOT_H
#define KERNEL_SLOT_H

#include <kernel/capability.h>

enum { SLOT_ORIGINAL = 1, SLOT_FAMILY_HEAD = 2, SLOT_MARKS = 3 };

struct slot {
    struct capability capability;
    struct slot *previous; /* in derivation order; null at the head */
    word_t next_and_marks; /* next slot, 32-byte aligned, or null; SLOT_* marks in the low bits */
};
_Static_assert(sizeof(struct slot) == BIT(ABI_SLOT_BITS), "slot size is part of the ABI");

static inline struct slot *slot_next(const struct slot *s)
{
    return (struct slot *)ALIGN_DOWN(s->next_and_marks, ABI_SLOT_BITS);
}

static inline bool slot_is_original(const struct slot *s)
{
    return s->next_and_marks & SLOT_ORIGINAL;
}

static inline bool slot_is_family_head(const struct slot *s)
{
    return s->next_and_marks & SLOT_FAMILY_HEAD;
}

static inline bool slot_is_empty(const struct slot *s)
{
    return capability_is_null(s->capability);
}

#endif
