/*
 * Endpoints: send, receive, the non-blocking forms, rights and order (contract 1.2, 1.3, 8.4).
 * Buffers: buffers.c.
 */
#include "harness.h"

static struct worker *receiver(word endpoint)
{
    struct worker *worker = new_worker(MIDDLE);

    add_step(worker, RECV, endpoint, 0xaaa, 0xa0, 0xa1, 0xa2, 0xa3);
    start_script(worker);
    settle();
    return worker;
}

static struct worker *sender(word endpoint, long call, word label, word length)
{
    struct worker *worker = new_worker(MIDDLE);

    add_message(worker, call, endpoint, label, length);
    start_script(worker);
    settle();
    return worker;
}

static void receive_then_send(void)
{
    word endpoint = new_endpoint();
    struct worker *worker = receiver(endpoint);

    CHECK_EQUAL(worker->completed, 0);
    nb_send(endpoint, 42, ARGS(1, 2, 3, 4));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rdi, 0);
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(42, 0, 4));
    for (word i = 0; i < 4; i++) {
        CHECK_EQUAL(worker->outcomes[0].mr[i], i + 1);
    }
}

static void send_then_receive(void)
{
    word endpoint = new_endpoint();
    struct worker *worker = sender(endpoint, SEND, 43, 3);
    struct reply message;

    CHECK_EQUAL(worker->completed, 0);
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 43, 0x1111, 0x2222, 0x3333);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    /* Send never returns data. */
    CHECK_EQUAL(worker->outcomes[0].rdi, endpoint);
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(43, 0, 3));
    CHECK_EQUAL(worker->outcomes[0].mr[0], 0x1111);
    CHECK_EQUAL(worker->outcomes[0].mr[3], 0x4444);
}

static void short_messages_leave_registers(void)
{
    for (word length = 0; length <= 4; length++) {
        word endpoint = new_endpoint();
        struct worker *worker = receiver(endpoint);

        nb_send(endpoint, 1, (const word[]){0xb0, 0xb1, 0xb2, 0xb3}, length);
        settle();
        CHECK_EQUAL(info_length(worker->outcomes[0].rsi), length);
        for (word i = 0; i < 4; i++) {
            CHECK_EQUAL(worker->outcomes[0].mr[i], (i < length ? 0xb0 : 0xa0) + i);
        }
    }
}

static void nb_send_without_receiver(void)
{
    word endpoint = new_endpoint();
    struct worker *worker = sender(endpoint, NB_SEND, 44, 2);
    struct reply message;

    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rdi, endpoint);
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(44, 0, 2));
    CHECK(!poll_message(endpoint, &message));
}

static void nb_receive_of_nothing(void)
{
    struct worker *worker = new_worker(MIDDLE);

    add_step(worker, NB_RECV, new_endpoint(), 0xabc, 1, 2, 3, 4);
    add_step(worker, NB_RECV, new_notification(), 0xabd, 5, 6, 7, 8);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 2);
    for (word i = 0; i < 2; i++) {
        CHECK_EQUAL(worker->outcomes[i].rdi, 0);
        CHECK_EQUAL(worker->outcomes[i].rsi, 0xabc + i);
        for (word m = 0; m < 4; m++) {
            CHECK_EQUAL(worker->outcomes[i].mr[m], 4 * i + m + 1);
        }
    }
}

static void call_and_reply(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = sender(endpoint, CALL, 45, 1);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 45, 0x1111);
    settle();
    CHECK_EQUAL(caller->completed, 0);
    system_call(REPLY, 0xdead, message_info(46, 0, 2), 7, 8, 9, 10);
    settle();
    CHECK_EQUAL(caller->completed, 1);
    CHECK_EQUAL(caller->outcomes[0].rdi, 0);
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(46, 0, 2));
    CHECK_EQUAL(caller->outcomes[0].mr[0], 7);
    CHECK_EQUAL(caller->outcomes[0].mr[1], 8);
    CHECK_EQUAL(caller->outcomes[0].mr[2], 0x3333);
    CHECK_EQUAL(caller->outcomes[0].mr[3], 0x4444);
}

