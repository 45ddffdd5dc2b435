/* Endpoints, calls and replies (contract 1.3, 7.6, 7.9, 7.10, 8.4). */
#include "world.h"

static struct tcb *server, *client;

static void setup(void)
{
    world_start(1);
    client = new_running_thread(10, 0);
    server = new_running_thread(20, 0); /* runs now */
}

static void serve(void)
{
    make_syscall(server, SYS_Recv, ENDPOINT, 0);
    ASSERT_STATE(server, THREAD_BLOCKED_ON_RECEIVE);
    ck_assert_ptr_eq(running_on(0), client);
}

START_TEST(a_send_reaches_a_waiting_receiver)
{
    mint(FREE, ENDPOINT, RIGHT_WRITE, 0xbadbeef);
    serve();
    for (unsigned i = 0; i < 6; i++) {
        set_mr(client, i, 100 + i);
    }
    make_syscall(client, SYS_Send, FREE, make_info(77, 0, 6));
    ck_assert_ptr_eq(running_on(0), server);
    ck_assert_uint_eq(badge(server), 0xbadbeef);
    ck_assert_uint_eq(info(server), make_info(77, 0, 6));
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(mr(server, i), 100 + i);
    }
    ASSERT_STATE(client, THREAD_RUNNING);
    ck_assert_uint_eq(client->context.rip, START_ADDRESS + 2);
    ck_assert_uint_eq(server->context.rip, START_ADDRESS + 2);
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
}
END_TEST

START_TEST(a_receiver_takes_the_longest_waiting_sender)
{
    struct tcb *other = new_running_thread(30, 0);
    set_mr(other, 0, 1);
    make_syscall(other, SYS_Send, ENDPOINT, make_info(1, 0, 1));
    ASSERT_STATE(other, THREAD_BLOCKED_ON_SEND);
    struct tcb *second = new_running_thread(40, 0);
    set_mr(second, 0, 2);
    make_syscall(second, SYS_Send, ENDPOINT, make_info(2, 0, 1));
    ck_assert_ptr_eq(running_on(0), server);
    make_syscall(server, SYS_Recv, ENDPOINT, 0);
    ck_assert_uint_eq(mr(server, 0), 1);
    ASSERT_STATE(other, THREAD_RUNNING);
    ASSERT_STATE(second, THREAD_BLOCKED_ON_SEND);
}
END_TEST

START_TEST(registers_beyond_the_length_are_kept)
{
    serve();
    server->context.r8 = 0x88, server->context.r9 = 0x99, server->context.r15 = 0xff;
    set_mr(client, 0, 5);
    make_syscall(client, SYS_Send, ENDPOINT, make_info(0, 0, 1));
    ck_assert_uint_eq(mr(server, 0), 5);
    ck_assert_uint_eq(server->context.r8, 0x88);
    ck_assert_uint_eq(server->context.r9, 0x99);
    ck_assert_uint_eq(server->context.r15, 0xff);
}
END_TEST

START_TEST(without_a_buffer_a_message_has_four_words)
{
    serve();
    server->ipc_buffer = 0;
    make_syscall(client, SYS_Send, ENDPOINT, make_info(3, 0, 120));
    ck_assert_uint_eq(info(server), make_info(3, 0, 4));
}
END_TEST

START_TEST(a_length_beyond_120_is_120)
{
    serve();
    make_syscall(client, SYS_Send, ENDPOINT, 3 << 12 | 127);
    ck_assert_uint_eq(info(server), make_info(3, 0, 120));
}
END_TEST

START_TEST(nbsend_without_a_receiver_does_nothing)
{
    make_syscall(server, SYS_NBSend, ENDPOINT, make_info(0, 0, 1));
    ck_assert_ptr_eq(running_on(0), server);
    ck_assert_int_eq(endpoint_state(endpoint), ENDPOINT_IDLE);
}
END_TEST

START_TEST(nbrecv_of_nothing_writes_the_badge_only)
{
    set_mr(server, 0, 11);
    make_syscall(server, SYS_NBRecv, ENDPOINT, 12345);
    ck_assert_uint_eq(badge(server), 0);
    ck_assert_uint_eq(info(server), 12345);
    ck_assert_uint_eq(mr(server, 0), 11);
    ASSERT_STATE(server, THREAD_RUNNING);
}
END_TEST

