/* Capabilities in messages: transfer, unwrapping, and all reasons to stop (contract 7.8). */
#include "harness.h"

/* The main thread will take a capability into this slot. */
static word receive_slot(void)
{
    word slot = new_slot();

    main_buffer->receiveCNode = ROOT;
    main_buffer->receiveIndex = slot;
    main_buffer->receiveDepth = DEPTH;
    return slot;
}

/* A worker that waits to send these capabilities. */
static struct worker *sender_of(word endpoint, long call, const word *caps, word count)
{
    struct worker *worker = new_worker(MIDDLE);

    for (word i = 0; i < count; i++) {
        worker->buffer->caps_or_badges[i] = caps[i];
    }
    add_step(worker, call, endpoint, message_info(7, count, 1), 0x99, 0, 0, 0);
    start_script(worker);
    settle();
    return worker;
}

/* What the main thread receives of them. */
static struct reply sent(word endpoint, word path, const word *caps, word count)
{
    struct reply message;

    sender_of(path, SEND, caps, count);
    REQUIRE(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 7, 0x99);
    return message;
}

static void one_capability(void)
{
    word endpoint = new_endpoint();
    word frame = new_frame();
    word slot = receive_slot();
    struct reply message = sent(endpoint, endpoint, CAPS(frame));

    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_EQUAL(message.unwrapped, 0);
    CHECK_TAG(slot, TAG_FRAME);
    CHECK_TAG(frame, TAG_FRAME);
    CHECK_OK(revoke_cap(frame));
    CHECK_TAG(slot, TAG_NULL);
}

static void rights_and_badge_stay(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    word slot = receive_slot();

    sent(endpoint, endpoint, CAPS(new_minted(notification, WRITE, 0x321)));
    signal_notification(slot);
    CHECK_EQUAL(poll_word(notification), 0x321);
    slot = receive_slot();
    sent(endpoint, endpoint, CAPS(new_copy(notification, READ)));
    CHECK_REPLY(invoke(slot, 0, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
}

static void without_grant(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message =
        sent(endpoint, new_copy(endpoint, WRITE | READ | GRANT_REPLY), CAPS(new_frame()));

    CHECK_EQUAL(message.extra_caps, 0);
    CHECK_TAG(slot, TAG_NULL);
}

static void unwrapping(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message = sent(endpoint, endpoint, CAPS(new_minted(endpoint, READ, 0x55)));

    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_EQUAL(message.unwrapped, 1);
    CHECK_EQUAL(main_buffer->caps_or_badges[0], 0x55);
    CHECK_TAG(slot, TAG_NULL);
}

static void another_endpoint_is_transferred(void)
{
    /* Only the very endpoint that the message goes through is unwrapped. */
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message = sent(endpoint, endpoint, CAPS(new_minted(new_endpoint(), READ, 0x55)));

    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_EQUAL(message.unwrapped, 0);
    CHECK_TAG(slot, TAG_ENDPOINT);
}

static void three_unwrapped(void)
{
    word endpoint = new_endpoint();
    struct reply message;

    main_buffer->receiveCNode = 0;
    message = sent(endpoint, endpoint,
                   CAPS(new_minted(endpoint, WRITE, 1), endpoint, new_minted(endpoint, 0, 3)));
    CHECK_EQUAL(message.extra_caps, 3);
    CHECK_EQUAL(message.unwrapped, 7);
    CHECK_EQUAL(main_buffer->caps_or_badges[0], 1);
    CHECK_EQUAL(main_buffer->caps_or_badges[1], 0);
    CHECK_EQUAL(main_buffer->caps_or_badges[2], 3);
}

static void mixed(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message =
        sent(endpoint, endpoint,
             CAPS(new_minted(endpoint, WRITE, 1), new_frame(), new_minted(endpoint, 0, 3)));

    CHECK_EQUAL(message.extra_caps, 3);
    CHECK_EQUAL(message.unwrapped, 5);
    CHECK_EQUAL(main_buffer->caps_or_badges[0], 1);
    CHECK_EQUAL(main_buffer->caps_or_badges[2], 3);
    CHECK_TAG(slot, TAG_FRAME);
}

static void only_one_slot(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message =
        sent(endpoint, endpoint, CAPS(new_frame(), new_tcb(), new_minted(endpoint, 0, 3)));

    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_EQUAL(message.unwrapped, 0);
    CHECK_TAG(slot, TAG_FRAME);
}

static void occupied_slot(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message;

    CHECK_OK(copy_cap(slot, endpoint, 0));
    message = sent(endpoint, endpoint, CAPS(new_minted(endpoint, 0, 4), new_frame()));
    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_EQUAL(message.unwrapped, 1);
    CHECK_TAG(slot, TAG_ENDPOINT);
}

static void bad_receive_path(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();

    main_buffer->receiveCNode = 1ul << 60;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 0);
    main_buffer->receiveCNode = endpoint;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 0);
    main_buffer->receiveCNode = ROOT;
    main_buffer->receiveDepth = 0;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 0);
    main_buffer->receiveDepth = 65;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 0);
    main_buffer->receiveDepth = 63;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 0);
    main_buffer->receiveDepth = DEPTH;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 1);
    CHECK_TAG(slot, TAG_FRAME);
}