static void reply_preserves_registers(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = sender(endpoint, CALL, 45, 1);
    struct worker *server = new_worker(MIDDLE);

    add_step(server, RECV, endpoint, 0, 0, 0, 0, 0);
    add_step(server, REPLY, 0x77, message_info(9, 0, 1), 1, 2, 3, 4);
    start_script(server);
    settle();
    CHECK_EQUAL(caller->completed, 1);
    CHECK_EQUAL(server->completed, 2);
    CHECK_EQUAL(server->outcomes[1].rdi, 0x77);
    CHECK_EQUAL(server->outcomes[1].rsi, message_info(9, 0, 1));
    CHECK_EQUAL(server->outcomes[1].mr[3], 4);
}

static void reply_recv_serves_two(void)
{
    word endpoint = new_endpoint();
    struct worker *server = new_worker(MIDDLE);
    struct worker *clients[2];

    add_step(server, RECV, endpoint, 0, 0, 0, 0, 0);
    add_step(server, REPLY_RECV, endpoint, message_info(100, 0, 1), 5, 0, 0, 0);
    add_step(server, REPLY_RECV, endpoint, message_info(101, 0, 1), 6, 0, 0, 0);
    start_script(server);
    settle();
    clients[0] = sender(endpoint, CALL, 1, 1);
    clients[1] = sender(endpoint, CALL, 2, 1);
    CHECK_EQUAL(server->completed, 2);
    CHECK_EQUAL(info_label(server->outcomes[0].rsi), 1);
    CHECK_EQUAL(info_label(server->outcomes[1].rsi), 2);
    for (word i = 0; i < 2; i++) {
        CHECK_EQUAL(clients[i]->completed, 1);
        CHECK_EQUAL(clients[i]->outcomes[0].rsi, message_info(100 + i, 0, 1));
        CHECK_EQUAL(clients[i]->outcomes[0].mr[0], 5 + i);
    }
}

static void nothing_to_reply_to(void)
{
    word endpoint = new_endpoint();
    struct worker *server = new_worker(MIDDLE);

    add_step(server, REPLY, 0, message_info(1, 0, 0), 0, 0, 0, 0);
    add_step(server, REPLY_RECV, endpoint, message_info(2, 0, 0), 0, 0, 0, 0);
    start_script(server);
    settle();
    CHECK_EQUAL(server->completed, 1);
    nb_send(endpoint, 8, NULL, 0);
    settle();
    CHECK_EQUAL(server->completed, 2);
    CHECK_EQUAL(info_label(server->outcomes[1].rsi), 8);
}

static void badges_arrive(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 0x8000000000000001);
    struct reply message;

    sender(badged, SEND, 1, 0);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.badge, 0x8000000000000001);
    struct worker *waiting = receiver(badged);
    nb_send(new_copy(badged, ALL_RIGHTS), 2, NULL, 0);
    settle();
    CHECK_EQUAL(waiting->outcomes[0].rdi, 0x8000000000000001);
}

static void wide_labels(void)
{
    word endpoint = new_endpoint();
    struct reply message;

    sender(endpoint, SEND, 0xfffffffffffff, 0);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 0xfffffffffffff);
    CHECK_EQUAL(message.length, 0);
}

static void unwrapped_bits_are_ignored(void)
{
    word endpoint = new_endpoint();
    struct worker *worker = new_worker(MIDDLE);
    struct reply message;

    add_step(worker, SEND, endpoint, message_info(3, 0, 1) | 7 << 9, 1, 0, 0, 0);
    start_script(worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.unwrapped, 0);
    CHECK_MESSAGE(message, 3, 1);
}

/* ---- Rights ---- */

static void send_without_write(void)
{
    word endpoint = new_endpoint();
    struct worker *worker = new_worker(MIDDLE);
    word receive_only = new_copy(endpoint, READ | GRANT | GRANT_REPLY);
    struct reply message;

    add_message(worker, SEND, receive_only, 1, 0);
    add_message(worker, NB_SEND, receive_only, 1, 0);
    add_message(worker, CALL, receive_only, 1, 1);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 3);
    CHECK_EQUAL(worker->outcomes[2].rsi, message_info(seL4_InvalidCapability, 0, 1));
    CHECK_EQUAL(worker->outcomes[2].mr[0], 0);
    CHECK(!poll_message(endpoint, &message));
}

