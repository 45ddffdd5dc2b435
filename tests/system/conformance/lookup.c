/* CPtr and slot lookup: guards, depths, levels, and every way to fail (contract 6, 7.2, 7.3). */
#include "harness.h"

enum { SOURCE = 1, TARGET = 0 };

/* Guard data of a CNode capability (contract 2.2). */
static word guard(word bits, word size)
{
    return bits << 6 | size;
}

static struct reply delete_at(word root, word index, word depth)
{
    return invoke(root, CNODE_DELETE, ARGS(index, depth), NO_CAPS);
}

static void depth_range(void)
{
    word cnode = new_cnode(4);
    static const word wrong[] = {0, 65, 66, 128, 255, 1ul << 32, ~0ul};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_REPLY(delete_at(cnode, 0, wrong[i]), seL4_RangeError, 1, 64);
    }
    CHECK_REPLY(invoke(new_untyped(10), UNTYPED_RETYPE, ARGS(seL4_EndpointObject, 0, 0, 65, 0, 1),
                       CAPS(ROOT)),
                seL4_RangeError, 1, 64);
}

static void too_shallow(void)
{
    word cnode = new_cnode(4);

    for (word depth = 1; depth < 4; depth++) {
        CHECK_REPLY(delete_at(cnode, 0, depth), seL4_FailedLookup, TARGET, seL4_DepthMismatch,
                    depth, 4);
    }
    CHECK_OK(delete_at(cnode, 0, 4));
}

static void left_over_bits(void)
{
    word cnode = new_cnode(4);

    CHECK_REPLY(delete_at(cnode, 0, 5), seL4_FailedLookup, TARGET, seL4_DepthMismatch, 1, 0);
    CHECK_REPLY(delete_at(cnode, 0, 64), seL4_FailedLookup, TARGET, seL4_DepthMismatch, 60, 0);
    /* Also when the slot on the way holds something that is not a CNode. */
    CHECK_OK(put_cap(cnode, 3, 4, new_endpoint()));
    CHECK_REPLY(delete_at(cnode, 3 << 4, 8), seL4_FailedLookup, TARGET, seL4_DepthMismatch, 4, 0);
    CHECK(slot_used(cnode, 3, 4));
}

static void guards(void)
{
    word plain = new_cnode(4);
    word cnode = new_minted(plain, ALL_RIGHTS, guard(5, 3));

    CHECK_OK(put_cap(cnode, 5 << 4 | 9, 7, new_endpoint()));
    CHECK(slot_used(plain, 9, 4));
    CHECK_REPLY(delete_at(cnode, 4 << 4 | 9, 7), seL4_FailedLookup, TARGET, seL4_GuardMismatch, 7,
                5, 3);
    CHECK_REPLY(delete_at(cnode, 5 << 5 | 9, 7), seL4_FailedLookup, TARGET, seL4_GuardMismatch, 7,
                5, 3);
    CHECK_REPLY(delete_at(cnode, 5, 2), seL4_FailedLookup, TARGET, seL4_GuardMismatch, 2, 5, 3);
    CHECK_REPLY(delete_at(cnode, 5, 3), seL4_FailedLookup, TARGET, seL4_DepthMismatch, 3, 7);
    CHECK_REPLY(delete_at(cnode, 5 << 3, 6), seL4_FailedLookup, TARGET, seL4_DepthMismatch, 6, 7);
    CHECK(slot_used(plain, 9, 4));
    CHECK_OK(delete_at(cnode, 5 << 4 | 9, 7));
    CHECK(!slot_used(plain, 9, 4));
}

static void guard_is_masked(void)
{
    word cnode = new_minted(new_cnode(4), ALL_RIGHTS, guard(0xff5, 3));

    CHECK_REPLY(delete_at(cnode, 0, 7), seL4_FailedLookup, TARGET, seL4_GuardMismatch, 7, 5, 3);
    CHECK_OK(delete_at(cnode, 5 << 4, 7));
}

static void high_index_bits(void)
{
    word cnode = new_cnode(4);

    CHECK_OK(put_cap(cnode, 0xdead0000beef0007, 4, new_endpoint()));
    CHECK(slot_used(cnode, 7, 4));
    CHECK_OK(delete_at(cnode, ~0ul << 4 | 7, 4));
    CHECK(!slot_used(cnode, 7, 4));
}