static void receive_into_another_cnode(void)
{
    word endpoint = new_endpoint();
    word cnode = new_cnode(4);

    main_buffer->receiveCNode = cnode;
    main_buffer->receiveIndex = 9;
    main_buffer->receiveDepth = 4;
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_frame())).extra_caps, 1);
    CHECK(slot_used(cnode, 9, 4));
}

static void what_cannot_be_derived(void)
{
    word endpoint = new_endpoint();
    word untyped = new_untyped(10);
    word slot = receive_slot();

    CHECK_OK(retype(untyped, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(untyped)).extra_caps, 0);
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_slot())).extra_caps, 0);
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(seL4_CapIRQControl)).extra_caps, 0);
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(new_object(seL4_X86_PageTableObject, 0))).extra_caps,
                0);
    CHECK_TAG(slot, TAG_NULL);
    /* What precedes it has been processed. */
    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(endpoint, untyped, endpoint)).extra_caps, 1);
}

static void untyped_is_frozen_by_transfer(void)
{
    word endpoint = new_endpoint();
    word untyped = new_untyped(10);
    word slot = receive_slot();

    CHECK_EQUAL(sent(endpoint, endpoint, CAPS(untyped)).extra_caps, 1);
    CHECK_TAG(slot, TAG_UNTYPED);
    CHECK_REPLY(retype(untyped, seL4_EndpointObject, 0, new_slot(), 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(retype(slot, seL4_EndpointObject, 0, new_slot(), 1));
}

static void receiver_without_buffer(void)
{
    word endpoint = new_endpoint();
    struct worker *receiver =
        make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});

    add_step(receiver, RECV, endpoint, 0, 0, 0, 0, 0);
    start_script(receiver);
    settle();
    sender_of(endpoint, SEND, CAPS(new_frame()));
    CHECK_EQUAL(receiver->completed, 1);
    CHECK_EQUAL(receiver->outcomes[0].rsi, message_info(7, 0, 1));
}

static void resolved_at_transfer(void)
{
    /*
     * The sender waits; meanwhile its CPtrs change to what cannot be resolved: the message comes
     * without capabilities.
     */
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct worker *worker = sender_of(endpoint, SEND, CAPS(new_frame(), new_tcb()));
    struct reply message;

    worker->buffer->caps_or_badges[1] = 1ul << 60;
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 7, 0x99);
    CHECK_EQUAL(message.extra_caps, 0);
    CHECK_TAG(slot, TAG_NULL);
}

static void replaced_while_waiting(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct worker *worker = sender_of(endpoint, SEND, CAPS(new_frame()));
    struct reply message;

    worker->buffer->caps_or_badges[0] = new_tcb();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_TAG(slot, TAG_TCB);
}

static void call_transfers(void)
{
    word endpoint = new_endpoint();
    word slot = receive_slot();
    struct reply message;

    sender_of(endpoint, CALL, CAPS(new_frame()));
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.extra_caps, 1);
    CHECK_TAG(slot, TAG_FRAME);
}

/* ---- With replies ---- */

/* A caller that can take a capability into `slot` with the reply. */
static struct worker *caller_into(word endpoint, word slot)
{
    struct worker *caller = new_worker(MIDDLE);

    caller->buffer->receiveCNode = ROOT;
    caller->buffer->receiveIndex = slot;
    caller->buffer->receiveDepth = DEPTH;
    add_message(caller, CALL, endpoint, 1, 0);
    start_script(caller);
    settle();
    return caller;
}