static void receive_without_read(void)
{
    word faults = new_endpoint();
    word send_only = new_copy(new_endpoint(), WRITE | GRANT);
    static const long calls[] = {RECV, NB_RECV, REPLY_RECV};

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct worker *worker =
            make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
        struct reply message;

        add_message(worker, calls[i], send_only, 0, 0);
        start_script(worker);
        message = caught_fault(faults);
        CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], send_only, 1, seL4_MissingCapability, 0);
        CHECK(is_syscall(message.mr[0]));
    }
}

static void call_without_grants(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = sender(new_copy(endpoint, WRITE | READ), CALL, 5, 1);
    word slot = new_slot();
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 5, 0x1111);
    CHECK_OK(invoke(ROOT, CNODE_SAVE_CALLER, ARGS(slot, DEPTH), NO_CAPS));
    CHECK_TAG(slot, TAG_NULL);
    settle();
    CHECK_EQUAL(caller->completed, 0);
    CHECK(!poll_message(endpoint, &message));
    /* The caller is inactive; resumed, it calls again. */
    CHECK_OK(resume_thread(caller->tcb));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 5, 0x1111);
}

static void call_with_grant_reply(void)
{
    word endpoint = new_endpoint();
    struct worker *caller = sender(new_copy(endpoint, WRITE | GRANT_REPLY), CALL, 5, 1);
    struct reply message;

    CHECK(poll_message(endpoint, &message));
    system_call(REPLY, 0, message_info(6, 0, 0), 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(caller->completed, 1);
    CHECK_EQUAL(caller->outcomes[0].rsi, message_info(6, 0, 0));
}

static void call_to_waiting_receiver(void)
{
    /* The rights decide in the same way when the receiver was there first. */
    static const struct {
        word rights;
        bool answered;
    } cases[] = {
        {WRITE, false},
        {WRITE | READ, false},
        {WRITE | GRANT, true},
        {WRITE | GRANT_REPLY, true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        word endpoint = new_endpoint();
        struct worker *server = new_worker(MIDDLE);
        struct worker *caller;

        add_message(server, RECV, endpoint, 0, 0);
        add_message(server, REPLY, 0, 6, 0);
        start_script(server);
        settle();
        caller = sender(new_copy(endpoint, cases[i].rights), CALL, 5, 1);
        CHECK_EQUAL(server->completed, 2);
        CHECK_EQUAL(server->outcomes[0].rsi, message_info(5, 0, 1));
        CHECK_EQUAL(caller->completed, cases[i].answered);
    }
}

/* ---- Order, and what happens to those who wait ---- */

static void senders_in_order(void)
{
    word endpoint = new_endpoint();
    struct reply message;

    /* Priorities do not matter: whoever came first. */
    for (word i = 0; i < 4; i++) {
        struct worker *worker = new_worker(LOW + i);

        add_message(worker, i % 2 == 0 ? SEND : CALL, endpoint, 20 + i, 0);
        start_script(worker);
        settle();
    }
    for (word i = 0; i < 4; i++) {
        CHECK(poll_message(endpoint, &message));
        CHECK_EQUAL(message.label, 20 + i);
    }
}

static void receivers_in_order(void)
{
    word endpoint = new_endpoint();
    struct worker *workers[3];

    for (word i = 0; i < 3; i++) {
        workers[i] = new_worker(LOW + i);
        add_message(workers[i], RECV, endpoint, 0, 0);
        start_script(workers[i]);
        settle();
    }
    for (word i = 0; i < 3; i++) {
        nb_send(endpoint, 30 + i, NULL, 0);
    }
    settle();
    for (word i = 0; i < 3; i++) {
        CHECK_EQUAL(workers[i]->completed, 1);
        CHECK_EQUAL(info_label(workers[i]->outcomes[0].rsi), 30 + i);
    }
}

static void endpoint_deleted(void)
{
    word endpoint = new_endpoint();
    word faults = new_endpoint();
    struct worker *caller = sender(endpoint, CALL, 1, 0);
    struct worker *second = sender(endpoint, SEND, 1, 0);
    word other = new_endpoint();
    struct worker *waiting =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    add_message(waiting, RECV, other, 0, 0);
    start_script(waiting);
    settle();
    CHECK_OK(delete_cap(endpoint));
    CHECK_OK(delete_cap(other));
    settle();
    /*
     * All try again: the senders on an empty slot, which is an error but no fault; the receiver
     * faults.
     */
    CHECK_EQUAL(caller->completed, 1);
    CHECK_EQUAL(info_label(caller->outcomes[0].rsi), seL4_InvalidCapability);
    CHECK_EQUAL(second->completed, 1);
    CHECK_EQUAL(waiting->completed, 0);
    CHECK(poll_message(faults, &message));
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], other, 1, seL4_MissingCapability, 0);
}

