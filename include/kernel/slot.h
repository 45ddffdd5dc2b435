/*
 * Slots: where capabilities live, and the derivation tree (contract 7.6) that runs through them.
 *
 * All non-null slots of a node form doubly linked lists; a capability's descendants follow it directly. A capability is a
 * possible parent only if it is an ORIGINAL (made by retype, at boot, or by giving a badge). Parenthood is computed from
 * capability and mark, see is_parent_of(); nothing else is stored.
 */
#ifndef KERNEL_SLOT_H
#define KERNEL_SLOT_H

#include <kernel/capability.h>

struct slot {
    struct capability capability;
    struct slot *previous;      /* in derivation order; null at the head */
    word_t next_and_original;   /* next slot, 32-byte aligned; bit 0: this capability is an original */
};
_Static_assert(sizeof(struct slot) == BIT(ABI_SLOT_BITS), "slot size is part of the ABI");

static inline struct slot *slot_next(const struct slot *s)
{
    return (struct slot *)ALIGN_DOWN(s->next_and_original, ABI_SLOT_BITS);
}

static inline bool slot_is_original(const struct slot *s)
{
    return s->next_and_original & 1;
}

static inline bool slot_is_empty(const struct slot *s)
{
    return capability_is_null(s->capability);
}

#endif