static void reply_transfers(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = caller_into(endpoint, slot);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    main_buffer->caps_or_badges[0] = new_frame();
    system_call(REPLY, 0, message_info(2, 1, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(2, 1, 0));
    CHECK_TAG(slot, TAG_FRAME);
}

static void reply_without_grant(void)
{
    /* It is the receiver's endpoint capability that decides. */
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = caller_into(endpoint, slot);
    struct reply message;

    CHECK(poll_message(new_copy(endpoint, READ | WRITE), &message));
    main_buffer->caps_or_badges[0] = new_frame();
    system_call(REPLY, 0, message_info(2, 1, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(2, 0, 0));
    CHECK_TAG(slot, TAG_NULL);
}

static void waiting_receiver_without_grant(void)
{
    /* The same when the receiver was there first. */
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *server = new_worker(MIDDLE);
    struct worker *caller;

    server->buffer->caps_or_badges[0] = new_frame();
    add_step(server, RECV, new_copy(endpoint, READ), 0, 0, 0, 0, 0);
    add_step(server, REPLY, 0, message_info(2, 1, 0), 0, 0, 0, 0);
    start_script(server);
    settle();
    caller = caller_into(endpoint, slot);
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(2, 0, 0));
    CHECK_TAG(slot, TAG_NULL);
}

static void waiting_receiver_with_grant(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *server = new_worker(MIDDLE);
    struct worker *caller;

    server->buffer->caps_or_badges[0] = new_frame();
    add_step(server, RECV, new_copy(endpoint, READ | GRANT), 0, 0, 0, 0, 0);
    add_step(server, REPLY, 0, message_info(2, 1, 0), 0, 0, 0, 0);
    start_script(server);
    settle();
    /* A caller with GrantReply only: its message could bring no capability, the reply can. */
    caller = caller_into(new_copy(endpoint, WRITE | GRANT_REPLY), slot);
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(2, 1, 0));
    CHECK_TAG(slot, TAG_FRAME);
}

static void reply_never_unwraps(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = caller_into(endpoint, slot);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    main_buffer->caps_or_badges[0] = endpoint;
    system_call(REPLY, 0, message_info(2, 1, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(2, 1, 0));
    CHECK_TAG(slot, TAG_ENDPOINT);
}

static void saved_reply_transfers(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    word reply = new_slot();
    struct worker *caller = caller_into(endpoint, slot);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    CHECK_OK(invoke(ROOT, CNODE_SAVE_CALLER, ARGS(reply, DEPTH), NO_CAPS));
    main_buffer->caps_or_badges[0] = new_frame();
    system_call(SEND, reply, message_info(3, 1, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(3, 1, 0));
    CHECK_TAG(slot, TAG_FRAME);
}

static const struct test tests[] = {
    {"transfer-one", "a capability arrives in the receive slot, as a copy", one_capability},
    {"transfer-rights", "rights and badge stay as they are", rights_and_badge_stay},
    {"transfer-no-grant", "without Grant no capability passes", without_grant},
    {"transfer-unwrap", "a capability to the endpoint itself becomes its badge", unwrapping},
    {"transfer-other-endpoint", "a capability to another endpoint is transferred",
     another_endpoint_is_transferred},
    {"transfer-unwrap-three", "three unwrapped, no slot needed", three_unwrapped},
    {"transfer-mixed", "unwrapped and transferred in one message", mixed},
    {"transfer-one-slot", "a second capability that needs a slot ends it", only_one_slot},
    {"transfer-occupied", "an occupied slot ends it", occupied_slot},
    {"transfer-bad-path", "a receive path that leads nowhere", bad_receive_path},
    {"transfer-other-cnode", "the receive path names any CNode", receive_into_another_cnode},
    {"transfer-underivable", "capabilities that cannot be derived end it", what_cannot_be_derived},
    {"transfer-untyped", "a transferred untyped is a child of its source",
     untyped_is_frozen_by_transfer},
    {"transfer-no-buffer", "a receiver without buffer gets none", receiver_without_buffer},
    {"transfer-late-lookup", "CPtrs that fail at the transfer stop all capabilities",
     resolved_at_transfer},
    {"transfer-late-choice", "the CPtrs of the moment of transfer count", replaced_while_waiting},
    {"transfer-call", "calls transfer like sends", call_transfers},
    {"transfer-reply", "replies transfer with Grant", reply_transfers},
    {"transfer-reply-no-grant", "a receiver without Grant cannot send with its reply",
     reply_without_grant},
    {"transfer-waiting-no-grant", "a waiting receiver without Grant neither",
     waiting_receiver_without_grant},
    {"transfer-waiting-grant", "a waiting receiver with Grant can", waiting_receiver_with_grant},
    {"transfer-reply-no-unwrap", "replies never unwrap", reply_never_unwraps},
    {"transfer-saved-reply", "a saved reply capability transfers", saved_reply_transfers},
};

SUBJECT(transfer, tests);