static void suspended_sender_leaves_queue(void)
{
    word endpoint = new_endpoint();
    struct worker *first = sender(endpoint, SEND, 1, 0);
    struct worker *second = sender(endpoint, SEND, 2, 0);
    struct reply message;

    CHECK_OK(suspend_thread(first->tcb));
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 2);
    CHECK(!poll_message(endpoint, &message));
    /* Resumed, it sends again. */
    CHECK_OK(resume_thread(first->tcb));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
    settle();
    CHECK_EQUAL(second->completed, 1);
    CHECK_EQUAL(first->completed, 1);
}

static void resume_of_blocked_thread(void)
{
    /* Resuming a blocked thread makes it try again, behind the others. */
    word endpoint = new_endpoint();
    struct worker *first = sender(endpoint, SEND, 1, 0);
    struct reply message;

    sender(endpoint, SEND, 2, 0);
    CHECK_OK(resume_thread(first->tcb));
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 2);
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
}

static const struct test tests[] = {
    {"ipc-receive-first", "a waiting receiver gets the message", receive_then_send},
    {"ipc-send-first", "a sender waits, and gets no data", send_then_receive},
    {"ipc-short", "registers beyond the length keep their values", short_messages_leave_registers},
    {"ipc-nbsend", "a non-blocking send without receiver does nothing", nb_send_without_receiver},
    {"ipc-nbrecv", "a non-blocking receive of nothing writes rdi only", nb_receive_of_nothing},
    {"ipc-call-reply", "a call waits for its reply", call_and_reply},
    {"ipc-reply-registers", "Reply changes no register of the replier", reply_preserves_registers},
    {"ipc-reply-recv", "a server with ReplyRecv", reply_recv_serves_two},
    {"ipc-no-reply-pending", "replies to nobody do nothing", nothing_to_reply_to},
    {"ipc-badge", "64-bit badges arrive", badges_arrive},
    {"ipc-label", "labels have 52 bits", wide_labels},
    {"ipc-unwrapped-ignored", "the sender's capsUnwrapped bits mean nothing",
     unwrapped_bits_are_ignored},
    {"ipc-send-rights", "sending without Write", send_without_write},
    {"ipc-receive-rights", "receiving without Read", receive_without_read},
    {"ipc-call-no-grants", "a call without Grant or GrantReply ends the caller",
     call_without_grants},
    {"ipc-call-grant-reply", "GrantReply alone allows a call", call_with_grant_reply},
    {"ipc-call-waiting", "the same rules for a receiver that waits", call_to_waiting_receiver},
    {"ipc-sender-order", "senders are served in order of arrival", senders_in_order},
    {"ipc-receiver-order", "receivers are served in order of arrival", receivers_in_order},
    {"ipc-endpoint-deleted", "those who wait on a deleted endpoint try again", endpoint_deleted},
    {"ipc-suspend-sender", "a suspended sender leaves the queue", suspended_sender_leaves_queue},
    {"ipc-resume-blocked", "a resumed sender queues again", resume_of_blocked_thread},
};

SUBJECT(ipc, tests);
