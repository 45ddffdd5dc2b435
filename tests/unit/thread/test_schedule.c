/* Who runs where (contract 8.1, 8.2, 8.6; design: balance=on). */
#include "world.h"
#include <arch/door.h>
#include <kernel/entry.h>

static struct tcb *a, *b, *c;

/* Three threads of one priority; a runs, then come b and c. */
static void three_equals(void)
{
    world_start(1);
    a = new_running_thread(10, 0);
    c = new_running_thread(10, 0);
    b = new_running_thread(10, 0);
    ck_assert_ptr_eq(running_on(0), a);
}

static void expect_order(struct tcb *first, struct tcb *second, struct tcb *third)
{
    ck_assert_ptr_eq(running_on(0), first);
    make_syscall(first, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(0), second);
    make_syscall(second, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(0), third);
}

START_TEST(a_resumed_equal_goes_to_the_head_behind_the_running_one)
{
    three_equals();
    expect_order(a, b, c); /* b was resumed last */
}
END_TEST

START_TEST(yield_goes_to_the_tail_and_keeps_the_slice)
{
    three_equals();
    tick(0);
    make_syscall(a, SYS_Yield, 4711, 4712);
    ck_assert_ptr_eq(running_on(0), b);
    ck_assert_uint_eq(a->time_slice, ABI_TIME_SLICE_TICKS - 1);
    ck_assert_uint_eq(badge(a), 4711);
    ck_assert_uint_eq(info(a), 4712);
}
END_TEST

START_TEST(a_slice_is_five_ticks)
{
    three_equals();
    for (unsigned i = 0; i < ABI_TIME_SLICE_TICKS; i++) {
        ck_assert_ptr_eq(running_on(0), a);
        tick(0);
    }
    expect_order(b, c, a);
    ck_assert_uint_eq(a->time_slice, ABI_TIME_SLICE_TICKS);
}
END_TEST

/*
 * Each tick comes while another CPU takes the thread away, as an invocation on a running thread
 * does.
 */
START_TEST(the_time_of_a_thread_that_others_stop_counts)
{
    world_start(2);
    a = new_running_thread(10, 1);
    b = new_running_thread(10, 1);
    for (unsigned i = 0; i < ABI_TIME_SLICE_TICKS; i++) {
        ck_assert_ptr_eq(running_on(1), a);
        host_enter(0);
        thread_claim(a);
        enqueue_first(a);
        leave();
        tick(1);
    }
    ck_assert_ptr_eq(running_on(1), b);
    ck_assert_uint_eq(a->time_slice, ABI_TIME_SLICE_TICKS);
}
END_TEST

START_TEST(a_preempted_thread_goes_to_the_head)
{
    three_equals();
    struct tcb *high = new_running_thread(20, 0);
    ck_assert_ptr_eq(running_on(0), high);
    make_syscall(high, SYS_Recv, ENDPOINT, 0);
    expect_order(a, b, c);
}
END_TEST

START_TEST(a_woken_equal_goes_to_the_tail)
{
    three_equals();
    make_syscall(a, SYS_Recv, NOTIFICATION, 0);
    make_syscall(b, SYS_Send, NOTIFICATION, 0); /* wakes a */
    expect_order(b, c, a);
}
END_TEST

START_TEST(a_woken_lesser_one_goes_to_the_head)
{
    three_equals();
    make_syscall(a, SYS_Recv, NOTIFICATION, 0);
    struct tcb *high = new_running_thread(20, 0);
    make_syscall(high, SYS_Send, NOTIFICATION, 0);
    ck_assert_ptr_eq(running_on(0), high);
    make_syscall(high, SYS_Recv, ENDPOINT, 0);
    expect_order(a, b, c);
}
END_TEST

START_TEST(a_call_switches_directly_to_an_equal_partner)
{
    three_equals();
    make_syscall(a, SYS_Recv, ENDPOINT, 0);
    make_syscall(b, SYS_Yield, 0, 0);
    make_syscall(c, SYS_Call, ENDPOINT, 0);
    ck_assert_ptr_eq(running_on(0), a); /* not b, which is ready and first in the queue */
}
END_TEST

