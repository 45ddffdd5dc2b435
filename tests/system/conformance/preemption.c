/*
 * Long operations: atomic for their caller, preempted by interrupts, and zombies in between
 * (contract 4.1, 7.6, 7.7).
 */
#include "pit.h"

enum { RADIX = 14, SLOTS = 1 << RADIX, ATTEMPTS = 12, RESET_BITS = 23 };

static void fill(word cnode, word source)
{
    word wrong = 0;

    for (word i = 0; i < SLOTS; i++) {
        wrong += put_cap(cnode, i, RADIX, source).label != seL4_NoError;
    }
    CHECK_EQUAL(wrong, 0);
}

static void revoke_thousands(void)
{
    word cnode = new_cnode(RADIX);
    word endpoint = new_endpoint();
    word left = 0;

    fill(cnode, endpoint);
    CHECK_OK(revoke_cap(endpoint));
    for (word i = 0; i < SLOTS; i++) {
        left += slot_used(cnode, i, RADIX);
    }
    CHECK_EQUAL(left, 0);
    CHECK_TAG(endpoint, TAG_ENDPOINT);
}

static void delete_full_cnode(void)
{
    word cnode = new_cnode(RADIX);
    word untyped = new_untyped(4);
    word endpoint = new_slot();

    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, endpoint, 1));
    fill(cnode, endpoint);
    CHECK_OK(delete_cap(endpoint));
    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 0, endpoint, 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(delete_cap(cnode));
    CHECK_TAG(cnode, TAG_NULL);
    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, endpoint, 1));
}

static void tree_of_cnodes(void)
{
    /* 256 CNodes of 16 slots in one of 256, each holding itself, its parent and its neighbour. */
    word untyped = new_untyped(19);
    word top = new_slot();
    word wrong = 0;

    CHECK_OK(retype(untyped, seL4_CapTableObject, 8, top, 1));
    CHECK_OK(
        invoke(untyped, UNTYPED_RETYPE, ARGS(seL4_CapTableObject, 4, 0, 0, 0, 256), CAPS(top)));
    for (word i = 0; i < 256; i++) {
        word self = new_slot();

        wrong +=
            invoke(ROOT, CNODE_COPY, ARGS(self, DEPTH, i, 8, 15), CAPS(top)).label != seL4_NoError;
        wrong += put_cap(self, 0, 4, self).label != seL4_NoError;
        wrong += put_cap(self, 1, 4, top).label != seL4_NoError;
        wrong += invoke(self, CNODE_COPY, ARGS(2, 4, (i + 1) % 256, 8, 15), CAPS(top)).label !=
                 seL4_NoError;
        CHECK_OK(delete_cap(self));
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_OK(revoke_cap(untyped));
    CHECK_TAG(top, TAG_NULL);
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 19, new_slots(2), 2), seL4_NotEnoughMemory,
                1ul << 19);
}

static void deep_chain(void)
{
    /* 2000 CNodes, each in the one before: deletion must not recurse on the kernel's stack. */
    word untyped = new_untyped(18);
    word first = new_slot();
    word previous = first;
    word wrong = 0;

    CHECK_OK(retype(untyped, seL4_CapTableObject, 1, first, 1));
    for (word i = 0; i < 2000; i++) {
        word next = new_slot();

        wrong += retype(untyped, seL4_CapTableObject, 1, next, 1).label != seL4_NoError;
        wrong += put_cap(previous, 0, 1, next).label != seL4_NoError;
        if (previous != first) {
            wrong += delete_cap(previous).label != seL4_NoError;
        }
        previous = next;
    }
    wrong += delete_cap(previous).label != seL4_NoError;
    CHECK_EQUAL(wrong, 0);
    CHECK_OK(delete_cap(first));
    CHECK_REPLY(retype(untyped, seL4_UntypedObject, 18, new_slots(2), 2), seL4_NotEnoughMemory,
                1ul << 18);
}

/* ---- Caught in the middle ---- */

enum { LEAF_RADIX = 13, MOST_LEAVES = 32 };

/*
 * A CNode that holds `leaves` CNodes full of copies, so that deleting it takes longer than a time
 * slice.
 */
static word big_tree(word leaves, word untyped, word source)
{
    word top = new_cnode(5);
    word leaf = new_slot();
    word wrong = 0;

    for (word i = 0; i < leaves; i++) {
        CHECK_OK(retype(untyped, seL4_CapTableObject, LEAF_RADIX, leaf, 1));
        for (word j = 0; j < 1ul << LEAF_RADIX; j++) {
            wrong += put_cap(leaf, j, LEAF_RADIX, source).label != seL4_NoError;
        }
        CHECK_OK(invoke(top, CNODE_MOVE, ARGS(i, 5, leaf, DEPTH), CAPS(ROOT)));
    }
    CHECK_EQUAL(wrong, 0);
    return top;
}

