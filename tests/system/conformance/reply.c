/*
 * Reply capabilities: one use, saved, moved, dropped, and bound to the caller's fate (contract 4.6,
 * 7.10).
 */
#include "harness.h"

static struct reply save_caller(word slot)
{
    return invoke(ROOT, CNODE_SAVE_CALLER, ARGS(slot, DEPTH), NO_CAPS);
}

static struct worker *caller_of(word endpoint, word label)
{
    struct worker *worker = new_worker(MIDDLE);

    add_message(worker, CALL, endpoint, label, 0);
    add_message(worker, CALL, endpoint, label + 1, 0);
    start_script(worker);
    settle();
    return worker;
}

/*
 * A caller whose call the main thread has received and whose reply capability it has saved in
 * `slot`.
 */
static struct worker *saved_caller(word endpoint, word slot)
{
    struct worker *worker = caller_of(endpoint, 1);
    struct reply message;

    REQUIRE(poll_message(endpoint, &message));
    CHECK_OK(save_caller(slot));
    CHECK_TAG(slot, TAG_REPLY);
    return worker;
}

static void save_caller_errors(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct reply message;

    CHECK_OK(save_caller(slot));
    CHECK_TAG(slot, TAG_NULL);
    caller_of(endpoint, 1);
    CHECK(poll_message(endpoint, &message));
    CHECK_REPLY(save_caller(endpoint), seL4_DeleteFirst);
    CHECK_REPLY(invoke(ROOT, CNODE_SAVE_CALLER, ARGS(slot, 65), NO_CAPS), seL4_RangeError, 1, 64);
    CHECK_OK(save_caller(slot));
    CHECK_TAG(slot, TAG_REPLY);
    /* It has been moved: nothing is left to reply to or to save. */
    CHECK_OK(save_caller(new_slot()));
    system_call(REPLY, 0, message_info(5, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_TAG(slot, TAG_REPLY);
}

static void reply_once(void)
{
    static const long calls[] = {SEND, NB_SEND, CALL};

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        word endpoint = new_endpoint();
        word slot = new_slot();
        struct worker *caller = saved_caller(endpoint, slot);
        struct outcome outcome =
            system_call(calls[i], slot, message_info(70 + i, 0, 2), 3, 4, 5, 6);

        CHECK_TAG(slot, TAG_NULL);
        settle();
        CHECK_EQUAL(caller->completed, 1);
        CHECK_EQUAL(caller->outcomes[0].rsi, message_info(70 + i, 0, 2));
        CHECK_EQUAL(caller->outcomes[0].mr[0], 3);
        CHECK_EQUAL(caller->outcomes[0].rdi, 0);
        /* Calling a reply capability answers at once, with nothing. */
        CHECK_EQUAL(outcome.rsi, calls[i] == CALL ? 0 : message_info(70 + i, 0, 2));
        CHECK_REPLY(invoke(slot, 0, NO_ARGS, NO_CAPS), seL4_InvalidCapability, 0);
    }
}

static void long_reply(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = saved_caller(endpoint, slot);

    for (word i = 0; i < 120; i++) {
        main_buffer->msg[i] = 2000 + i;
    }
    system_call(SEND, slot, message_info(1, 0, 120), 1, 2, 3, 4);
    settle();
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(1, 0, 120));
    CHECK_EQUAL(caller->buffer->msg[4], 2004);
    CHECK_EQUAL(caller->buffer->msg[119], 2119);
}