START_TEST(a_call_to_a_lesser_partner_lets_others_go_first)
{
    world_start(1);
    struct tcb *low = new_running_thread(5, 0);
    make_syscall(low, SYS_Recv, ENDPOINT, 0);
    struct tcb *middle = new_running_thread(10, 0);
    struct tcb *high = new_running_thread(20, 0);
    make_syscall(high, SYS_Call, ENDPOINT, 0);
    ck_assert_ptr_eq(running_on(0), middle);
    ASSERT_STATE(low, THREAD_RUNNING);
}
END_TEST

START_TEST(reply_and_receive_may_wake_two)
{
    world_start(1);
    struct tcb *server = new_running_thread(10, 0);
    make_syscall(server, SYS_Recv, ENDPOINT, 0);
    struct tcb *first = new_running_thread(10, 0);
    make_syscall(first, SYS_Call, ENDPOINT, 0);
    ck_assert_ptr_eq(running_on(0), server);
    struct tcb *second = new_running_thread(20, 0);
    make_syscall(second, SYS_Send, ENDPOINT, make_info(3, 0, 0));
    make_syscall(server, SYS_ReplyRecv, ENDPOINT, 0);
    ck_assert_ptr_eq(running_on(0), second);
    make_syscall(second, SYS_Recv, NOTIFICATION, 0);
    ck_assert_ptr_eq(running_on(0), server); /* it was running, first is behind it */
    ck_assert_uint_eq(message_info_label(info(server)), 3);
    make_syscall(server, SYS_Recv, ENDPOINT, 0);
    ck_assert_ptr_eq(running_on(0), first);
}
END_TEST

START_TEST(priorities_take_effect_at_once)
{
    three_equals();
    ck_assert_uint_eq(invoke(a, slot_of(c), LABEL_TCBSetPriority, WORDS(11), CAPS(slot_of(a))),
                      ERROR_NONE);
    ck_assert_ptr_eq(running_on(0), c);
    ck_assert_uint_eq(invoke(c, slot_of(c), LABEL_TCBSetPriority, WORDS(9), CAPS(slot_of(a))),
                      ERROR_NONE);
    expect_order(a, b, a);
}
END_TEST

/* --- several CPUs --- */

START_TEST(a_wake_up_on_another_cpu_calls_it_only_if_it_matters)
{
    world_start(2);
    struct tcb *here = new_running_thread(10, 0);
    struct tcb *there = new_running_thread(10, 1);
    ck_assert_ptr_eq(running_on(1), there);
    make_syscall(there, SYS_Recv, NOTIFICATION, 0);
    ck_assert_ptr_null(running_on(1));

    word_t kicked = host_machine.kicked;
    make_syscall(here, SYS_Send, NOTIFICATION, 0); /* idle: called */
    ck_assert_uint_eq(host_machine.kicked, kicked + 1);
    ck_assert_ptr_eq(running_on(1), there);

    make_syscall(there, SYS_Recv, NOTIFICATION, 0);
    struct tcb *equal = new_running_thread(10, 1);
    kicked = host_machine.kicked;
    make_syscall(here, SYS_Send, NOTIFICATION, 0); /* an equal runs there: not called */
    ck_assert_uint_eq(host_machine.kicked, kicked);
    ck_assert_ptr_eq(running_on(1), equal);
    ck_assert(there->queued);

    make_syscall(equal, SYS_Recv, NOTIFICATION, 0);
    ck_assert_ptr_eq(running_on(1), there);
}
END_TEST

START_TEST(a_wake_up_behind_an_equal_on_another_cpu_goes_to_the_tail)
{
    world_start(2);
    struct tcb *here = new_running_thread(10, 0);
    struct tcb *woken = new_running_thread(10, 1);
    make_syscall(woken, SYS_Recv, NOTIFICATION, 0);
    struct tcb *running = new_running_thread(10, 1);
    struct tcb *waiting = new_running_thread(10, 1);
    make_syscall(here, SYS_Send, NOTIFICATION, 0);
    make_syscall(running, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(1), waiting);
    make_syscall(waiting, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(1), woken);
}
END_TEST