static void two_levels(void)
{
    word outer = new_cnode(4);
    word inner = new_cnode(2);
    word guarded = new_minted(inner, ALL_RIGHTS, guard(1, 2));
    word endpoint = new_endpoint();

    CHECK_OK(put_cap(outer, 3, 4, guarded));
    CHECK_OK(put_cap(outer, 3 << 4 | 1 << 2 | 2, 8, endpoint));
    CHECK(slot_used(inner, 2, 2));
    CHECK_REPLY(delete_at(outer, 3 << 4 | 2 << 2 | 2, 8), seL4_FailedLookup, TARGET,
                seL4_GuardMismatch, 4, 1, 2);
    CHECK_REPLY(delete_at(outer, 3 << 1, 5), seL4_FailedLookup, TARGET, seL4_GuardMismatch, 1, 1,
                2);
    CHECK_REPLY(delete_at(outer, 3 << 3 | 1 << 1, 7), seL4_FailedLookup, TARGET, seL4_DepthMismatch,
                3, 4);
    CHECK_REPLY(delete_at(outer, (3 << 4 | 1 << 2 | 2) << 3, 11), seL4_FailedLookup, TARGET,
                seL4_DepthMismatch, 3, 0);
    /* Depth 4 names the slot of the inner CNode capability itself. */
    CHECK_OK(delete_at(outer, 3, 4));
    CHECK(!slot_used(outer, 3, 4));
    CHECK(slot_used(inner, 2, 2));
}

/* Sixteen levels of four bits: all 64 bits of a CPtr are used. */
static void sixteen_levels(void)
{
    word top = new_cnode(4);
    word level = top;
    word path = 0;

    for (word i = 0; i < 15; i++) {
        word next = new_cnode(4);

        CHECK_OK(put_cap(level, i, 4, next));
        path = path << 4 | i;
        level = next;
    }
    path = path << 4 | 12;
    CHECK_OK(put_cap(top, path, 64, new_endpoint()));
    CHECK(slot_used(level, 12, 4));
    CHECK_OK(delete_at(top, path, 64));
    CHECK(!slot_used(level, 12, 4));
}

static struct reply copy_from(word root, word index, word depth)
{
    return invoke(ROOT, CNODE_COPY, ARGS(new_slot(), DEPTH, index, depth, ALL_RIGHTS), CAPS(root));
}

static void source_side(void)
{
    word cnode = new_minted(new_cnode(4), ALL_RIGHTS, guard(5, 3));

    CHECK_REPLY(copy_from(cnode, 0, 0), seL4_RangeError, 1, 64);
    CHECK_REPLY(copy_from(cnode, 0, 65), seL4_RangeError, 1, 64);
    CHECK_REPLY(copy_from(cnode, 0, 7), seL4_FailedLookup, SOURCE, seL4_GuardMismatch, 7, 5, 3);
    CHECK_REPLY(copy_from(cnode, 5, 3), seL4_FailedLookup, SOURCE, seL4_DepthMismatch, 3, 7);
    CHECK_REPLY(copy_from(cnode, 5 << 8, 11), seL4_FailedLookup, SOURCE, seL4_DepthMismatch, 4, 0);
    CHECK_REPLY(copy_from(cnode, 5 << 4, 7), seL4_FailedLookup, SOURCE, seL4_MissingCapability, 7);
    CHECK_REPLY(copy_from(new_endpoint(), 0, 4), seL4_FailedLookup, SOURCE, seL4_InvalidRoot);
    CHECK_REPLY(copy_from(seL4_CapNull, 0, 4), seL4_FailedLookup, SOURCE, seL4_InvalidRoot);
    /* The root is looked at before the depth. */
    CHECK_REPLY(copy_from(new_endpoint(), 0, 0), seL4_FailedLookup, SOURCE, seL4_InvalidRoot);
}

static void target_root(void)
{
    word untyped = new_untyped(10);

    CHECK_REPLY(invoke(untyped, UNTYPED_RETYPE, ARGS(seL4_EndpointObject, 0, 0, 4, 0, 1),
                       CAPS(new_endpoint())),
                seL4_FailedLookup, TARGET, seL4_InvalidRoot);
    CHECK_REPLY(invoke(untyped, UNTYPED_RETYPE, ARGS(seL4_EndpointObject, 0, 0, 0, 0, 1),
                       CAPS(new_endpoint())),
                seL4_FailedLookup, TARGET, seL4_MissingCapability, 0);
}

/* ---- Lookup by system calls: a worker with a CSpace of its own ---- */

struct stranger {
    word cspace;
    word faults; /* endpoint to which the stranger's slot 1 leads */
    struct worker *worker;
};

/*
 * A worker whose CSpace is one CNode of 16 slots with this guard; `prefix` selects the CNode's
 * slots in its CPtrs.
 */
static struct stranger new_stranger(word guard_bits, word guard_size)
{
    struct stranger stranger = {new_cnode(4), new_endpoint(), NULL};
    word shift = 64 - 4 - guard_size;

    CHECK_OK(put_cap(stranger.cspace, 1, 4, stranger.faults));
    stranger.worker = make_worker((struct worker_options){
        .priority = MIDDLE,
        .cspace = stranger.cspace,
        .cspace_data = guard_size != 0 ? guard(guard_bits, guard_size) : 0,
        .fault_endpoint = (guard_bits << 4 | 1) << shift,
    });
    return stranger;
}

