/*
 * CNode methods (contract 4.6). Each checks in the contract's order, changes nothing until all is
 * checked, then cannot fail.
 */
#include <kernel/assert.h>
#include <kernel/cancellation.h>
#include <kernel/cnode.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>
#include <kernel/ipc.h>
#include <kernel/objects.h>

static MUST_USE bool needs(const struct invocation *call, word_t words, unsigned extra_caps,
                           struct answer *answer)
{
    if (call->length < words || call->extra_caps < extra_caps) {
        return as_false(refuse(answer, ERROR_TRUNCATED_MESSAGE));
    }
    return true;
}

/* --- methods on one slot --- */

static MUST_USE enum outcome cancel_badged_sends(const struct invocation *call, struct slot *slot,
                                                 struct answer *answer)
{
    struct capability c = slot->capability;
    if (capability_type(c) != CAP_ENDPOINT || capability_rights(c) != RIGHTS_ALL) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (capability_badge(c) == 0) {
        return DONE;
    }
    return cancel_badged(capability_endpoint(c), capability_badge(c), call->caller);
}

static MUST_USE enum outcome save_caller(const struct invocation *call, struct slot *destination,
                                         struct answer *answer)
{
    struct slot *caller_slot = &call->caller->slots[TCB_CALLER];
    if (!slot_is_empty(destination)) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }
    if (!slot_is_empty(caller_slot)) {
        move_capability(caller_slot->capability, caller_slot, destination);
    }
    return DONE;
}

/* --- methods from one slot to another --- */

/* A slot on the source side, which must hold something. */
static MUST_USE bool lookup_full_slot(struct capability root, word_t index, word_t depth,
                                      struct slot **slot, struct answer *answer)
{
    if (!lookup_operation_slot(root, index, depth, true, slot, answer)) {
        return false;
    }
    if (slot_is_empty(*slot)) {
        return as_false(refuse_missing(answer, true, depth));
    }
    return true;
}

/*
 * The common part of Copy, Mint, Move and Mutate after the destination's lookup: an empty
 * destination, a full source.
 */
static MUST_USE bool decode_source(const struct invocation *call, const struct slot *destination,
                                   struct slot **source, struct answer *answer)
{
    if (!needs(call, 4, 1, answer)) {
        return false;
    }
    if (!slot_is_empty(destination)) {
        return as_false(refuse(answer, ERROR_DELETE_FIRST));
    }
    return lookup_full_slot(extra_capability(call, 0), message_word(call, 2), message_word(call, 3),
                            source, answer);
}

