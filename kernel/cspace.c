#include <kernel/cspace.h>
#include <kernel/objects.h>

/*
 * The `count` bits of `value` below bit `top`, where count <= top <= 64 and count < 64, as guard size and radix
 * always are. Without the test a count of 0 below bit 64 would shift by 64, which is undefined.
 */
static word_t bits_below(word_t value, unsigned top, unsigned count)
{
    if (count == 0) {
        return 0;
    }
    return (value >> (top - count)) & MASK(count);
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
    /* At most 64 times round: every level uses at least one bit, because no CNode has fewer than two slots. */
    for (;;) {
        unsigned radix = cnode_capability_radix(node);
        unsigned guard_size = cnode_capability_guard_size(node);
        word_t guard = cnode_capability_guard(node);

        if (guard_size > left || bits_below(pointer, left, guard_size) != guard) {
            return fail(failure, LOOKUP_GUARD_MISMATCH, left, guard, guard_size);
        }
        if (guard_size + radix > left) {
            return fail(failure, LOOKUP_DEPTH_MISMATCH, left, guard_size + radix, 0);
        }
        left -= guard_size;
        struct slot *reached = capability_cnode(node) + bits_below(pointer, left, radix);
        left -= radix;
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