/* What the stranger's fault endpoint receives when it makes this call. */
static struct reply fault_of(struct stranger stranger, long call, word cptr)
{
    struct reply message;

    add_message(stranger.worker, call, cptr, 77, 1);
    start_script(stranger.worker);
    message = caught_fault(stranger.faults);
    CHECK(is_syscall(message.mr[0]));
    CHECK_EQUAL(stranger.worker->completed, 0);
    return message;
}

static void calls_ignore_left_over_bits(void)
{
    struct stranger stranger = new_stranger(0, 0);
    word endpoint = new_endpoint();
    struct reply message;

    CHECK_OK(put_cap(stranger.cspace, 5, 4, endpoint));
    add_message(stranger.worker, SEND, 5ul << 60 | 0x123456789, 77, 1);
    add_message(stranger.worker, SEND, 5ul << 60, 78, 1);
    start_script(stranger.worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 77, 0x1111);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 78, 0x1111);
}

static void call_through_guard(void)
{
    struct stranger stranger = new_stranger(0xabc, 60);
    word endpoint = new_endpoint();
    struct reply message;

    CHECK_OK(put_cap(stranger.cspace, 6, 4, endpoint));
    add_message(stranger.worker, SEND, 0xabc6, 79, 1);
    start_script(stranger.worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 79, 0x1111);
}

static void guard_mismatch_fault(void)
{
    struct reply send = fault_of(new_stranger(0xabc, 60), SEND, 0xabd6);
    struct reply call = fault_of(new_stranger(0xabc, 60), CALL, 0xabd6);
    struct reply receive = fault_of(new_stranger(0xabc, 60), RECV, 0xabd6);
    struct reply nb_receive = fault_of(new_stranger(0xabc, 60), NB_RECV, 0xabd6);

    CHECK_MESSAGE(send, CAP_FAULT, send.mr[0], 0xabd6, 0, seL4_GuardMismatch, 64, 0xabc, 60);
    CHECK_MESSAGE(call, CAP_FAULT, call.mr[0], 0xabd6, 0, seL4_GuardMismatch, 64, 0xabc, 60);
    CHECK_MESSAGE(receive, CAP_FAULT, receive.mr[0], 0xabd6, 1, seL4_GuardMismatch, 64, 0xabc, 60);
    CHECK_MESSAGE(nb_receive, CAP_FAULT, nb_receive.mr[0], 0xabd6, 1, seL4_GuardMismatch, 64, 0xabc,
                  60);
}

static void depth_mismatch_fault(void)
{
    struct stranger stranger = new_stranger(0, 0);
    word inner = new_minted(new_cnode(4), ALL_RIGHTS, guard(0, 58));
    struct reply message;

    CHECK_OK(put_cap(stranger.cspace, 5, 4, inner));
    message = fault_of(stranger, SEND, 5ul << 60);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 5ul << 60, 0, seL4_DepthMismatch, 60, 62);
}

static void receive_on_wrong_capabilities(void)
{
    struct stranger empty = new_stranger(0, 0);
    struct reply message = fault_of(empty, RECV, 9ul << 60);
    struct stranger untyped = new_stranger(0, 0);
    struct stranger cnode = new_stranger(0, 0);

    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 9ul << 60, 1, seL4_MissingCapability, 0);
    CHECK_OK(put_cap(untyped.cspace, 9, 4, new_untyped(8)));
    message = fault_of(untyped, NB_RECV, 9ul << 60);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 9ul << 60, 1, seL4_MissingCapability, 0);
    CHECK_OK(put_cap(cnode.cspace, 9, 4, new_tcb()));
    message = fault_of(cnode, REPLY_RECV, 9ul << 60);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 9ul << 60, 1, seL4_MissingCapability, 0);
}

