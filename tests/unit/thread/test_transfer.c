/* Capability transfer (contract 7.8). */
#include "world.h"

static struct tcb *receiver, *sender;

static void name_receive_slot(struct tcb *thread, unsigned slot)
{
    word_t *buffer = buffer_of(thread);
    buffer[ABI_IPC_RECEIVE_CNODE] = ROOT;
    buffer[ABI_IPC_RECEIVE_INDEX] = slot;
    buffer[ABI_IPC_RECEIVE_DEPTH] = 64;
}

static void send_caps(unsigned through, unsigned count, const unsigned *slots)
{
    for (unsigned i = 0; i < count; i++) {
        buffer_of(sender)[ABI_IPC_CAPS_OR_BADGES + i] = slots[i];
    }
    make_syscall(sender, SYS_Send, through, make_info(1, count, 2));
}

static void setup(void)
{
    world_start(1);
    sender = new_running_thread(10, 0);
    receiver = new_running_thread(20, 0);
    name_receive_slot(receiver, FREE);
    make_syscall(receiver, SYS_Recv, ENDPOINT, 0);
}

START_TEST(a_capability_goes_to_the_receive_slot)
{
    send_caps(ENDPOINT, CAPS(NOTIFICATION));
    ck_assert_uint_eq(info(receiver), message_info(1, 0, 1, 2));
    ck_assert_int_eq(capability_type(root[FREE].capability), CAP_NOTIFICATION);
    ck_assert(is_parent_of(&root[NOTIFICATION], &root[FREE]));
}
END_TEST

START_TEST(without_grant_nothing_goes)
{
    mint(FREE + 1, ENDPOINT, RIGHT_WRITE, 0);
    send_caps(FREE + 1, CAPS(NOTIFICATION));
    ck_assert_uint_eq(info(receiver), message_info(1, 0, 0, 2));
    ck_assert(slot_is_empty(&root[FREE]));
}
END_TEST

START_TEST(the_endpoint_itself_is_unwrapped)
{
    mint(FREE + 1, ENDPOINT, RIGHTS_ALL, 0x77);
    send_caps(ENDPOINT, CAPS(FREE + 1, NOTIFICATION, ENDPOINT));
    ck_assert_uint_eq(info(receiver), message_info(1, 5, 3, 2));
    ck_assert_uint_eq(buffer_of(receiver)[ABI_IPC_CAPS_OR_BADGES], 0x77);
    ck_assert_uint_eq(buffer_of(receiver)[ABI_IPC_CAPS_OR_BADGES + 2], 0);
    ck_assert_int_eq(capability_type(root[FREE].capability), CAP_NOTIFICATION);
}
END_TEST

START_TEST(one_capability_a_message)
{
    send_caps(ENDPOINT, CAPS(NOTIFICATION, NOTIFICATION));
    ck_assert_uint_eq(info(receiver), message_info(1, 0, 1, 2));
}
END_TEST

START_TEST(an_occupied_receive_slot_stops_it)
{
    name_receive_slot(receiver, ENDPOINT);
    send_caps(ENDPOINT, CAPS(ENDPOINT, NOTIFICATION, ENDPOINT));
    ck_assert_uint_eq(info(receiver), message_info(1, 1, 1, 2));
}
END_TEST

START_TEST(what_cannot_be_copied_stops_it)
{
    insert_root(capability_make(CAP_IRQ_CONTROL, 0, 0), &root[FREE + 1]);
    send_caps(ENDPOINT, CAPS(FREE + 1));
    ck_assert_uint_eq(info(receiver), message_info(1, 0, 0, 2));
    ck_assert(slot_is_empty(&root[FREE]));
}
END_TEST

START_TEST(a_lookup_that_fails_later_leaves_only_the_words)
{
    /* The sender is queued, and changes its buffer meanwhile. */
    host_enter(0);
    thread_suspend(receiver);
    thread_resume(receiver);
    leave();
    mint(FREE + 1, NOTIFICATION, RIGHT_READ, 0);
    make_syscall(receiver, SYS_Recv, FREE + 1, 0); /* elsewhere, so that the sender runs */
    send_caps(ENDPOINT, CAPS(NOTIFICATION, NOTIFICATION));
    ASSERT_STATE(sender, THREAD_BLOCKED_ON_SEND);
    buffer_of(sender)[ABI_IPC_CAPS_OR_BADGES + 1] = ROOT_SLOTS;
    host_enter(0);
    signal_notification(notification, 1);
    leave();
    make_syscall(receiver, SYS_Recv, ENDPOINT, 0);
    ck_assert_uint_eq(info(receiver), message_info(1, 0, 0, 2));
    ck_assert(slot_is_empty(&root[FREE]));
}
END_TEST

START_TEST(a_lookup_that_fails_at_once_is_a_fault)
{
    sender->fault_handler = ENDPOINT;
    send_caps(ENDPOINT, CAPS(NOTIFICATION, ROOT_SLOTS + 5));
    ck_assert_ptr_eq(running_on(0), receiver);
    ck_assert_uint_eq(message_info_label(info(receiver)), FAULT_CAPABILITY);
    ck_assert_uint_eq(mr(receiver, 1), ROOT_SLOTS + 5);
    ck_assert_uint_eq(mr(receiver, 2), 0);
    ck_assert_uint_eq(mr(receiver, 3), LOOKUP_GUARD_MISMATCH);
    ck_assert_uint_eq(message_info_length(info(receiver)), 7);
    ck_assert_uint_eq(mr(receiver, 4), 64);
    ck_assert_uint_eq(mr(receiver, 6), 56);
}
END_TEST

START_TEST(a_reply_transfers_and_does_not_unwrap)
{
    name_receive_slot(sender, FREE + 2);
    make_syscall(sender, SYS_Call, ENDPOINT, make_info(1, 0, 0));
    buffer_of(receiver)[ABI_IPC_CAPS_OR_BADGES] = ENDPOINT;
    make_syscall(receiver, SYS_Reply, 0, make_info(0, 1, 0));
    ck_assert_uint_eq(info(sender), message_info(0, 0, 1, 0));
    ck_assert_int_eq(capability_type(root[FREE + 2].capability), CAP_ENDPOINT);
}
END_TEST

Suite *transfer_suite(void)
{
    Suite *suite = suite_create("transfer");
    TCase *c = tcase_create("transfer");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, a_capability_goes_to_the_receive_slot);
    tcase_add_test(c, without_grant_nothing_goes);
    tcase_add_test(c, the_endpoint_itself_is_unwrapped);
    tcase_add_test(c, one_capability_a_message);
    tcase_add_test(c, an_occupied_receive_slot_stops_it);
    tcase_add_test(c, what_cannot_be_copied_stops_it);
    tcase_add_test(c, a_lookup_that_fails_later_leaves_only_the_words);
    tcase_add_test(c, a_lookup_that_fails_at_once_is_a_fault);
    tcase_add_test(c, a_reply_transfers_and_does_not_unwrap);
    suite_add_tcase(suite, c);
    return suite;
}
