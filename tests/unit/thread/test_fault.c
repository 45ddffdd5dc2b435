/* Faults and their replies (contract 5). */
#include "world.h"
#include <kernel/entry.h>
#include <string.h>

static struct tcb *handler, *faulty;

static void setup(void)
{
    world_start(1);
    faulty = new_running_thread(10, 0);
    handler = new_running_thread(20, 0);
    faulty->fault_handler = FREE;
    mint(FREE, ENDPOINT, RIGHT_WRITE | RIGHT_GRANT_REPLY, 0xfa);
    make_syscall(handler, SYS_Recv, ENDPOINT, 0);
}

static void page_fault(void)
{
    host_enter(0);
    faulty->context.vector = 14;
    handle_vm_fault(0xdead000, 0x13f);
    leave();
}

static void exception(void)
{
    host_enter(0);
    faulty->context.vector = 13;
    faulty->context.rsp = 0x5000;
    handle_user_exception(13, 0xffffffff);
    leave();
}

static void reply(word_t label, unsigned length)
{
    make_syscall(handler, SYS_ReplyRecv, ENDPOINT, make_info(label, 0, length));
}

START_TEST(page_fault_message)
{
    page_fault();
    ck_assert_ptr_eq(running_on(0), handler);
    ck_assert_uint_eq(badge(handler), 0xfa);
    ck_assert_uint_eq(info(handler), make_info(FAULT_VM, 0, 4));
    ck_assert_uint_eq(mr(handler, 0), START_ADDRESS);
    ck_assert_uint_eq(mr(handler, 1), 0xdead000);
    ck_assert_uint_eq(mr(handler, 2), 1);
    ck_assert_uint_eq(mr(handler, 3), 0x1f);
    ASSERT_STATE(faulty, THREAD_BLOCKED_ON_REPLY);
}
END_TEST

START_TEST(page_fault_reply_restarts_whatever_it_says)
{
    page_fault();
    set_mr(handler, 0, 0x1111);
    reply(99, 4);
    ck_assert_ptr_eq(running_on(0), faulty);
    ck_assert_uint_eq(faulty->context.rip, START_ADDRESS);
    ck_assert_int_eq(faulty->fault_type, FAULT_NONE);
}
END_TEST

START_TEST(exception_message_and_reply)
{
    exception();
    ck_assert_uint_eq(info(handler), make_info(FAULT_USER_EXCEPTION, 0, 5));
    ck_assert_uint_eq(mr(handler, 0), START_ADDRESS);
    ck_assert_uint_eq(mr(handler, 1), 0x5000);
    ck_assert_uint_eq(mr(handler, 3), 13);
    ck_assert_uint_eq(mr(handler, 4), 0xfffffff);
    set_mr(handler, 0, 0x1234);
    set_mr(handler, 1, 0x6000);
    set_mr(handler, 2, ~0ull);
    set_mr(handler, 3, 0x99);
    reply(0, 5);
    ck_assert_ptr_eq(running_on(0), faulty);
    ck_assert_uint_eq(faulty->context.rip, 0x1234);
    ck_assert_uint_eq(faulty->context.rsp, 0x6000);
    ck_assert_uint_eq(faulty->context.rflags, 0xed7);
}
END_TEST

START_TEST(a_label_other_than_zero_ends_it)
{
    exception();
    reply(1, 0);
    ASSERT_STATE(faulty, THREAD_INACTIVE);
    ASSERT_STATE(handler, THREAD_BLOCKED_ON_RECEIVE);
}
END_TEST

START_TEST(unknown_system_call)
{
    faulty->context.rax = 0xa1;
    make_syscall(faulty, -100, 5, 6);
    ck_assert_uint_eq(info(handler), make_info(FAULT_UNKNOWN_SYSCALL, 0, 19));
    ck_assert_uint_eq(mr(handler, 0), 0xa1);
    ck_assert_uint_eq(mr(handler, 3), (word_t)-100);
    ck_assert_uint_eq(mr(handler, 4), 6);
    ck_assert_uint_eq(mr(handler, 5), 5);
    ck_assert_uint_eq(mr(handler, 15), START_ADDRESS);
    ck_assert_uint_eq(mr(handler, 18), (word_t)-100);
    set_mr(handler, 0, 0xb2);
    set_mr(handler, 15, START_ADDRESS + 2);
    reply(0, 16);
    ck_assert_ptr_eq(running_on(0), faulty);
    ck_assert_uint_eq(faulty->context.rax, 0xb2);
    ck_assert_uint_eq(faulty->context.rip, START_ADDRESS + 2);
    ck_assert_uint_eq(faulty->context.vector, ENTERED_BY_SYSCALL);
}
END_TEST

START_TEST(an_unknown_system_call_in_the_api_range_of_half_a_register)
{
    make_syscall(faulty, (int64_t)0xffffffff, ENDPOINT, 0); /* -1 in 32 bits only */
    ck_assert_uint_eq(message_info_label(info(handler)), FAULT_UNKNOWN_SYSCALL);
}
END_TEST