static void empty_slot_is_invalid(void)
{
    CHECK_REPLY(invoke(new_slot(), 1, ARGS(1, 2, 3), NO_CAPS), seL4_InvalidCapability, 0);
    CHECK_REPLY(invoke(seL4_CapNull, 1, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
    CHECK_REPLY(invoke(seL4_CapNull, 0, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
}

static void extra_caps_are_looked_up(void)
{
    struct stranger stranger = new_stranger(0xabc, 60);
    struct reply message;

    /* A Send of two extra capabilities, the second of which does not resolve. */
    CHECK_OK(put_cap(stranger.cspace, 6, 4, new_endpoint()));
    stranger.worker->buffer->caps_or_badges[0] = 0xabc6;
    stranger.worker->buffer->caps_or_badges[1] = 0x1236;
    add_step(stranger.worker, SEND, 0xabc6, message_info(1, 2, 0), 0, 0, 0, 0);
    start_script(stranger.worker);
    message = caught_fault(stranger.faults);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 0x1236, 0, seL4_GuardMismatch, 64, 0xabc, 60);
}

static void extra_caps_beyond_count(void)
{
    /* Only as many as the MessageInfo says are looked up. */
    word endpoint = new_endpoint();
    struct stranger stranger = new_stranger(0xabc, 60);
    struct reply message;

    CHECK_OK(put_cap(stranger.cspace, 6, 4, endpoint));
    stranger.worker->buffer->caps_or_badges[0] = 0xabc6;
    stranger.worker->buffer->caps_or_badges[1] = 0x1236;
    add_step(stranger.worker, SEND, 0xabc6, message_info(1, 1, 0), 0, 0, 0, 0);
    start_script(stranger.worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
}

static void nb_send_never_faults(void)
{
    struct stranger stranger = new_stranger(0xabc, 60);
    struct reply message;

    CHECK_OK(put_cap(stranger.cspace, 6, 4, new_endpoint()));
    add_message(stranger.worker, NB_SEND, 0x9996, 1, 1);
    stranger.worker->buffer->caps_or_badges[0] = 0x1236;
    add_step(stranger.worker, NB_SEND, 0xabc6, message_info(1, 1, 0), 0, 0, 0, 0);
    add_message(stranger.worker, NB_SEND, 0xabc9, 1, 1);
    start_script(stranger.worker);
    settle();
    CHECK_EQUAL(stranger.worker->completed, 3);
    CHECK(poll_message(stranger.faults, &message));
    CHECK_EQUAL(message.mr[1], stranger.worker->tcb);
}

static void no_cspace(void)
{
    /*
     * Without a CSpace neither the call nor the fault handler can be found: the thread simply
     * stops.
     */
    struct worker *worker = new_worker(MIDDLE);
    word own_root = new_cnode(4);
    seL4_UserContext context;

    add_message(worker, SEND, 5, 1, 1);
    CHECK_OK(invoke(worker->tcb, TCB_SET_SPACE, ARGS(5, 0, 0),
                    CAPS(own_root, seL4_CapInitThreadVSpace)));
    CHECK_OK(revoke_cap(own_root));
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 0);
    CHECK_OK(delete_cap(own_root));
    CHECK_EQUAL(read_registers(worker->tcb, false, &context).label, seL4_NoError);
}

static void debug_identify_lookup(void)
{
    need_debug_calls();
    CHECK_EQUAL(cap_tag(1ul << 63), 0);
    CHECK_EQUAL(cap_tag(new_slot()), 0);
    CHECK_TAG(new_endpoint(), TAG_ENDPOINT);
}

static const struct test tests[] = {
    {"lookup-depth-range", "a depth of 0 or above 64 is a RangeError", depth_range},
    {"lookup-too-shallow", "fewer bits than the CNode resolves", too_shallow},
    {"lookup-left-over", "bits left over are an error for CNode operations", left_over_bits},
    {"lookup-guards", "guards must match, and mismatches say what was found", guards},
    {"lookup-guard-masked", "a guard is masked to its size", guard_is_masked},
    {"lookup-high-index-bits", "index bits above the depth are ignored", high_index_bits},
    {"lookup-two-levels", "a CNode in a CNode, with a guard", two_levels},
    {"lookup-sixteen-levels", "64 bits resolved by sixteen CNodes", sixteen_levels},
    {"lookup-source-side", "errors of the source side say so", source_side},
    {"lookup-target-root", "Retype with a root that is no CNode", target_root},
    {"lookup-calls-ignore-left-over", "an invocation ignores left-over bits",
     calls_ignore_left_over_bits},
    {"lookup-call-through-guard", "an invocation through a guarded CSpace root",
     call_through_guard},
    {"lookup-guard-fault", "CapFault with a guard mismatch in every kind of call",
     guard_mismatch_fault},
    {"lookup-depth-fault", "CapFault with a depth mismatch", depth_mismatch_fault},
    {"lookup-receive-wrong-cap", "receiving on what cannot be received on",
     receive_on_wrong_capabilities},
    {"lookup-empty-slot", "invoking an empty slot is InvalidCapability, no fault",
     empty_slot_is_invalid},
    {"lookup-extra-caps", "extra capabilities are resolved before a send blocks",
     extra_caps_are_looked_up},
    {"lookup-extra-caps-count", "CPtrs beyond the count are not looked at",
     extra_caps_beyond_count},
    {"lookup-nbsend-silent", "a non-blocking send drops lookup failures", nb_send_never_faults},
    {"lookup-no-cspace", "a thread whose CSpace is gone stops without harm", no_cspace},
    {"lookup-identify", "DebugCapIdentify answers 0 where nothing is", debug_identify_lookup},
};

SUBJECT(lookup, tests);