START_TEST(a_call_waits_for_the_reply)
{
    serve();
    make_syscall(client, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    ck_assert_ptr_eq(running_on(0), server);
    ASSERT_STATE(client, THREAD_BLOCKED_ON_REPLY);
    struct capability c = server->slots[TCB_CALLER].capability;
    ck_assert_int_eq(capability_type(c), CAP_REPLY);
    ck_assert_uint_eq(capability_rights(c), RIGHT_GRANT);
    set_mr(server, 0, 42);
    make_syscall(server, SYS_ReplyRecv, ENDPOINT, make_info(9, 0, 1));
    ck_assert_ptr_eq(running_on(0), client);
    ck_assert_uint_eq(mr(client, 0), 42);
    ck_assert_uint_eq(info(client), make_info(9, 0, 1));
    ck_assert_uint_eq(badge(client), 0);
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
    ASSERT_STATE(server, THREAD_BLOCKED_ON_RECEIVE);
    ck_assert_uint_eq(client->context.rip, START_ADDRESS + 2);
}
END_TEST

START_TEST(the_reply_may_grant_only_if_the_receiver_may)
{
    mint(FREE, ENDPOINT, RIGHT_READ, 0);
    make_syscall(server, SYS_Recv, FREE, 0);
    make_syscall(client, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    ck_assert_uint_eq(capability_rights(server->slots[TCB_CALLER].capability), 0);
}
END_TEST

START_TEST(a_call_without_grant_rights_ends_the_caller)
{
    mint(FREE, ENDPOINT, RIGHT_WRITE, 0);
    serve();
    make_syscall(client, SYS_Call, FREE, make_info(1, 0, 0));
    ASSERT_STATE(client, THREAD_INACTIVE);
    ck_assert_ptr_eq(running_on(0), server);
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
}
END_TEST

START_TEST(grant_reply_suffices_for_a_call)
{
    mint(FREE, ENDPOINT, RIGHT_WRITE | RIGHT_GRANT_REPLY, 0);
    make_syscall(server, SYS_Call, FREE, make_info(1, 0, 0)); /* queued first this time */
    ASSERT_STATE(server, THREAD_BLOCKED_ON_SEND);
    make_syscall(client, SYS_Recv, ENDPOINT, 0);
    ASSERT_STATE(server, THREAD_BLOCKED_ON_REPLY);
    ck_assert_ptr_eq(running_on(0), client);
    make_syscall(client, SYS_Reply, 0, make_info(0, 0, 0));
    ck_assert_ptr_eq(running_on(0), server);
}
END_TEST

START_TEST(reply_with_nothing_to_reply_to_is_silent)
{
    make_syscall(server, SYS_Reply, 0, make_info(1, 0, 1));
    ck_assert_ptr_eq(running_on(0), server);
}
END_TEST

START_TEST(receiving_on_an_endpoint_drops_the_caller_on_a_notification_not)
{
    serve();
    make_syscall(client, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    make_syscall(server, SYS_NBRecv, NOTIFICATION, 0);
    ck_assert(!slot_is_empty(&server->slots[TCB_CALLER]));
    make_syscall(server, SYS_NBRecv, ENDPOINT, 0);
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
    ASSERT_STATE(client, THREAD_BLOCKED_ON_REPLY);
}
END_TEST

START_TEST(a_saved_reply_capability_works_once)
{
    serve();
    make_syscall(client, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    ck_assert_uint_eq(invoke(server, ROOT, LABEL_CNodeSaveCaller, WORDS(FREE, 64), NO_CAPS),
                      ERROR_NONE);
    ck_assert_int_eq(capability_type(root[FREE].capability), CAP_REPLY);
    set_mr(server, 0, 7);
    /* a call on a reply capability gets an empty answer */
    make_syscall(server, SYS_Call, FREE, make_info(5, 0, 1));
    ck_assert_uint_eq(info(server), 0);
    ck_assert(slot_is_empty(&root[FREE]));
    ck_assert_uint_eq(info(client), make_info(5, 0, 1));
    ck_assert_uint_eq(mr(client, 0), 7);
}
END_TEST

START_TEST(suspending_the_caller_deletes_the_reply_capability)
{
    serve();
    make_syscall(client, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    ck_assert_uint_eq(invoke(server, slot_of(client), LABEL_TCBSuspend, NO_WORDS, NO_CAPS),
                      ERROR_NONE);
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
    ASSERT_STATE(client, THREAD_INACTIVE);
    ck_assert_uint_eq(client->context.restart_ip, START_ADDRESS);
    invoke(server, slot_of(client), LABEL_TCBResume, NO_WORDS, NO_CAPS);
    ck_assert_uint_eq(client->state, THREAD_RESTART); /* will make the call again */
}
END_TEST

START_TEST(bad_capabilities_fault_or_fail)
{
    make_syscall(server, SYS_NBSend, FREE + 1 + ROOT_SLOTS, 0); /* guard does not match: silent */
    ck_assert_ptr_eq(running_on(0), server);
    make_syscall(server, SYS_Call, FREE + 1, 0); /* an empty slot is no fault */
    ck_assert_uint_eq(info(server), make_info(ERROR_INVALID_CAPABILITY, 0, 1));
    ck_assert_uint_eq(mr(server, 0), 0);
    ck_assert_uint_eq(badge(server), 0);
    make_syscall(server, SYS_Send, FREE + 1, 12); /* errors of Send are dropped */
    ck_assert_uint_eq(info(server), 12);
    ck_assert_uint_eq(badge(server), FREE + 1);
    mint(FREE, ENDPOINT, RIGHT_READ, 0);
    make_syscall(server, SYS_Call, FREE, 0);
    ck_assert_uint_eq(info(server), make_info(ERROR_INVALID_CAPABILITY, 0, 1));
    make_syscall(server, SYS_Send, ROOT_SLOTS, 0); /* no handler: stops */
    ASSERT_STATE(server, THREAD_INACTIVE);
}
END_TEST

START_TEST(deleting_the_endpoint_restarts_those_who_wait)
{
    serve();
    ck_assert_uint_eq(invoke(client, ROOT, LABEL_CNodeDelete, WORDS(ENDPOINT, 64), NO_CAPS),
                      ERROR_NONE);
    ck_assert_ptr_eq(running_on(0), server);
    ck_assert_uint_eq(server->context.rip, START_ADDRESS); /* at the system call again */
    make_syscall(server, SYS_Recv, ENDPOINT, 0);           /* and now it faults */
    ASSERT_STATE(server, THREAD_INACTIVE);
}
END_TEST

START_TEST(cancel_badged_sends)
{
    mint(FREE, ENDPOINT, RIGHTS_ALL, 1);
    mint(FREE + 1, ENDPOINT, RIGHTS_ALL, 2);
    struct tcb *one = new_running_thread(30, 0);
    make_syscall(one, SYS_Send, FREE, 0);
    struct tcb *two = new_running_thread(30, 0);
    make_syscall(two, SYS_Send, FREE + 1, 0);
    struct tcb *three = new_running_thread(30, 0);
    make_syscall(three, SYS_Send, FREE, 0);
    ck_assert_uint_eq(invoke(server, ROOT, LABEL_CNodeCancelBadgedSends, WORDS(FREE, 64), NO_CAPS),
                      ERROR_NONE);
    ASSERT_STATE(two, THREAD_BLOCKED_ON_SEND);
    ck_assert_ptr_eq(running_on(0), three); /* each goes to the head, so in reverse order */
    ASSERT_STATE(one, THREAD_RESTART);
    ck_assert_uint_eq(three->context.rip, START_ADDRESS);
}
END_TEST

START_TEST(left_over_bits_are_ignored)
{
    /*
     * The root's slot FREE holds the endpoint; a pointer into "it" with a smaller guard leaves bits
     * over.
     */
    struct slot *cnode = new_object(4 + ABI_SLOT_BITS);
    insert_root(cnode_capability(cnode, 4, 0, 0), &root[FREE]);
    insert_derived(root[ENDPOINT].capability, &root[ENDPOINT], &cnode[3]);
    delete_short(&server->slots[TCB_CSPACE]);
    insert_root(cnode_capability(cnode, 4, 0, 0), &server->slots[TCB_CSPACE]);
    make_syscall(server, SYS_Recv, 3ull << 60 | 0x1234, 0);
    ASSERT_STATE(server, THREAD_BLOCKED_ON_RECEIVE);
}
END_TEST

Suite *ipc_suite(void)
{
    Suite *suite = suite_create("ipc");
    TCase *c = tcase_create("ipc");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, a_send_reaches_a_waiting_receiver);
    tcase_add_test(c, a_receiver_takes_the_longest_waiting_sender);
    tcase_add_test(c, registers_beyond_the_length_are_kept);
    tcase_add_test(c, without_a_buffer_a_message_has_four_words);
    tcase_add_test(c, a_length_beyond_120_is_120);
    tcase_add_test(c, nbsend_without_a_receiver_does_nothing);
    tcase_add_test(c, nbrecv_of_nothing_writes_the_badge_only);
    tcase_add_test(c, a_call_waits_for_the_reply);
    tcase_add_test(c, the_reply_may_grant_only_if_the_receiver_may);
    tcase_add_test(c, a_call_without_grant_rights_ends_the_caller);
    tcase_add_test(c, grant_reply_suffices_for_a_call);
    tcase_add_test(c, reply_with_nothing_to_reply_to_is_silent);
    tcase_add_test(c, receiving_on_an_endpoint_drops_the_caller_on_a_notification_not);
    tcase_add_test(c, a_saved_reply_capability_works_once);
    tcase_add_test(c, suspending_the_caller_deletes_the_reply_capability);
    tcase_add_test(c, bad_capabilities_fault_or_fail);
    tcase_add_test(c, deleting_the_endpoint_restarts_those_who_wait);
    tcase_add_test(c, cancel_badged_sends);
    tcase_add_test(c, left_over_bits_are_ignored);
    suite_add_tcase(suite, c);
    return suite;
}