START_TEST(capability_fault_in_the_receive_phase)
{
    make_syscall(faulty, SYS_Recv, ROOT, 0);
    ck_assert_uint_eq(info(handler), make_info(FAULT_CAPABILITY, 0, 5));
    ck_assert_uint_eq(mr(handler, 0), START_ADDRESS);
    ck_assert_uint_eq(mr(handler, 1), ROOT);
    ck_assert_uint_eq(mr(handler, 2), 1);
    ck_assert_uint_eq(mr(handler, 3), LOOKUP_MISSING_CAPABILITY);
    ck_assert_uint_eq(mr(handler, 4), 0);
}
END_TEST

START_TEST(a_handler_without_buffer_gets_four_words)
{
    handler->ipc_buffer = 0;
    exception();
    ck_assert_uint_eq(info(handler), make_info(FAULT_USER_EXCEPTION, 0, 4));
}
END_TEST

START_TEST(a_fault_waits_for_its_handler)
{
    make_syscall(faulty, SYS_NBSend, ENDPOINT, 0); /* frees the handler */
    make_syscall(handler, SYS_Recv, NOTIFICATION, 0);
    page_fault();
    ASSERT_STATE(faulty, THREAD_BLOCKED_ON_SEND);
    host_enter(0);
    signal_notification(notification, 1);
    leave();
    make_syscall(handler, SYS_Recv, ENDPOINT, 0);
    ck_assert_uint_eq(info(handler), make_info(FAULT_VM, 0, 4));
    ASSERT_STATE(faulty, THREAD_BLOCKED_ON_REPLY);
}
END_TEST

START_TEST(resume_cancels_the_fault)
{
    exception();
    invoke(handler, slot_of(faulty), LABEL_TCBResume, NO_WORDS, NO_CAPS);
    ck_assert_int_eq(faulty->fault_type, FAULT_NONE);
    ck_assert(slot_is_empty(&handler->slots[TCB_CALLER]));
    ASSERT_STATE(faulty, THREAD_RESTART);
}
END_TEST

static void expect_stop(const char *why)
{
    page_fault();
    ASSERT_STATE(faulty, THREAD_INACTIVE);
    ck_assert_ptr_nonnull(strstr(host_console, "page fault"));
    ck_assert_ptr_nonnull(strstr(host_console, why));
    ck_assert_int_eq(faulty->fault_type, FAULT_NONE);
}

/* The other thread waits for a message, which no thread is left to send. */
START_TEST(says_that_no_thread_is_left)
{
    faulty->fault_handler = 0;
    expect_stop("is not an endpoint; no thread is left\n");
}
END_TEST

START_TEST(says_nothing_while_a_thread_is_left)
{
    new_running_thread(5, 0);
    faulty->fault_handler = 0;
    expect_stop("is not an endpoint\n");
}
END_TEST

START_TEST(says_nothing_while_an_interrupt_may_wake_a_thread)
{
    make_syscall(new_running_thread(30, 0), SYS_Recv, NOTIFICATION, 0);
    faulty->fault_handler = 0;
    expect_stop("is not an endpoint\n");
}
END_TEST

START_TEST(no_handler)
{
    faulty->fault_handler = 0;
    expect_stop("is not an endpoint");
}
END_TEST
START_TEST(handler_not_found)
{
    faulty->fault_handler = ROOT_SLOTS;
    expect_stop("cannot be resolved");
}
END_TEST

START_TEST(handler_without_rights)
{
    mint(FREE + 1, ENDPOINT, RIGHT_WRITE | RIGHT_READ, 0);
    faulty->fault_handler = FREE + 1;
    expect_stop("lacks the rights");
}
END_TEST

Suite *fault_suite(void)
{
    Suite *suite = suite_create("fault");
    TCase *c = tcase_create("fault");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, page_fault_message);
    tcase_add_test(c, page_fault_reply_restarts_whatever_it_says);
    tcase_add_test(c, exception_message_and_reply);
    tcase_add_test(c, a_label_other_than_zero_ends_it);
    tcase_add_test(c, unknown_system_call);
    tcase_add_test(c, an_unknown_system_call_in_the_api_range_of_half_a_register);
    tcase_add_test(c, capability_fault_in_the_receive_phase);
    tcase_add_test(c, a_handler_without_buffer_gets_four_words);
    tcase_add_test(c, a_fault_waits_for_its_handler);
    tcase_add_test(c, resume_cancels_the_fault);
    tcase_add_test(c, says_that_no_thread_is_left);
    tcase_add_test(c, says_nothing_while_a_thread_is_left);
    tcase_add_test(c, says_nothing_while_an_interrupt_may_wake_a_thread);
    tcase_add_test(c, no_handler);
    tcase_add_test(c, handler_not_found);
    tcase_add_test(c, handler_without_rights);
    suite_add_tcase(suite, c);
    return suite;
}
