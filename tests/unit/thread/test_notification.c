/* Notifications (contract 8.5). */
#include "world.h"

static struct tcb *waiter, *other;

enum { SIGNAL = FREE, SIGNAL_TOO };

static void setup(void)
{
    world_start(1);
    other = new_running_thread(10, 0);
    waiter = new_running_thread(20, 0);
    mint(SIGNAL, NOTIFICATION, RIGHT_WRITE, 0x5);
    mint(SIGNAL_TOO, NOTIFICATION, RIGHT_WRITE, 0x12);
}

static void bind(void)
{
    ck_assert_uint_eq(
        invoke(waiter, slot_of(waiter), LABEL_TCBBindNotification, NO_WORDS, CAPS(NOTIFICATION)),
        ERROR_NONE);
}

START_TEST(signals_gather_and_are_taken_at_once)
{
    make_syscall(waiter, SYS_Send, SIGNAL, 0);
    make_syscall(waiter, SYS_NBSend, SIGNAL_TOO, 0);
    set_mr(waiter, 0, 3);
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 4711);
    ck_assert_uint_eq(badge(waiter), 0x17);
    ck_assert_uint_eq(info(waiter), 4711);
    ck_assert_uint_eq(mr(waiter, 0), 3);
    make_syscall(waiter, SYS_NBRecv, NOTIFICATION, 4711);
    ck_assert_uint_eq(badge(waiter), 0);
    ck_assert_uint_eq(info(waiter), 4711);
}
END_TEST

START_TEST(a_signal_wakes_the_first_waiter)
{
    struct tcb *first = new_running_thread(30, 0);
    make_syscall(first, SYS_Recv, NOTIFICATION, 0);
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 0);
    make_syscall(other, SYS_Call, SIGNAL, make_info(9, 0, 0));
    ck_assert_ptr_eq(running_on(0), first);
    ck_assert_uint_eq(badge(first), 5);
    ASSERT_STATE(waiter, THREAD_BLOCKED_ON_NOTIFICATION);
    ck_assert_uint_eq(info(other), 0); /* Call on a notification: empty success */
    ck_assert_uint_eq(badge(other), 0);
}
END_TEST

START_TEST(a_signal_needs_the_write_right)
{
    mint(FREE + 5, NOTIFICATION, RIGHT_READ, 0);
    make_syscall(waiter, SYS_Call, FREE + 5, 0);
    ck_assert_uint_eq(message_info_label(info(waiter)), ERROR_INVALID_CAPABILITY);
}
END_TEST

START_TEST(a_bound_thread_is_woken_from_an_endpoint)
{
    bind();
    make_syscall(waiter, SYS_Recv, ENDPOINT, 4711);
    make_syscall(other, SYS_Send, SIGNAL, 0);
    ck_assert_ptr_eq(running_on(0), waiter);
    ck_assert_uint_eq(badge(waiter), 5);
    ck_assert_uint_eq(info(waiter), 4711);
    ck_assert_int_eq(endpoint_state(endpoint), ENDPOINT_IDLE);
}
END_TEST

START_TEST(a_bound_word_comes_before_the_endpoint)
{
    bind();
    make_syscall(waiter, SYS_Send, SIGNAL, 0);
    make_syscall(waiter, SYS_Recv, ENDPOINT, 0);
    ck_assert_uint_eq(badge(waiter), 5);
    ASSERT_STATE(waiter, THREAD_RUNNING);
}
END_TEST

START_TEST(a_bound_thread_that_sends_is_not_woken)
{
    bind();
    make_syscall(waiter, SYS_Send, ENDPOINT, 0);
    ASSERT_STATE(waiter, THREAD_BLOCKED_ON_SEND);
    make_syscall(other, SYS_Send, SIGNAL, 0);
    ASSERT_STATE(waiter, THREAD_BLOCKED_ON_SEND);
    ck_assert_int_eq(notification_state(notification), NOTIFICATION_ACTIVE);
}
END_TEST

START_TEST(only_the_bound_thread_may_wait)
{
    bind();
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 0);
    ASSERT_STATE(waiter, THREAD_BLOCKED_ON_NOTIFICATION);
    make_syscall(other, SYS_NBRecv, NOTIFICATION, 0);
    ASSERT_STATE(other, THREAD_INACTIVE); /* faulted, without a handler */
}
END_TEST

START_TEST(deleting_it_unbinds_and_restarts)
{
    bind();
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 0);
    invoke(other, ROOT, LABEL_CNodeRevoke, WORDS(NOTIFICATION, 64), NO_CAPS);
    ck_assert_uint_eq(invoke(other, ROOT, LABEL_CNodeDelete, WORDS(NOTIFICATION, 64), NO_CAPS),
                      ERROR_NONE);
    ck_assert_ptr_null(waiter->bound_notification);
    ck_assert_ptr_eq(running_on(0), waiter);
    ck_assert_uint_eq(waiter->context.rip, waiter->context.restart_ip);
}
END_TEST

START_TEST(binding_has_its_conditions)
{
    mint(FREE + 5, NOTIFICATION, RIGHT_WRITE, 0);
    unsigned self = slot_of(waiter);
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBBindNotification, NO_WORDS, NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBBindNotification, NO_WORDS, CAPS(ENDPOINT)),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBBindNotification, NO_WORDS, CAPS(FREE + 5)),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBUnbindNotification, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    bind();
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBBindNotification, NO_WORDS, CAPS(NOTIFICATION)),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(
        invoke(waiter, slot_of(other), LABEL_TCBBindNotification, NO_WORDS, CAPS(NOTIFICATION)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(waiter, self, LABEL_TCBUnbindNotification, NO_WORDS, NO_CAPS),
                      ERROR_NONE);
    ck_assert_ptr_null(notification->bound);
}
END_TEST

START_TEST(what_has_waiters_cannot_be_bound)
{
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 0);
    ck_assert_uint_eq(
        invoke(other, slot_of(other), LABEL_TCBBindNotification, NO_WORDS, CAPS(NOTIFICATION)),
        ERROR_ILLEGAL_OPERATION);
}
END_TEST

Suite *notification_suite(void)
{
    Suite *suite = suite_create("notification");
    TCase *c = tcase_create("notification");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, signals_gather_and_are_taken_at_once);
    tcase_add_test(c, a_signal_wakes_the_first_waiter);
    tcase_add_test(c, a_signal_needs_the_write_right);
    tcase_add_test(c, a_bound_thread_is_woken_from_an_endpoint);
    tcase_add_test(c, a_bound_word_comes_before_the_endpoint);
    tcase_add_test(c, a_bound_thread_that_sends_is_not_woken);
    tcase_add_test(c, only_the_bound_thread_may_wait);
    tcase_add_test(c, deleting_it_unbinds_and_restarts);
    tcase_add_test(c, binding_has_its_conditions);
    tcase_add_test(c, what_has_waiters_cannot_be_bound);
    suite_add_tcase(suite, c);
    return suite;
}