static void two_callers_out_of_order(void)
{
    word endpoint = new_endpoint();
    word slots = new_slots(2);
    struct worker *first = saved_caller(endpoint, slots);
    struct worker *second = saved_caller(endpoint, slots + 1);

    system_call(SEND, slots + 1, message_info(20, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(first->completed, 0);
    CHECK_EQUAL(info_label(second->outcomes[0].rsi), 20);
    system_call(SEND, slots, message_info(21, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(info_label(first->outcomes[0].rsi), 21);
}

static void no_copies(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    word moved = new_slot();
    struct worker *caller = saved_caller(endpoint, slot);

    CHECK_REPLY(copy_cap(new_slot(), slot, ALL_RIGHTS), seL4_IllegalOperation);
    CHECK_REPLY(mint_cap(new_slot(), slot, ALL_RIGHTS, 0), seL4_IllegalOperation);
    CHECK_OK(move_cap(moved, slot));
    system_call(SEND, moved, message_info(30, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(info_label(caller->outcomes[0].rsi), 30);
    CHECK_TAG(moved, TAG_NULL);
}

static void no_transfer(void)
{
    word endpoint = new_endpoint();
    word other = new_endpoint();
    word slot = new_slot();
    struct worker *sender = new_worker(MIDDLE);
    struct reply message;

    saved_caller(endpoint, slot);
    sender->buffer->caps_or_badges[0] = slot;
    add_step(sender, SEND, other, message_info(1, 1, 0), 0, 0, 0, 0);
    start_script(sender);
    settle();
    main_buffer->receiveCNode = ROOT;
    main_buffer->receiveIndex = new_slot();
    main_buffer->receiveDepth = DEPTH;
    CHECK(poll_message(other, &message));
    CHECK_EQUAL(message.extra_caps, 0);
    CHECK_TAG(slot, TAG_REPLY);
}

static void deleted_reply_leaves_caller(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = saved_caller(endpoint, slot);
    struct reply message;

    CHECK_OK(delete_cap(slot));
    settle();
    CHECK_EQUAL(caller->completed, 0);
    CHECK(!poll_message(endpoint, &message));
    /* Resume makes it call again. */
    CHECK_OK(resume_thread(caller->tcb));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
}

static void dropped_by_endpoint_receive(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = caller_of(endpoint, 1);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    /* An unsuccessful non-blocking receive drops it as well. */
    CHECK(!poll_message(new_endpoint(), &message));
    system_call(REPLY, 0, message_info(5, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->completed, 0);
}

static void kept_by_notification_receive(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = caller_of(endpoint, 1);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    poll_word(new_notification());
    settle();
    system_call(REPLY, 0, message_info(5, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->completed, 1);
}

static void suspending_caller_deletes_it(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = saved_caller(endpoint, slot);

    CHECK_OK(suspend_thread(caller->tcb));
    CHECK_TAG(slot, TAG_NULL);
    slot = new_slot();
    caller = saved_caller(endpoint, slot);
    CHECK_OK(resume_thread(caller->tcb));
    CHECK_TAG(slot, TAG_NULL);
    slot = new_slot();
    struct reply message;
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_OK(save_caller(slot));
    CHECK_TAG(slot, TAG_REPLY);
    CHECK_OK(delete_cap(caller->tcb));
    CHECK_TAG(slot, TAG_NULL);
}

static void suspending_caller_empties_caller_slot(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = caller_of(endpoint, 1);
    word slot = new_slot();
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    CHECK_OK(suspend_thread(caller->tcb));
    CHECK_OK(save_caller(slot));
    CHECK_TAG(slot, TAG_NULL);
    system_call(REPLY, 0, 0, 0, 0, 0, 0);
}

static void server_deleted(void)
{
    /* The reply capability goes with the server; the caller is left waiting. */
    word endpoint = new_endpoint();
    struct worker *server = new_worker(MIDDLE);
    struct worker *caller;

    add_message(server, RECV, endpoint, 0, 0);
    start_script(server);
    settle();
    caller = caller_of(endpoint, 1);
    CHECK_EQUAL(server->completed, 1);
    CHECK_OK(delete_cap(server->tcb));
    settle();
    CHECK_EQUAL(caller->completed, 0);
    CHECK_OK(suspend_thread(caller->tcb));
}

static void call_within_call(void)
{
    /* A server calls another before it replies to its client: its caller slot keeps the client. */
    word front = new_endpoint();
    word back = new_endpoint();
    struct worker *server = new_worker(MIDDLE);
    struct worker *helper = new_worker(MIDDLE);
    struct worker *client;

    add_step(server, RECV, front, 0, 0, 0, 0, 0);
    add_step(server, CALL, back, message_info(50, 0, 0), 0, 0, 0, 0);
    add_step(server, REPLY, 0, message_info(51, 0, 0), 0, 0, 0, 0);
    add_step(helper, RECV, back, 0, 0, 0, 0, 0);
    add_step(helper, REPLY, 0, message_info(52, 0, 0), 0, 0, 0, 0);
    start_script(server);
    start_script(helper);
    settle();
    client = caller_of(front, 1);
    CHECK_EQUAL(server->completed, 3);
    CHECK_EQUAL(info_label(helper->outcomes[0].rsi), 50);
    CHECK_EQUAL(info_label(server->outcomes[1].rsi), 52);
    CHECK_EQUAL(client->completed, 1);
    CHECK_EQUAL(info_label(client->outcomes[0].rsi), 51);
}

static void revoked_caller_tcb(void)
{
    word endpoint = new_endpoint();
    word slot = new_slot();
    struct worker *caller = saved_caller(endpoint, slot);

    /* Copies of the TCB capability come and go without touching the reply capability. */
    new_copy(caller->tcb, ALL_RIGHTS);
    CHECK_OK(revoke_cap(caller->tcb));
    CHECK_TAG(slot, TAG_REPLY);
    CHECK_OK(revoke_cap(slot));
    CHECK_TAG(slot, TAG_REPLY);
    system_call(SEND, slot, message_info(40, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(info_label(caller->outcomes[0].rsi), 40);
}

static const struct test tests[] = {
    {"reply-save-caller", "SaveCaller: empty, occupied, and once", save_caller_errors},
    {"reply-once", "a saved reply is used up by Send, NBSend or Call", reply_once},
    {"reply-long", "a saved reply carries 120 words", long_reply},
    {"reply-out-of-order", "saved replies are used in any order", two_callers_out_of_order},
    {"reply-no-copies", "reply capabilities move but are not copied", no_copies},
    {"reply-no-transfer", "reply capabilities do not pass with messages", no_transfer},
    {"reply-deleted", "deleting the reply capability leaves the caller waiting",
     deleted_reply_leaves_caller},
    {"reply-dropped", "receiving on an endpoint drops a pending reply",
     dropped_by_endpoint_receive},
    {"reply-kept", "receiving on a notification keeps a pending reply",
     kept_by_notification_receive},
    {"reply-caller-gone", "suspending, resuming or deleting the caller deletes it",
     suspending_caller_deletes_it},
    {"reply-caller-suspended", "a pending reply disappears with a suspended caller",
     suspending_caller_empties_caller_slot},
    {"reply-server-gone", "a deleted server leaves its caller waiting", server_deleted},
    {"reply-nested", "a server that calls keeps its own caller", call_within_call},
    {"reply-revoke", "revoking TCB or reply capability spares the reply", revoked_caller_tcb},
};

SUBJECT(reply, tests);
