#include <kernel/cspace.h>
#include <kernel/objects.h>

/*
 * The topmost `count` bits of `value`. Neither radices nor guards that there are have 0 bits, and
 * all are below 64.
 */
static word_t top_bits(word_t value, unsigned count)
{
    return value >> (WORD_BITS - count);
}

static bool fail(struct lookup_failure *failure, enum lookup_failure_type type, word_t w0,
                 word_t w1, word_t w2)
{
    *failure = (struct lookup_failure){type, {w0, w1, w2}};
    return false;
}

bool lookup_slot(struct capability root, word_t pointer, unsigned bits, struct slot **slot,
                 unsigned *bits_left, struct lookup_failure *failure)
{
    struct capability node = root;
    unsigned left = bits;
    word_t rest =
        pointer << (WORD_BITS - bits); /* what is left of the pointer, at the word's top */

    if (capability_type(node) != CAP_CNODE) {
        return fail(failure, LOOKUP_INVALID_ROOT, 0, 0, 0);
    }
    /*
     * At most 64 times round: every level uses at least one bit, because no CNode has fewer than
     * two slots. A message with capabilities needs a dozen lookups, so a round is short, above all
     * one without guard.
     */
    for (;;) {
        unsigned radix = cnode_capability_radix(node);
        unsigned used = radix;

        if (cnode_capability_has_guard(node)) {
            unsigned guard_size = cnode_capability_guard_size(node);
            word_t guard = cnode_capability_guard(node);
            if (guard_size > left || top_bits(rest, guard_size) != guard) {
                return fail(failure, LOOKUP_GUARD_MISMATCH, left, guard, guard_size);
            }
            rest <<= guard_size;
            used += guard_size;
        }
        if (used > left) {
            return fail(failure, LOOKUP_DEPTH_MISMATCH, left, used, 0);
        }
        left -= used;
        struct slot *reached = capability_cnode(node) + top_bits(rest, radix);
        rest <<= radix;
        if (left == 0 || capability_type(reached->capability) != CAP_CNODE) {
            *slot = reached;
            *bits_left = left;
            return true;
        }
        node = reached->capability;
    }
}

bool lookup_in_levels(const struct tcb *thread, word_t pointer, struct slot **slot,
                      struct lookup_failure *failure)
{
    unsigned bits_left;
    *slot = resolve(thread->slots[TCB_CSPACE].capability, pointer);
    if (*slot != NULL) {
        return true;
    }
    return lookup_slot(thread->slots[TCB_CSPACE].capability, pointer, WORD_BITS, slot, &bits_left,
                       failure);
}

bool lookup_operation_slot(struct capability root, word_t index, word_t depth, bool source_side,
                           struct slot **slot, struct answer *answer)
{
    struct lookup_failure failure;
    unsigned bits_left = 0;
    if (depth == WORD_BITS && is_whole_cnode_capability(root) && is_in_whole_cnode(root, index)) {
        *slot = whole_cnode_slot(root, index);
        return true;
    }
    if (capability_type(root) != CAP_CNODE) {
        fail(&failure, LOOKUP_INVALID_ROOT, 0, 0, 0);
        return as_false(refuse_lookup(answer, source_side, &failure));
    }
    if (depth < 1 || depth > WORD_BITS) {
        return as_false(refuse_range(answer, 1, WORD_BITS));
    }
    if (!lookup_slot(root, index, (unsigned)depth, slot, &bits_left, &failure)) {
        return as_false(refuse_lookup(answer, source_side, &failure));
    }
    if (bits_left > 0) {
        fail(&failure, LOOKUP_DEPTH_MISMATCH, bits_left, 0, 0);
        return as_false(refuse_lookup(answer, source_side, &failure));
    }
    return true;
}

bool lookup_empty_slot(struct capability root, word_t index, word_t depth, struct slot **slot,
                       struct answer *answer)
{
    if (!lookup_operation_slot(root, index, depth, false, slot, answer)) {
        return false;
    }
    if (!slot_is_empty(*slot)) {
        return as_false(refuse(answer, ERROR_DELETE_FIRST));
    }
    return true;
}
