/*
 * CNode methods: what they do and every error in its order (contract 4.6). Capability types and
 * derivation: derivation.c.
 */
#include "harness.h"

static void copy_works(void)
{
    word source = new_endpoint();
    word target = new_slot();

    CHECK_OK(copy_cap(target, source, ALL_RIGHTS));
    CHECK_TAG(target, TAG_ENDPOINT);
    CHECK_TAG(source, TAG_ENDPOINT);
}

static void too_short(void)
{
    word slot = new_slot();
    word source = new_endpoint();

    for (word label = CNODE_REVOKE; label <= CNODE_SAVE_CALLER; label++) {
        CHECK_REPLY(invoke(ROOT, label, ARGS(slot), CAPS(ROOT, ROOT)), seL4_TruncatedMessage);
        CHECK_REPLY(invoke(ROOT, label, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
    }
    for (word label = CNODE_COPY; label <= CNODE_MUTATE; label++) {
        CHECK_REPLY(invoke(ROOT, label, ARGS(slot, DEPTH, source), CAPS(ROOT)),
                    seL4_TruncatedMessage);
        CHECK_REPLY(invoke(ROOT, label, ARGS(slot, DEPTH, source, DEPTH, 15, 0), NO_CAPS),
                    seL4_TruncatedMessage);
    }
    CHECK_REPLY(invoke(ROOT, CNODE_COPY, ARGS(slot, DEPTH, source, DEPTH), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(ROOT, CNODE_MINT, ARGS(slot, DEPTH, source, DEPTH, 15), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(ROOT, CNODE_MUTATE, ARGS(slot, DEPTH, source, DEPTH), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_TAG(slot, TAG_NULL);
}

static void destination_checked_first(void)
{
    /*
     * The destination's lookup and occupation come before the source's, whose error would be
     * another one.
     */
    word occupied = new_endpoint();
    word not_a_root = new_endpoint();

    for (word label = CNODE_COPY; label <= CNODE_MUTATE; label++) {
        CHECK_REPLY(invoke(ROOT, label, ARGS(new_slot(), 65, 0, 0, 0, 0), CAPS(not_a_root)),
                    seL4_RangeError, 1, 64);
        CHECK_REPLY(invoke(ROOT, label, ARGS(occupied, DEPTH, 0, 0, 0, 0), CAPS(not_a_root)),
                    seL4_DeleteFirst);
        CHECK_REPLY(invoke(ROOT, label, ARGS(new_slot(), DEPTH, 0, 0, 0, 0), CAPS(not_a_root)),
                    seL4_FailedLookup, 1, seL4_InvalidRoot);
        CHECK_REPLY(invoke(ROOT, label, ARGS(1ul << 50, DEPTH, 0, 0, 0, 0), CAPS(not_a_root)),
                    seL4_FailedLookup, 0, seL4_GuardMismatch, 64, 0,
                    64 - boot_info->initThreadCNodeSizeBits);
    }
}

static void source_empty(void)
{
    word target = new_slot();
    word empty = new_slot();

    for (word label = CNODE_COPY; label <= CNODE_MUTATE; label++) {
        CHECK_REPLY(invoke(ROOT, label, ARGS(target, DEPTH, empty, DEPTH, 15, 0), CAPS(ROOT)),
                    seL4_FailedLookup, 1, seL4_MissingCapability, DEPTH);
        /* That an argument is missing is noticed only after that. */
        CHECK_REPLY(invoke(ROOT, label, ARGS(target, DEPTH, empty, DEPTH), CAPS(ROOT)),
                    seL4_FailedLookup, 1, seL4_MissingCapability, DEPTH);
    }
}

static void same_slot(void)
{
    /* Source and destination in the same slot: it is occupied. */
    word endpoint = new_endpoint();

    CHECK_REPLY(copy_cap(endpoint, endpoint, ALL_RIGHTS), seL4_DeleteFirst);
    CHECK_REPLY(move_cap(endpoint, endpoint), seL4_DeleteFirst);
}

static void copy_masks_rights(void)
{
    word endpoint = new_endpoint();
    word receive_only = new_copy(endpoint, READ);
    word send_only = new_copy(endpoint, WRITE);
    struct reply message;

    CHECK_REPLY(invoke(receive_only, 1, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
    nb_send(receive_only, 5, NULL, 0);
    CHECK(!poll_message(endpoint, &message));
    /* Rights lost once do not come back. */
    CHECK_REPLY(invoke(new_copy(receive_only, ALL_RIGHTS), 1, NO_ARGS, NO_CAPS),
                seL4_InvalidCapability, 0);
    /* Bits above the four rights are ignored. */
    CHECK_REPLY(invoke(new_copy(endpoint, READ | 0xfffffffffffffff0), 1, NO_ARGS, NO_CAPS),
                seL4_InvalidCapability, 0);
    CHECK_TAG(send_only, TAG_ENDPOINT);
}

static void mint_sets_badge(void)
{
    word notification = new_notification();
    word badged = new_minted(notification, ALL_RIGHTS, 0xfedcba9876543210);

    signal_notification(badged);
    CHECK_EQUAL(poll_word(notification), 0xfedcba9876543210);
    /* A badge is set once: even the same, or zero, is refused afterwards. */
    CHECK_REPLY(mint_cap(new_slot(), badged, ALL_RIGHTS, 1), seL4_IllegalOperation);
    CHECK_REPLY(mint_cap(new_slot(), badged, ALL_RIGHTS, 0), seL4_IllegalOperation);
    CHECK_REPLY(mint_cap(new_slot(), badged, ALL_RIGHTS, 0xfedcba9876543210),
                seL4_IllegalOperation);
    /* Copy keeps it. */
    signal_notification(new_copy(badged, ALL_RIGHTS));
    CHECK_EQUAL(poll_word(notification), 0xfedcba9876543210);
    /* A mint with badge 0 of an unbadged one is still unbadged. */
    signal_notification(new_minted(new_minted(notification, ALL_RIGHTS, 0), ALL_RIGHTS, 6));
    CHECK_EQUAL(poll_word(notification), 6);
}

static void mint_sets_guard(void)
{
    word cnode = new_cnode(4);
    word guarded = new_minted(cnode, ALL_RIGHTS, 5 << 6 | 3);
    word again = new_minted(guarded, ALL_RIGHTS, 2 << 6 | 2);
    word reset = new_minted(guarded, ALL_RIGHTS, 0);
    word kept = new_copy(guarded, ALL_RIGHTS);

    CHECK_OK(put_cap(guarded, 5 << 4 | 1, 7, new_endpoint()));
    CHECK(slot_used(again, 2 << 4 | 1, 6));
    CHECK(slot_used(reset, 1, 4));
    CHECK(slot_used(kept, 5 << 4 | 1, 7));
    /* 60 bits of guard are the most that leave room for four index bits. */
    CHECK_REPLY(mint_cap(new_slot(), cnode, ALL_RIGHTS, 61), seL4_IllegalOperation);
    CHECK_REPLY(mint_cap(new_slot(), cnode, ALL_RIGHTS, 63), seL4_IllegalOperation);
    CHECK(slot_used(new_minted(cnode, ALL_RIGHTS, 60), 1, 64));
}

static void mint_ignores_data_of_others(void)
{
    word tcb = new_tcb();
    word frame = new_frame();

    CHECK_TAG(new_minted(tcb, 0, 99), TAG_TCB);
    CHECK_TAG(new_minted(frame, ALL_RIGHTS, 99), TAG_FRAME);
    /* Rights mean nothing for a TCB. */
    CHECK_OK(invoke(new_minted(tcb, 0, 99), TCB_SUSPEND, NO_ARGS, NO_CAPS));
}

static void move_works(void)
{
    word notification = new_notification();
    word badged = new_minted(notification, WRITE, 5);
    word target = new_slot();

    CHECK_OK(move_cap(target, badged));
    CHECK_TAG(badged, TAG_NULL);
    signal_notification(target);
    CHECK_EQUAL(poll_word(notification), 5);
    /* What cannot be copied can still be moved. */
    CHECK_OK(move_cap(badged, seL4_CapIRQControl));
    CHECK_TAG(seL4_CapIRQControl, TAG_NULL);
    CHECK_OK(move_cap(seL4_CapIRQControl, badged));
    CHECK_TAG(seL4_CapIRQControl, TAG_IRQ_CONTROL);
}

static struct reply mutate(word target, word source, word data)
{
    return invoke(ROOT, CNODE_MUTATE, ARGS(target, DEPTH, source, DEPTH, data), CAPS(ROOT));
}

static void mutate_works(void)
{
    word cnode = new_cnode(4);
    word target = new_slot();

    CHECK_OK(mutate(target, cnode, 5 << 6 | 3));
    CHECK_TAG(cnode, TAG_NULL);
    CHECK_OK(put_cap(target, 5 << 4 | 1, 7, new_endpoint()));
    CHECK_OK(mutate(cnode, target, 0));
    CHECK(slot_used(cnode, 1, 4));
    CHECK_REPLY(mutate(target, cnode, 61), seL4_IllegalOperation);
    CHECK_TAG(cnode, TAG_CNODE);
}

static void mutate_refuses_badges(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    word target = new_slot();

    CHECK_REPLY(mutate(target, endpoint, 1), seL4_IllegalOperation);
    CHECK_REPLY(mutate(target, endpoint, 0), seL4_IllegalOperation);
    CHECK_REPLY(mutate(target, notification, 1), seL4_IllegalOperation);
    CHECK_TAG(endpoint, TAG_ENDPOINT);
    CHECK_TAG(notification, TAG_NOTIFICATION);
    /* Others are moved, whatever the data. */
    word frame = new_frame();
    CHECK_OK(mutate(target, frame, 77));
    CHECK_TAG(target, TAG_FRAME);
    CHECK_TAG(frame, TAG_NULL);
}

static void delete_works(void)
{
    word endpoint = new_endpoint();
    word copy = new_copy(endpoint, ALL_RIGHTS);

    CHECK_OK(delete_cap(endpoint));
    CHECK_TAG(endpoint, TAG_NULL);
    CHECK_TAG(copy, TAG_ENDPOINT);
    CHECK_OK(delete_cap(endpoint));
    CHECK_OK(revoke_cap(endpoint));
}

static void wrong_labels(void)
{
    word cnode = new_cnode(4);

    CHECK_REPLY(invoke(cnode, 0, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(cnode, UNTYPED_RETYPE, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(cnode, TCB_SET_FLAGS, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(cnode, CNODE_SAVE_CALLER + 1, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(cnode, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(cnode, 0xfffffffffffff, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
}

/* ---- Rotate ---- */

struct rotation {
    word destination, destination_data, pivot, pivot_data, source;
};

static struct reply rotate(struct rotation r)
{
    return invoke(ROOT, CNODE_ROTATE,
                  ARGS(r.destination, DEPTH, r.destination_data, r.pivot, DEPTH, r.pivot_data,
                       r.source, DEPTH),
                  CAPS(ROOT, ROOT));
}

static void rotate_works(void)
{
    word pivot = new_frame();
    word source = new_tcb();
    word destination = new_slot();

    CHECK_OK(
        rotate((struct rotation){.destination = destination, .pivot = pivot, .source = source}));
    CHECK_TAG(destination, TAG_FRAME);
    CHECK_TAG(pivot, TAG_TCB);
    CHECK_TAG(source, TAG_NULL);
}

static void rotate_swaps(void)
{
    word pivot = new_frame();
    word source = new_tcb();

    CHECK_OK(rotate((struct rotation){.destination = source, .pivot = pivot, .source = source}));
    CHECK_TAG(source, TAG_FRAME);
    CHECK_TAG(pivot, TAG_TCB);
}

static void rotate_sets_data(void)
{
    /*
     * The first data word is for the capability that ends up in the destination, which is the
     * pivot's.
     */
    word pivot = new_cnode(4);
    word source = new_cnode(4);
    word destination = new_slot();

    CHECK_OK(put_cap(pivot, 1, 4, new_endpoint()));
    CHECK_OK(put_cap(source, 2, 4, new_endpoint()));
    CHECK_OK(rotate((struct rotation){destination, 5 << 6 | 3, pivot, 2 << 6 | 2, source}));
    CHECK(slot_used(destination, 5 << 4 | 1, 7));
    CHECK(slot_used(pivot, 2 << 4 | 2, 6));
}

static void rotate_errors(void)
{
    word pivot = new_frame();
    word source = new_tcb();
    word destination = new_slot();
    word occupied = new_frame();
    word empty = new_slot();
    word endpoint = new_endpoint();

    CHECK_REPLY(rotate((struct rotation){.destination = pivot, .pivot = pivot, .source = source}),
                seL4_IllegalOperation);
    CHECK_REPLY(
        rotate((struct rotation){.destination = destination, .pivot = source, .source = source}),
        seL4_IllegalOperation);
    CHECK_REPLY(
        rotate((struct rotation){.destination = occupied, .pivot = pivot, .source = source}),
        seL4_DeleteFirst);
    CHECK_REPLY(
        rotate((struct rotation){.destination = destination, .pivot = pivot, .source = empty}),
        seL4_FailedLookup, 1, seL4_MissingCapability, DEPTH);
    CHECK_REPLY(
        rotate((struct rotation){.destination = destination, .pivot = empty, .source = source}),
        seL4_FailedLookup, 0, seL4_MissingCapability, DEPTH);
    CHECK_REPLY(
        rotate((struct rotation){.destination = destination, .pivot = endpoint, .source = source}),
        seL4_IllegalOperation);
    CHECK_REPLY(
        rotate((struct rotation){.destination = destination, .pivot = pivot, .source = endpoint}),
        seL4_IllegalOperation);
    CHECK_TAG(pivot, TAG_FRAME);
    CHECK_TAG(source, TAG_TCB);
    CHECK_TAG(destination, TAG_NULL);
}

static void rotate_lookups(void)
{
    word pivot = new_frame();
    word source = new_tcb();
    word destination = new_slot();
    word endpoint = new_endpoint();

    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE, ARGS(destination, DEPTH, 0, pivot, DEPTH, 0, source),
                       CAPS(ROOT, ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE,
                       ARGS(destination, DEPTH, 0, pivot, DEPTH, 0, source, DEPTH), CAPS(ROOT)),
                seL4_TruncatedMessage);
    /* The source's lookup comes before the pivot's, and both say they are on the source side. */
    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE, ARGS(destination, DEPTH, 0, pivot, 0, 0, source, DEPTH),
                       CAPS(ROOT, endpoint)),
                seL4_FailedLookup, 1, seL4_InvalidRoot);
    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE, ARGS(destination, DEPTH, 0, pivot, 0, 0, source, 0),
                       CAPS(endpoint, ROOT)),
                seL4_RangeError, 1, 64);
    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE, ARGS(destination, DEPTH, 0, pivot, 0, 0, source, DEPTH),
                       CAPS(endpoint, ROOT)),
                seL4_FailedLookup, 1, seL4_InvalidRoot);
    CHECK_REPLY(invoke(ROOT, CNODE_ROTATE, ARGS(destination, DEPTH, 0, pivot, 12, 0, source, DEPTH),
                       CAPS(new_cnode(4), ROOT)),
                seL4_FailedLookup, 1, seL4_DepthMismatch, 8, 0);
}

/* ---- CancelBadgedSends (contract 7.9) ---- */

static struct reply cancel(word slot)
{
    return invoke(ROOT, CNODE_CANCEL_BADGED_SENDS, ARGS(slot, DEPTH), NO_CAPS);
}

static void cancel_errors(void)
{
    word endpoint = new_endpoint();

    CHECK_REPLY(cancel(new_copy(endpoint, ALL_RIGHTS & ~WRITE)), seL4_IllegalOperation);
    CHECK_REPLY(cancel(new_copy(endpoint, ALL_RIGHTS & ~READ)), seL4_IllegalOperation);
    CHECK_REPLY(cancel(new_copy(endpoint, ALL_RIGHTS & ~GRANT)), seL4_IllegalOperation);
    CHECK_REPLY(cancel(new_copy(endpoint, ALL_RIGHTS & ~GRANT_REPLY)), seL4_IllegalOperation);
    CHECK_REPLY(cancel(new_notification()), seL4_IllegalOperation);
    CHECK_REPLY(cancel(new_slot()), seL4_IllegalOperation);
    CHECK_OK(cancel(endpoint));
    CHECK_OK(cancel(new_minted(endpoint, ALL_RIGHTS, 4)));
}

/*
 * Three senders wait, with badges 1, 2, 1. After the sends of badge 1 are cancelled, those two try
 * again, so they wait behind the one that was left alone.
 */
static void cancel_restarts_senders(void)
{
    word endpoint = new_endpoint();
    word one = new_minted(endpoint, ALL_RIGHTS, 1);
    word two = new_minted(endpoint, ALL_RIGHTS, 2);
    struct reply message;

    for (word i = 0; i < 3; i++) {
        struct worker *sender = new_worker(HIGH - i);

        add_message(sender, SEND, i == 1 ? two : one, 10 + i, 0);
        start_script(sender);
    }
    settle();
    CHECK_OK(cancel(endpoint));
    CHECK_OK(cancel(one));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 11);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 10);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 12);
    CHECK(!poll_message(endpoint, &message));
}

static void cancel_unbadged_does_nothing(void)
{
    /* Badge 0 names nobody: the low sender stays in front of the high one. */
    word endpoint = new_endpoint();
    struct reply message;

    for (word i = 0; i < 2; i++) {
        struct worker *sender = new_worker(i == 0 ? LOW : HIGH);

        add_message(sender, SEND, endpoint, 10 + i, 0);
        start_script(sender);
        settle();
    }
    CHECK_OK(cancel(endpoint));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 10);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 11);
}

static void cancel_then_revoke_badge(void)
{
    /* The usual end of a session: the badge is revoked, then its pending sends are thrown out. */
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 9);
    word given = new_copy(badged, ALL_RIGHTS);
    word faults = new_endpoint();
    struct worker *sender =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    add_message(sender, CALL, given, 1, 0);
    start_script(sender);
    settle();
    CHECK_OK(revoke_cap(badged));
    CHECK_TAG(given, TAG_NULL);
    CHECK_OK(cancel(badged));
    settle();
    CHECK(!poll_message(endpoint, &message));
    /* The call was made again, on an empty slot now: InvalidCapability and no fault. */
    CHECK_EQUAL(sender->completed, 1);
    CHECK_EQUAL(info_label(sender->outcomes[0].rsi), seL4_InvalidCapability);
}

static void cancel_keeps_receivers(void)
{
    word endpoint = new_endpoint();
    struct worker *receiver = new_worker(MIDDLE);

    add_message(receiver, RECV, endpoint, 0, 0);
    start_script(receiver);
    settle();
    CHECK_OK(cancel(new_minted(endpoint, ALL_RIGHTS, 3)));
    settle();
    CHECK_EQUAL(receiver->completed, 0);
    nb_send(endpoint, 6, NULL, 0);
    settle();
    CHECK_EQUAL(receiver->completed, 1);
    CHECK_EQUAL(info_label(receiver->outcomes[0].rsi), 6);
}

static const struct test tests[] = {
    {"cnode-copy", "Copy leaves the source and fills the destination", copy_works},
    {"cnode-truncated", "too few words or capabilities", too_short},
    {"cnode-destination-first", "the destination is checked before the source",
     destination_checked_first},
    {"cnode-source-empty", "an empty source slot is a failed lookup", source_empty},
    {"cnode-same-slot", "source and destination must differ", same_slot},
    {"cnode-copy-rights", "Copy masks rights, for good", copy_masks_rights},
    {"cnode-mint-badge", "Mint badges once", mint_sets_badge},
    {"cnode-mint-guard", "Mint always replaces the guard, Copy keeps it", mint_sets_guard},
    {"cnode-mint-others", "Mint ignores data of capabilities without any",
     mint_ignores_data_of_others},
    {"cnode-move", "Move leaves an empty slot", move_works},
    {"cnode-mutate", "Mutate moves with a new guard", mutate_works},
    {"cnode-mutate-badges", "endpoints and notifications cannot be mutated", mutate_refuses_badges},
    {"cnode-delete", "Delete empties one slot and only that", delete_works},
    {"cnode-wrong-labels", "labels of other objects are illegal, before any truncation",
     wrong_labels},
    {"cnode-rotate", "Rotate moves two capabilities at once", rotate_works},
    {"cnode-rotate-swap", "Rotate swaps when source and destination are one slot", rotate_swaps},
    {"cnode-rotate-data", "Rotate's two data words", rotate_sets_data},
    {"cnode-rotate-errors", "Rotate's errors", rotate_errors},
    {"cnode-rotate-lookups", "Rotate's lookups and their order", rotate_lookups},
    {"cnode-cancel-errors", "CancelBadgedSends needs an endpoint with all rights", cancel_errors},
    {"cnode-cancel-order", "cancelled senders restart, others keep their place",
     cancel_restarts_senders},
    {"cnode-cancel-unbadged", "CancelBadgedSends without badge does nothing",
     cancel_unbadged_does_nothing},
    {"cnode-cancel-revoked", "cancelled senders find that their capability is gone",
     cancel_then_revoke_badge},
    {"cnode-cancel-receivers", "CancelBadgedSends leaves receivers alone", cancel_keeps_receivers},
};

SUBJECT(cnode, tests);