static MUST_USE enum outcome insert_copy(struct capability c, struct slot *source,
                                         struct slot *destination, struct answer *answer)
{
    struct capability derived;
    if (!derive(source, c, &derived, answer)) {
        return REFUSED;
    }
    if (capability_is_null(derived)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    insert_derived(derived, source, destination);
    return DONE;
}

static MUST_USE enum outcome copy(const struct invocation *call, struct slot *destination,
                                  struct answer *answer)
{
    struct slot *source;
    if (!decode_source(call, destination, &source, answer) || !needs(call, 5, 1, answer)) {
        return REFUSED;
    }
    return insert_copy(mask_rights(source->capability, message_word(call, 4)), source, destination,
                       answer);
}

static MUST_USE enum outcome mint(const struct invocation *call, struct slot *destination,
                                  struct answer *answer)
{
    struct slot *source;
    if (!decode_source(call, destination, &source, answer) || !needs(call, 6, 1, answer)) {
        return REFUSED;
    }
    struct capability masked = mask_rights(source->capability, message_word(call, 4));
    return insert_copy(update_data(masked, message_word(call, 5), false), source, destination,
                       answer);
}

static MUST_USE enum outcome move(const struct invocation *call, struct slot *destination,
                                  struct answer *answer)
{
    struct slot *source;
    if (!decode_source(call, destination, &source, answer)) {
        return REFUSED;
    }
    move_capability(source->capability, source, destination);
    return DONE;
}

static MUST_USE enum outcome mutate(const struct invocation *call, struct slot *destination,
                                    struct answer *answer)
{
    struct slot *source;
    if (!decode_source(call, destination, &source, answer) || !needs(call, 5, 1, answer)) {
        return REFUSED;
    }
    struct capability c = update_data(source->capability, message_word(call, 4), true);
    if (capability_is_null(c)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    move_capability(c, source, destination);
    return DONE;
}

/* --- Rotate: pivot to destination, source to pivot --- */

struct rotation {
    struct slot *source, *pivot;
    word_t source_depth, pivot_depth;
};

static MUST_USE bool decode_rotation(const struct invocation *call, struct rotation *r,
                                     struct answer *answer)
{
    if (!needs(call, 8, 2, answer)) {
        return false;
    }
    r->pivot_depth = message_word(call, 4);
    r->source_depth = message_word(call, 7);
    return lookup_operation_slot(extra_capability(call, 1), message_word(call, 6), r->source_depth,
                                 true, &r->source, answer) &&
           lookup_operation_slot(extra_capability(call, 0), message_word(call, 3), r->pivot_depth,
                                 true, &r->pivot, answer);
}

static MUST_USE bool check_rotation(const struct rotation *r, const struct slot *destination,
                                    struct answer *answer)
{
    if (r->pivot == r->source || r->pivot == destination) {
        return as_false(refuse(answer, ERROR_ILLEGAL_OPERATION));
    }
    if (r->source != destination && !slot_is_empty(destination)) {
        return as_false(refuse(answer, ERROR_DELETE_FIRST));
    }
    if (slot_is_empty(r->source)) {
        return as_false(refuse_missing(answer, true, r->source_depth));
    }
    return !slot_is_empty(r->pivot) || as_false(refuse_missing(answer, false, r->pivot_depth));
}

static MUST_USE enum outcome rotate(const struct invocation *call, struct slot *destination,
                                    struct answer *answer)
{
    struct rotation r;
    if (!decode_rotation(call, &r, answer) || !check_rotation(&r, destination, answer)) {
        return REFUSED;
    }
    /* The data words are named after where the capability goes. */
    struct capability to_destination =
        update_data(r.pivot->capability, message_word(call, 2), true);
    struct capability to_pivot = update_data(r.source->capability, message_word(call, 5), true);
    if (capability_is_null(to_destination) || capability_is_null(to_pivot)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (r.source == destination) {
        swap_capabilities(to_pivot, r.source, to_destination, r.pivot);
    } else {
        move_capability(to_destination, r.pivot, destination);
        move_capability(to_pivot, r.source, r.pivot);
    }
    return DONE;
}

/* --- all methods --- */

enum outcome cnode_invoke(struct invocation *call, struct answer *answer)
{
    struct slot *destination;
    if (call->label < LABEL_CNodeRevoke || call->label > LABEL_CNodeSaveCaller) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (!needs(call, 2, 0, answer) ||
        !lookup_operation_slot(call->capability, message_word(call, 0), message_word(call, 1),
                               false, &destination, answer)) {
        return REFUSED;
    }
    switch (call->label) {
    case LABEL_CNodeRevoke:
        return revoke_slot(destination);
    case LABEL_CNodeDelete:
        return delete_slot(destination);
    case LABEL_CNodeCancelBadgedSends:
        return cancel_badged_sends(call, destination, answer);
    case LABEL_CNodeCopy:
        return copy(call, destination, answer);
    case LABEL_CNodeMint:
        return mint(call, destination, answer);
    case LABEL_CNodeMove:
        return move(call, destination, answer);
    case LABEL_CNodeMutate:
        return mutate(call, destination, answer);
    case LABEL_CNodeRotate:
        return rotate(call, destination, answer);
    case LABEL_CNodeSaveCaller:
        return save_caller(call, destination, answer);
    default:
        unreachable();
    }
}