/*
 * Lets a worker begin its one step, and comes back at the end of its time slice. True if the step
 * is not finished; then the worker will not run before settle().
 */
static bool interrupted(struct worker *worker)
{
    CHECK_OK(set_priority(worker->tcb, MAIN_PRIORITY));
    start_script(worker);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_OK(set_priority(worker->tcb, MIDDLE));
    return worker->completed == 0;
}

static struct worker *cnode_worker(word label, word slot)
{
    struct worker *worker = new_worker(MIDDLE);

    add_step(worker, CALL, ROOT, message_info(label, 0, 2), slot, DEPTH, 0, 0);
    return worker;
}

/*
 * A worker that is in the middle of deleting the tree in *slot, or revoking the capability in
 * *slot. The work grows until a time slice is not enough for it.
 */
static struct worker *half_done(word label, word *slot)
{
    word untyped = new_untyped(LEAF_RADIX + 5 + 5);
    word endpoint = new_endpoint();

    for (word leaves = 4; leaves <= MOST_LEAVES; leaves *= 2) {
        word top = big_tree(leaves, untyped, endpoint);
        struct worker *worker;

        *slot = label == CNODE_DELETE ? top : endpoint;
        worker = cnode_worker(label, *slot);
        if (interrupted(worker)) {
            return worker;
        }
        CHECK_OK(delete_cap(worker->tcb));
        forget_last_worker();
        CHECK_OK(revoke_cap(untyped));
    }
    skip("this machine is too fast: no operation was long enough");
    return NULL;
}

static void zombie(void)
{
    word cnode;
    struct worker *worker = half_done(CNODE_DELETE, &cnode);

    CHECK_REPLY(invoke(cnode, CNODE_DELETE, ARGS(0, RADIX), NO_CAPS), seL4_InvalidCapability, 0);
    CHECK_REPLY(invoke(cnode, 0, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
    CHECK_REPLY(copy_cap(new_slot(), cnode, ALL_RIGHTS), seL4_IllegalOperation);
    CHECK_REPLY(mint_cap(new_slot(), cnode, ALL_RIGHTS, 0), seL4_IllegalOperation);
    CHECK_REPLY(copy_cap(cnode, worker->tcb, ALL_RIGHTS), seL4_DeleteFirst);
    CHECK_TAG(cnode, TAG_ZOMBIE);
    CHECK_OK(revoke_cap(cnode));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rsi, 0);
    CHECK_TAG(cnode, TAG_NULL);
}

static void zombie_deleted_by_another(void)
{
    word cnode;
    struct worker *worker = half_done(CNODE_DELETE, &cnode);

    CHECK_OK(delete_cap(cnode));
    CHECK_TAG(cnode, TAG_NULL);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rsi, 0);
}

static void zombie_moved(void)
{
    word cnode;
    word moved = new_slot();
    struct worker *worker = half_done(CNODE_DELETE, &cnode);

    CHECK_OK(move_cap(moved, cnode));
    CHECK_TAG(moved, TAG_ZOMBIE);
    CHECK_TAG(cnode, TAG_NULL);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_TAG(moved, TAG_ZOMBIE);
    CHECK_OK(delete_cap(moved));
    CHECK_TAG(moved, TAG_NULL);
}

static void deleter_deleted(void)
{
    /* The thread that deletes is deleted itself: the zombie stays until somebody goes on. */
    word cnode;
    struct worker *worker = half_done(CNODE_DELETE, &cnode);

    CHECK_OK(delete_cap(worker->tcb));
    settle();
    CHECK_TAG(cnode, TAG_ZOMBIE);
    CHECK_OK(delete_cap(cnode));
    CHECK_TAG(cnode, TAG_NULL);
}

static void deleter_suspended(void)
{
    word cnode;
    struct worker *worker = half_done(CNODE_DELETE, &cnode);

    CHECK_OK(suspend_thread(worker->tcb));
    settle();
    CHECK_TAG(cnode, TAG_ZOMBIE);
    CHECK_OK(resume_thread(worker->tcb));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_TAG(cnode, TAG_NULL);
}

