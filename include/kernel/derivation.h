/*
 * The derivation tree and what happens to capabilities in it: insertion, derivation, moving,
 * deletion, revocation. Deletion and revocation are preemptible: they return PREEMPTED with
 * everything consistent, and are then repeated.
 */
#ifndef KERNEL_DERIVATION_H
#define KERNEL_DERIVATION_H

#include <kernel/answer.h>
#include <kernel/slot.h>

/* --- relations --- */

/*
 * True if `child` is derived from `parent` (contract 7.6), given that `child` follows `parent` in
 * the list.
 */
bool is_parent_of(const struct slot *parent, const struct slot *child);
bool has_children(const struct slot *slot);

/* True if no other capability names the object of the one in `slot`. */
bool is_final(const struct slot *slot);
bool is_same_object(struct capability a, struct capability b);

/* --- making capabilities --- */

/* Masks rights (seL4_CapRights bits). */
struct capability mask_rights(struct capability c, word_t rights);

/* Applies badge or guard data (contract 7.5); null capability if that is not allowed. */
struct capability update_data(struct capability c, word_t data, bool preserve);

/*
 * What a copy of `c`, which lies in `slot` (perhaps already masked and updated), would be. False:
 * refused, answer filled in. A null result is for the caller to refuse (IllegalOperation).
 */
MUST_USE bool derive(const struct slot *slot, struct capability c, struct capability *derived,
                     struct answer *answer);

/* --- putting them into slots; `destination` is empty --- */

/*
 * A derived capability, as child or sibling of `source`. Marks a copied untyped's source as full.
 */
void insert_derived(struct capability c, struct slot *source, struct slot *destination);

/* A new object's or issued capability: an original, directly below `parent`. */
void insert_new(struct capability c, struct slot *parent, struct slot *destination);

/*
 * The same for `count` objects in a row, of `object_bytes` each and all of one type, so that their
 * capabilities differ by where they are and nothing else: `c` is that to the first. They go into
 * slots in a row, as if one after another from the first.
 */
void insert_new_row(struct capability c, word_t object_bytes, struct slot *first, word_t count,
                    struct slot *parent);

/* Boot: an original without parent. */
void insert_root(struct capability c, struct slot *destination);

/*
 * Moves `source` to `destination` as `c` (the same capability, or with other data), keeping its
 * place in the tree.
 */
void move_capability(struct capability c, struct slot *source, struct slot *destination);

/*
 * Swaps two slots' capabilities, which become `c1` in the place of `s2` and `c2` in the place of
 * `s1`.
 */
void swap_capabilities(struct capability c1, struct slot *s1, struct capability c2,
                       struct slot *s2);

/* --- taking them away: DONE or PREEMPTED --- */

MUST_USE enum outcome delete_slot(struct slot *slot);
MUST_USE enum outcome revoke_slot(struct slot *slot);

/*
 * Deletes a capability that is not the final one of an object with slots or a queue, nor a zombie:
 * its deletion is one short step.
 */
void delete_short(struct slot *slot);

/*
 * True if the capability in `slot` may not be replaced just now: a zombie, or the final one of a
 * CNode or TCB, whose deletion would be long. Methods that replace capabilities on the way refuse
 * then (contract 4.5: Configure, SetSpace), and so use delete_short() only.
 */
bool is_long_deletion_under_way(const struct slot *slot);

#endif