START_TEST(set_affinity_moves_to_the_tail)
{
    world_start(2);
    struct tcb *self = new_running_thread(10, 0);
    struct tcb *one = new_running_thread(10, 1);
    struct tcb *two = new_running_thread(10, 1);
    ck_assert_uint_eq(invoke(self, slot_of(self), LABEL_TCBSetAffinity, WORDS(2), NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(self, slot_of(self), LABEL_TCBSetAffinity, WORDS(1), NO_CAPS),
                      ERROR_NONE);
    ck_assert_ptr_null(running_on(0));
    make_syscall(one, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(1), two);
    make_syscall(two, SYS_Yield, 0, 0);
    ck_assert_ptr_eq(running_on(1), self);
    ck_assert_uint_eq(self->context.rip, START_ADDRESS + 4);
}
END_TEST

START_TEST(a_thread_that_runs_elsewhere_is_taken_first)
{
    world_start(2);
    struct tcb *self = new_running_thread(10, 0);
    struct tcb *there = new_running_thread(10, 1);
    /* It is on its way into the kernel with a system call that is never looked at. */
    there->context.restart_ip = START_ADDRESS + 100;
    there->context.rip = START_ADDRESS + 102;
    host_enter(0);
    thread_suspend(there);
    leave();
    ck_assert_ptr_null(running_on(1));
    ASSERT_STATE(there, THREAD_INACTIVE);
    ck_assert_uint_eq(there->context.restart_ip, START_ADDRESS + 100);
    settle();
    invoke(self, slot_of(there), LABEL_TCBResume, NO_WORDS, NO_CAPS);
    ck_assert_ptr_eq(running_on(1), there);
    ck_assert_uint_eq(there->context.rip, START_ADDRESS + 100);
}
END_TEST

START_TEST(even_a_refused_invocation_stops_it_and_lets_it_go_on)
{
    world_start(2);
    struct tcb *self = new_running_thread(10, 0);
    struct tcb *there = new_running_thread(10, 1);
    word_t taken = host_machine.taken;
    ck_assert_uint_eq(invoke(self, slot_of(there), LABEL_TCBUnbindNotification, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(host_machine.taken, taken + 1);
    ck_assert_ptr_eq(running_on(1), there);
}
END_TEST

START_TEST(deleting_a_thread_that_runs_elsewhere)
{
    world_start(2);
    struct tcb *self = new_running_thread(10, 0);
    struct tcb *there = new_running_thread(10, 1);
    unsigned slot = slot_of(there);
    ck_assert_uint_eq(invoke(self, ROOT, LABEL_CNodeDelete, WORDS(slot, 64), NO_CAPS), ERROR_NONE);
    ck_assert_ptr_null(running_on(1));
    ck_assert(slot_is_empty(&root[slot]));
    for (unsigned i = 0; i < TCB_SLOT_COUNT; i++) {
        ck_assert(slot_is_empty(&there->slots[i]));
    }
}
END_TEST

START_TEST(a_thread_deletes_itself)
{
    world_start(1);
    struct tcb *other = new_running_thread(5, 0);
    struct tcb *self = new_running_thread(10, 0);
    unsigned slot = slot_of(self);
    for (unsigned i = 0; i < 2; i++) {
        set_mr(self, i, i == 0 ? slot : 64);
    }
    make_syscall(self, SYS_Call, ROOT, make_info(LABEL_CNodeDelete, 0, 2));
    ck_assert_ptr_eq(running_on(0), other);
    ck_assert(slot_is_empty(&root[slot]));
}
END_TEST

/* --- balance=on --- */

static struct tcb *new_balanced_thread(unsigned priority)
{
    struct tcb *thread = new_thread(priority, 0);
    host_enter(0);
    thread_resume(thread);
    leave();
    settle();
    return thread;
}

static bool runs(const struct tcb *thread)
{
    for (unsigned i = 0; i < node_cpu_count; i++) {
        if (running_on(i) == thread) {
            return true;
        }
    }
    return false;
}

START_TEST(balanced_threads_fill_all_cpus)
{
    balance_on = true;
    world_start(4);
    struct tcb *thread[6];
    for (unsigned i = 0; i < 6; i++) {
        thread[i] = new_balanced_thread(10);
    }
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(running_on(i));
    }
    struct tcb *high = new_balanced_thread(20);
    ck_assert(runs(high));
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned cpu = 0; cpu < 4; cpu++) {
            if (running_on(cpu) == thread[i]) {
                make_syscall(thread[i], SYS_Recv, ENDPOINT, 0);
                break;
            }
        }
        for (unsigned cpu = 0; cpu < 4 && i < 2; cpu++) {
            ck_assert_ptr_nonnull(running_on(cpu));
        }
    }
    ck_assert(runs(high));
}
END_TEST

