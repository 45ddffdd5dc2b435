#include <kernel/cspace.h>
#include <kernel/objects.h>

/*
 * The topmost `count` bits of `value`; guard sizes and radices are below 64. In two steps, because a count of 0 would
 * shift by 64, which is undefined.
 */
static word_t top_bits(word_t value, unsigned count)
{
    return value >> 1 >> (WORD_BITS - 1 - count);
}

static bool fail(struct lookup_failure *failure, enum lookup_failure_type type, word_t w0, word_t w1, word_t w2)
{
    *failure = (struct lookup_failure){type, {w0, w1, w2}};
    return false;
}

bool lookup_slot(struct capability root, word_t pointer, unsigned bits, struct slot **slot, unsigned *bits_left,
                 struct lookup_failure *failure)
{
    struct capability node = root;
    unsigned left = bits;

    if (capability_type(node) != CAP_CNODE) {
        return fail(failure, LOOKUP_INVALID_ROOT, 0, 0, 0);
    }
    /*
     * What is left of the pointer is kept at the word's top. At most 64 times round: every level uses at least one bit,
     * because no CNode has fewer than two slots. A message can need a dozen lookups of that length, so a round is short.
     */
    word_t rest = pointer << (WORD_BITS - bits);
    for (;;) {
        unsigned radix = cnode_capability_radix(node);
        unsigned guard_size = cnode_capability_guard_size(node);
        word_t guard = cnode_capability_guard(node);

        if (guard_size > left || top_bits(rest, guard_size) != guard) {
            return fail(failure, LOOKUP_GUARD_MISMATCH, left, guard, guard_size);
        }
        if (guard_size + radix > left) {
            return fail(failure, LOOKUP_DEPTH_MISMATCH, left, guard_size + radix, 0);
        }
        rest <<= guard_size;
        struct slot *reached = capability_cnode(node) + top_bits(rest, radix);
        rest <<= radix;
        left -= guard_size + radix;
        if (left == 0 || capability_type(reached->capability) != CAP_CNODE) {
            *slot = reached;
            *bits_left = left;
            return true;
        }
        node = reached->capability;
    }
}

bool lookup_thread_slot(const struct tcb *thread, word_t pointer, struct slot **slot, struct lookup_failure *failure)
{
    unsigned bits_left;

    return lookup_slot(thread->slots[TCB_CSPACE].capability, pointer, WORD_BITS, slot, &bits_left, failure);
}

bool lookup_operation_slot(struct capability root, word_t index, word_t depth, bool source_side, struct slot **slot,
                           struct answer *answer)
{
    struct lookup_failure failure;
    unsigned bits_left = 0;

    if (capability_type(root) != CAP_CNODE) {
        fail(&failure, LOOKUP_INVALID_ROOT, 0, 0, 0);
        refuse_lookup(answer, source_side, &failure);
        return false;
    }
    if (depth < 1 || depth > WORD_BITS) {
        refuse_range(answer, 1, WORD_BITS);
        return false;
    }
    if (!lookup_slot(root, index, (unsigned)depth, slot, &bits_left, &failure)) {
        refuse_lookup(answer, source_side, &failure);
        return false;
    }
    if (bits_left > 0) {
        fail(&failure, LOOKUP_DEPTH_MISMATCH, bits_left, 0, 0);
        refuse_lookup(answer, source_side, &failure);
        return false;
    }
    return true;
}

bool lookup_empty_slot(struct capability root, word_t index, word_t depth, struct slot **slot, struct answer *answer)
{
    if (!lookup_operation_slot(root, index, depth, false, slot, answer)) {
        return false;
    }
    if (!slot_is_empty(*slot)) {
        refuse(answer, ERROR_DELETE_FIRST);
        return false;
    }
    return true;
}
