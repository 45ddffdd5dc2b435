/*
 * Each rule that holds at every exit, broken by hand: the checker must stop the node (abort, on the
 * host).
 */
#include "world.h"
#include <kernel/check.h>
#include <kernel/ready.h>
#include <signal.h>

static struct tcb *current, *ready, *blocked;

enum { UNTYPED = FREE };

static void setup(void)
{
    world_start(2);
    ready = new_running_thread(5, 0);
    blocked = new_running_thread(20, 0);
    make_syscall(blocked, SYS_Recv, ENDPOINT, 0);
    current = new_running_thread(10, 0);
    ck_assert_ptr_eq(running_on(0), current);
    insert_root(untyped_capability(HOST_MEMORY_BASE, 20, false, 0x2000), &root[UNTYPED]);
    host_enter(0);
}

START_TEST(nothing_is_wrong)
{
    check_everything();
}
END_TEST

START_TEST(current_twice)
{
    cpu_by_index(1)->current = current;
    check_everything();
}
END_TEST

START_TEST(current_and_queued)
{
    ready_insert(current, true);
    check_everything();
}
END_TEST

START_TEST(runnable_and_nowhere)
{
    ready_remove(ready);
    check_everything();
}
END_TEST

START_TEST(runnable_and_nowhere_at_an_ordinary_exit)
{
    ready_remove(ready);
    set_thread_state(ready, THREAD_RESTART);
    leave();
}
END_TEST

START_TEST(queued_and_blocked)
{
    ready->state = THREAD_BLOCKED_ON_REPLY;
    check_everything();
}
END_TEST

START_TEST(blocked_and_in_no_queue)
{
    endpoint_set(endpoint, ENDPOINT_IDLE, (struct thread_queue){NULL, NULL});
    check_everything();
}
END_TEST

START_TEST(blocked_the_other_way_round)
{
    endpoint_set(endpoint, ENDPOINT_SENDING, endpoint_queue(endpoint));
    check_everything();
}
END_TEST

START_TEST(wrong_priority_queue)
{
    ready->priority = 6;
    check_everything();
}
END_TEST

START_TEST(bitmap_forgets)
{
    this_cpu->ready.bitmap[0] = 0;
    check_everything();
}
END_TEST

START_TEST(reply_capability_to_a_running_thread)
{
    insert_derived(reply_capability(ready, false, 0), &ready->slots[TCB_REPLY],
                   &current->slots[TCB_CALLER]);
    check_everything();
}
END_TEST

START_TEST(idle_while_the_shared_queue_holds_a_thread)
{
    ready_remove(ready);
    balance_on = true;
    ready_insert(ready, true);
    current->affinity_given = blocked->affinity_given = true;
    check_everything();
}
END_TEST

START_TEST(object_outside_the_private_region)
{
    insert_root(untyped_capability(0x1000, 12, false, 0), &root[UNTYPED + 1]);
    check_everything();
}
END_TEST

START_TEST(device_untyped_outside_the_private_region)
{
    insert_root(untyped_capability(0x1000, 12, true, 0), &root[UNTYPED + 1]);
    check_everything();
}
END_TEST

START_TEST(child_above_the_watermark)
{
    insert_new(untyped_capability(HOST_MEMORY_BASE + 0x2000, 12, false, 0), &root[UNTYPED],
               &root[UNTYPED + 1]);
    check_everything();
}
END_TEST

START_TEST(child_below_the_watermark)
{
    insert_new(untyped_capability(HOST_MEMORY_BASE + 0x1000, 12, false, 0), &root[UNTYPED],
               &root[UNTYPED + 1]);
    check_everything();
}
END_TEST

START_TEST(torn_list)
{
    mint(UNTYPED + 1, ENDPOINT, RIGHTS_ALL, 1);
    root[UNTYPED + 1].previous = NULL;
    check_everything();
}
END_TEST

Suite *rules_suite(void)
{
    Suite *suite = suite_create("rules");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, nothing_is_wrong);
    tcase_add_test(t, device_untyped_outside_the_private_region);
    tcase_add_test(t, child_below_the_watermark);
    tcase_add_test_raise_signal(t, current_twice, SIGABRT);
    tcase_add_test_raise_signal(t, current_and_queued, SIGABRT);
    tcase_add_test_raise_signal(t, runnable_and_nowhere, SIGABRT);
    tcase_add_test_raise_signal(t, runnable_and_nowhere_at_an_ordinary_exit, SIGABRT);
    tcase_add_test_raise_signal(t, queued_and_blocked, SIGABRT);
    tcase_add_test_raise_signal(t, blocked_and_in_no_queue, SIGABRT);
    tcase_add_test_raise_signal(t, blocked_the_other_way_round, SIGABRT);
    tcase_add_test_raise_signal(t, wrong_priority_queue, SIGABRT);
    tcase_add_test_raise_signal(t, bitmap_forgets, SIGABRT);
    tcase_add_test_raise_signal(t, reply_capability_to_a_running_thread, SIGABRT);
    tcase_add_test_raise_signal(t, idle_while_the_shared_queue_holds_a_thread, SIGABRT);
    tcase_add_test_raise_signal(t, object_outside_the_private_region, SIGABRT);
    tcase_add_test_raise_signal(t, child_above_the_watermark, SIGABRT);
    tcase_add_test_raise_signal(t, torn_list, SIGABRT);
    suite_add_tcase(suite, t);
    return suite;
}