START_TEST(many_woken_at_once_reach_all_idle_cpus)
{
    balance_on = true;
    world_start(4);
    struct tcb *waker = new_balanced_thread(50);
    struct tcb *thread[3];
    for (unsigned i = 0; i < 3; i++) {
        thread[i] = new_balanced_thread(10);
        make_syscall(thread[i], SYS_Recv, ENDPOINT, 0);
    }
    ck_assert_uint_eq(invoke(waker, ROOT, LABEL_CNodeDelete, WORDS(ENDPOINT, 64), NO_CAPS),
                      ERROR_NONE);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(runs(thread[i]));
    }
}
END_TEST

START_TEST(own_and_shared_queue_behave_as_one)
{
    balance_on = true;
    world_start(1);
    a = new_balanced_thread(10);
    b = new_thread(10, 0);
    b->affinity_given = true;
    c = new_thread(10, 0);
    host_enter(0);
    thread_resume(c);
    thread_resume(b);
    leave();
    expect_order(a, b, c);
    make_syscall(c, SYS_Yield, 0, 0);
    expect_order(a, b, c);
}
END_TEST

START_TEST(an_affinity_ends_balancing)
{
    balance_on = true;
    world_start(2);
    a = new_balanced_thread(10);
    b = new_balanced_thread(10);
    unsigned target = running_on(0) == b ? 1 : 0;
    ck_assert_uint_eq(invoke(a, slot_of(b), LABEL_TCBSetAffinity, WORDS(target), NO_CAPS),
                      ERROR_NONE);
    c = new_balanced_thread(10);
    ck_assert_uint_eq(b->affinity, target);
    ck_assert(runs(a) || runs(b));
    ck_assert_ptr_nonnull(running_on(0));
    ck_assert_ptr_nonnull(running_on(1));
}
END_TEST

Suite *schedule_suite(void)
{
    Suite *suite = suite_create("schedule");
    TCase *t = tcase_create("schedule");
    tcase_add_test(t, a_resumed_equal_goes_to_the_head_behind_the_running_one);
    tcase_add_test(t, yield_goes_to_the_tail_and_keeps_the_slice);
    tcase_add_test(t, a_slice_is_five_ticks);
    tcase_add_test(t, the_time_of_a_thread_that_others_stop_counts);
    tcase_add_test(t, a_preempted_thread_goes_to_the_head);
    tcase_add_test(t, a_woken_equal_goes_to_the_tail);
    tcase_add_test(t, a_woken_lesser_one_goes_to_the_head);
    tcase_add_test(t, a_call_switches_directly_to_an_equal_partner);
    tcase_add_test(t, a_call_to_a_lesser_partner_lets_others_go_first);
    tcase_add_test(t, reply_and_receive_may_wake_two);
    tcase_add_test(t, priorities_take_effect_at_once);
    tcase_add_test(t, a_wake_up_on_another_cpu_calls_it_only_if_it_matters);
    tcase_add_test(t, a_wake_up_behind_an_equal_on_another_cpu_goes_to_the_tail);
    tcase_add_test(t, set_affinity_moves_to_the_tail);
    tcase_add_test(t, a_thread_that_runs_elsewhere_is_taken_first);
    tcase_add_test(t, even_a_refused_invocation_stops_it_and_lets_it_go_on);
    tcase_add_test(t, deleting_a_thread_that_runs_elsewhere);
    tcase_add_test(t, a_thread_deletes_itself);
    tcase_add_test(t, balanced_threads_fill_all_cpus);
    tcase_add_test(t, many_woken_at_once_reach_all_idle_cpus);
    tcase_add_test(t, own_and_shared_queue_behave_as_one);
    tcase_add_test(t, an_affinity_ends_balancing);
    suite_add_tcase(suite, t);
    return suite;
}
