/*
 * CancelBadgedSends among many senders: it goes on where it was, whatever happens between its
 * steps.
 */
#include "world.h"
#include <kernel/cancellation.h>

enum {
    SENDERS = 1200,
    MANY = 300,
    UNBADGED = 0,
    BADGE = 9,
    OTHER = 8,
    BADGED_SLOT = FREE,
    SECOND_SLOT = FREE + 1
};

static struct tcb *caller, *second;

static void setup(void)
{
    world_start(1);
    mint(BADGED_SLOT, ENDPOINT, RIGHTS_ALL, BADGE);
    mint(SECOND_SLOT, ENDPOINT, RIGHTS_ALL, OTHER);
    caller = new_running_thread(100, 0);
    host_interrupt_after = 0; /* interrupted wherever it may be */
}

static struct tcb *new_sender(word_t sent_badge)
{
    struct tcb *sender = new_object(ABI_TCB_BITS);
    thread_init(sender);
    sender->priority = 10;
    send_message(sender, endpoint_capability(endpoint, sent_badge, RIGHTS_ALL), SEND_BLOCKING);
    ASSERT_STATE(sender, THREAD_BLOCKED_ON_SEND);
    return sender;
}

/* One kernel entry for the call; true if it was interrupted, and is about to be repeated. */
static bool is_interrupted(struct tcb *thread, unsigned slot)
{
    word_t before = thread->context.rip;
    word_t error = invoke(thread, ROOT, LABEL_CNodeCancelBadgedSends, WORDS(slot, 64), NO_CAPS);
    if (thread->context.rip == before) {
        return true;
    }
    ck_assert_uint_eq(error, ERROR_NONE);
    return false;
}

static unsigned entries_for(struct tcb *thread, unsigned slot)
{
    unsigned entries = 1;
    while (is_interrupted(thread, slot)) {
        ck_assert_uint_lt(entries++, SENDERS);
    }
    return entries;
}

/* The queue's length; in order of their sending, and all with that badge. */
static unsigned count_queued(word_t sent_badge)
{
    unsigned count = 0;
    for (const struct tcb *thread = endpoint->head; thread != NULL;
         thread = thread->queue_next, count++) {
        ck_assert_uint_eq(thread->blocked_badge, sent_badge);
        ck_assert(thread->queue_next == NULL ||
                  thread->ready_order < thread->queue_next->ready_order);
    }
    return count;
}

START_TEST(passes_over_any_number_in_steps)
{
    for (unsigned i = 0; i < SENDERS; i++) {
        new_sender(OTHER);
    }
    struct tcb *last = new_sender(BADGE);
    word_t polls = host_polls;
    unsigned entries = entries_for(caller, BADGED_SLOT);
    ck_assert_uint_ge(entries, 2);
    ck_assert_uint_le(entries, 5); /* none begins at the queue's head again */
    ck_assert_uint_ge(host_polls - polls, entries - 1);
    ASSERT_STATE(last, THREAD_RESTART);
    ck_assert_uint_eq(count_queued(OTHER), SENDERS);
}
END_TEST

/*
 * In an entry's steps 64 threads restart. Then those at the place that was reached go, one way or
 * another.
 */
START_TEST(senders_leave_between_the_steps)
{
    struct tcb *sender[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        sender[i] = new_sender(BADGE);
    }
    ck_assert(is_interrupted(caller, BADGED_SLOT));
    struct tcb *next = cancellation.next;
    ck_assert_ptr_eq(next, endpoint->head);
    ck_assert_ptr_eq(next, sender[64]);

    cancel_ipc(sender[65]); /* not the place itself */
    ck_assert_ptr_eq(cancellation.next, next);
    cancel_ipc(sender[64]);
    ck_assert_ptr_eq(cancellation.next, sender[66]);
    struct tcb *receiver = new_running_thread(200, 0);
    make_syscall(receiver, SYS_Recv, ENDPOINT, 0);
    ck_assert_uint_eq(badge(receiver), BADGE);
    ck_assert_ptr_eq(cancellation.next, sender[67]);
    make_syscall(receiver, SYS_Recv, NOTIFICATION, 0); /* out of the way */

    entries_for(caller, BADGED_SLOT);
    ck_assert_ptr_null(endpoint->head);
    ASSERT_STATE(sender[64], THREAD_INACTIVE);
    ASSERT_STATE(sender[67], THREAD_RESTART);
}
END_TEST

START_TEST(the_endpoint_goes_between_the_steps)
{
    for (unsigned i = 0; i < MANY; i++) {
        new_sender(BADGE);
    }
    ck_assert(is_interrupted(caller, BADGED_SLOT));
    host_interrupt_after = HOST_NEVER;
    while (!cancel_some(endpoint)) {}
    ck_assert_ptr_null(cancellation.next);
    ck_assert(!is_interrupted(caller, BADGED_SLOT));
}
END_TEST

/* Who finds another's under way finishes it first; that one then need not do it again. */
START_TEST(another_thread_finishes_it)
{
    for (unsigned i = 0; i < MANY; i++) {
        new_sender(BADGE);
    }
    struct tcb *of_second = new_sender(OTHER);
    ck_assert(is_interrupted(caller, BADGED_SLOT));
    second = new_running_thread(200, 0);
    ck_assert_ptr_eq(running_on(0), second);
    ck_assert_uint_gt(entries_for(second, SECOND_SLOT), 1);
    ASSERT_STATE(of_second, THREAD_RESTART);
    ck_assert_ptr_null(endpoint->head);
    make_syscall(second, SYS_Recv, NOTIFICATION, 0); /* out of the way */

    struct tcb *later = new_sender(BADGE); /* after the first call had begun */
    ck_assert(!is_interrupted(caller, BADGED_SLOT));
    ASSERT_STATE(later, THREAD_BLOCKED_ON_SEND);
    ck_assert(!is_interrupted(caller, BADGED_SLOT)); /* a new call */
    ASSERT_STATE(later, THREAD_RESTART);
}
END_TEST

/* A call that was given up for another, or whose caller is gone, is nobody's business any more. */
START_TEST(given_up)
{
    for (unsigned i = 0; i < MANY; i++) {
        new_sender(BADGE);
    }
    ck_assert(is_interrupted(caller, BADGED_SLOT));
    unsigned left = count_queued(BADGE);
    ck_assert_uint_gt(left, 0);
    second = new_running_thread(200, 0);
    if (_i == 0) {
        make_syscall(second, SYS_Recv, NOTIFICATION, 0);
        make_syscall(caller, SYS_Yield, 0, 0);
        second = caller;
    } else {
        thread_finalise(caller);
        ck_assert_ptr_null(cancellation.caller);
    }
    ck_assert_uint_eq(entries_for(second, SECOND_SLOT), 1);
    ck_assert_uint_eq(count_queued(BADGE), left);
}
END_TEST

Suite *cancellation_suite(void)
{
    Suite *suite = suite_create("cancellation");
    TCase *c = tcase_create("cancellation");
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, passes_over_any_number_in_steps);
    tcase_add_test(c, senders_leave_between_the_steps);
    tcase_add_test(c, the_endpoint_goes_between_the_steps);
    tcase_add_test(c, another_thread_finishes_it);
    tcase_add_loop_test(c, given_up, 0, 2);
    suite_add_tcase(suite, c);
    return suite;
}