static void revoke_interrupted(void)
{
    word endpoint;
    struct worker *worker = half_done(CNODE_REVOKE, &endpoint);
    word copy = new_copy(endpoint, ALL_RIGHTS);

    /* The caller sees one atomic call; a copy that was made meanwhile is gone as well. */
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rsi, 0);
    CHECK_TAG(copy, TAG_NULL);
    CHECK_TAG(endpoint, TAG_ENDPOINT);
}

/* A worker that makes a frame of an untyped, all of which has to be cleared first. */
static struct worker *clearing_worker(word untyped, word slot)
{
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(retype(untyped, seL4_UntypedObject, RESET_BITS, slot, 1));
    CHECK_OK(delete_cap(slot));
    worker->buffer->caps_or_badges[0] = ROOT;
    worker->buffer->msg[4] = slot;
    worker->buffer->msg[5] = 1;
    add_step(worker, CALL, untyped, message_info(UNTYPED_RETYPE, 1, 6), seL4_X86_4K, 0, 0, 0);
    return worker;
}

/* Is the frame all zero? Afterwards it is not. */
static bool is_clear(word frame)
{
    word sum = 0;

    CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 0));
    for (word i = 0; i < 512; i++) {
        sum |= ((volatile word *)TEST_ADDRESS)[i];
        ((volatile word *)TEST_ADDRESS)[i] = ~0ul;
    }
    return sum == 0;
}

static void reset_interrupted(void)
{
    /*
     * The interrupt comes while memory is cleared, and the main thread makes an object of the same
     * untyped meanwhile.
     */
    word untyped = new_untyped(RESET_BITS);
    word slots = new_slots(2);
    word caught = 0;

    open_pit(92);
    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    for (word attempt = 0; attempt < 2 * ATTEMPTS && caught == 0; attempt++) {
        struct worker *worker = clearing_worker(untyped, slots);

        start_script(worker);
        start_pit(120 + 100 * (attempt % ATTEMPTS));
        system_call(RECV, pit.notification, 0, 0, 0, 0, 0);
        CHECK_OK(ack(pit.handler));
        caught = worker->completed == 0;
        CHECK_OK(retype(untyped, seL4_X86_4K, 0, slots + 1, 1));
        settle();
        CHECK_EQUAL(worker->completed, 1);
        CHECK_EQUAL(worker->outcomes[0].rsi, 0);
        CHECK(is_clear(slots));
        CHECK(is_clear(slots + 1));
        CHECK_OK(delete_cap(slots));
        CHECK_OK(delete_cap(slots + 1));
        CHECK_OK(delete_cap(worker->tcb));
        forget_last_worker();
    }
    if (caught == 0) {
        skip("no interrupt came at the right moment");
    }
}

static void cancel_many(void)
{
    /* As many senders as there are workers, all restarted by one call. */
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 3);
    struct worker *workers[8];
    struct reply message;

    for (word i = 0; i < 8; i++) {
        workers[i] = new_worker(MIDDLE);
        add_message(workers[i], SEND, badged, i, 0);
        start_script(workers[i]);
    }
    settle();
    CHECK_OK(invoke(ROOT, CNODE_CANCEL_BADGED_SENDS, ARGS(badged, DEPTH), NO_CAPS));
    settle();
    for (word i = 0; i < 8; i++) {
        CHECK(poll_message(endpoint, &message));
    }
    CHECK(!poll_message(endpoint, &message));
    settle();
    for (word i = 0; i < 8; i++) {
        CHECK_EQUAL(workers[i]->completed, 1);
    }
}

static const struct test tests[] = {
    {"long-revoke", "revoking sixteen thousand copies", revoke_thousands},
    {"long-delete", "deleting a CNode of sixteen thousand capabilities", delete_full_cnode},
    {"long-tree", "a tree of CNodes with cycles", tree_of_cnodes},
    {"long-chain", "a chain of two thousand CNodes", deep_chain},
    {"zombie", "what a half-deleted CNode can do", zombie},
    {"zombie-other", "another thread finishes the deletion", zombie_deleted_by_another},
    {"zombie-moved", "a zombie can be moved", zombie_moved},
    {"zombie-deleter-deleted", "the deleting thread is deleted", deleter_deleted},
    {"zombie-deleter-suspended", "the deleting thread is suspended", deleter_suspended},
    {"preempt-revoke", "an interrupt comes during a revocation", revoke_interrupted},
    {"preempt-reset", "an interrupt comes while memory is cleared", reset_interrupted},
    {"preempt-cancel", "CancelBadgedSends of many", cancel_many},
};

SUBJECT(preemption, tests);
