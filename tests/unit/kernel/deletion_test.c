/*
 * Deletion case by case: what finalising does to each object, zombies, cycles, depth, steps of
 * bounded length.
 */
#include "world.h"
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/notification.h>
#include <kernel/preemption.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

enum { U = 8, A = 16, B, C, D };

static struct answer answer;

static void setup(void)
{
    world_start();
    put_untyped(U, 0, 20, 0, false);
}

static struct tcb *new_thread(unsigned slot)
{
    ck_assert_uint_eq(do_retype(U, OBJECT_TCB, 0, slot, 1), 0);
    return capability_tcb(at(slot));
}

static struct slot *new_node(unsigned slot, unsigned radix)
{
    ck_assert_uint_eq(do_retype(U, OBJECT_CNODE, radix, slot, 1), 0);
    return capability_cnode(at(slot));
}

/* Copies, or moves, the capability of a root slot into another CNode. */
static void put_copy(unsigned from, struct slot *to)
{
    insert_derived(at(from), &root[from], to);
}

static void put_moved(unsigned from, struct slot *to)
{
    move_capability(at(from), &root[from], to);
}

static enum outcome enter(enum outcome (*operation)(struct slot *), struct slot *slot, word_t steps)
{
    preemption_reset();
    host_interrupt_after = steps;
    enum outcome outcome = operation(slot);
    host_interrupt_after = HOST_NEVER;
    check_links(root, ROOT_SLOTS);
    return outcome;
}

/* --- objects --- */

START_TEST(final_endpoint_restarts_its_queue)
{
    ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, A, 1), 0);
    struct tcb *thread = new_thread(B);
    ck_assert_uint_eq(do_mint(C, A, 15, 9), 0);
    send_message(thread, endpoint_capability(capability_endpoint(at(C)), 9, RIGHTS_ALL),
                 SEND_BLOCKING);
    ck_assert_uint_eq(thread->state, THREAD_BLOCKED_ON_SEND);
    ck_assert_uint_eq(do_delete(A), 0); /* not the last one */
    ck_assert_uint_eq(thread->state, THREAD_BLOCKED_ON_SEND);
    ck_assert_uint_eq(do_delete(C), 0);
    ck_assert_uint_eq(thread->state, THREAD_RESTART);
    ck_assert(thread->queued);
}
END_TEST

START_TEST(final_notification_unbinds_and_restarts)
{
    ck_assert_uint_eq(do_retype(U, OBJECT_NOTIFICATION, 0, A, 2), 0);
    struct tcb *bound = new_thread(C);
    struct tcb *waiting = new_thread(D);
    bind_notification(bound, capability_notification(at(A)));
    receive_signal(waiting, capability_notification(at(A + 1)), true);
    ck_assert_uint_eq(waiting->state, THREAD_BLOCKED_ON_NOTIFICATION);
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert_ptr_null(bound->bound_notification);
    ck_assert_uint_eq(do_delete(A + 1), 0);
    ck_assert_uint_eq(waiting->state, THREAD_RESTART);
}
END_TEST

START_TEST(final_tcb_empties_its_slots)
{
    struct tcb *thread = new_thread(A);
    put_copy(SLOT_ROOT, &thread->slots[TCB_CSPACE]);
    ck_assert_uint_eq(do_copy(B, A), 0);
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert(!slot_is_empty(&thread->slots[TCB_CSPACE]));
    thread_resume(thread);
    ck_assert(thread->queued);
    ck_assert_uint_eq(do_delete(B), 0);
    for (unsigned i = 0; i < TCB_SLOT_COUNT; i++) {
        ck_assert(slot_is_empty(&thread->slots[i]));
    }
    ck_assert_uint_eq(thread->state, THREAD_INACTIVE);
    ck_assert(!thread->queued);
    ck_assert(!has_children(&root[U]));
    for (const struct tcb *t = all_threads; t != NULL; t = t->all_next) {
        ck_assert_ptr_ne(t, thread);
    }
}
END_TEST

START_TEST(final_tcb_running_elsewhere_is_taken)
{
    node_cpu_count = 2;
    struct tcb *thread = new_thread(A);
    thread->state = THREAD_RUNNING;
    thread->affinity = 1;
    cpu_by_index(1)->current = thread;
    cpu_by_index(1)->mark = CPU_USER;
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert_ptr_null(cpu_by_index(1)->current);
    ck_assert_uint_ge(host_machine.taken, 1);
}
END_TEST

START_TEST(own_tcb)
{
    ck_assert_uint_eq(do_delete(SLOT_CALLER), 0);
    ck_assert_uint_eq(caller->state, THREAD_INACTIVE);
    ck_assert(slot_is_empty(&caller->slots[TCB_CSPACE]));
    ck_assert_ptr_ne(this_cpu->current, caller);
    ck_assert_ptr_null(schedule());
}
END_TEST

/* `client` waits for a reply from `server`. */
static void call_between(struct tcb *client, struct tcb *server)
{
    client->state = THREAD_BLOCKED_ON_REPLY;
    insert_derived(reply_capability(client, false, RIGHT_GRANT), &client->slots[TCB_REPLY],
                   &server->slots[TCB_CALLER]);
}

START_TEST(reply_capabilities)
{
    struct tcb *client = new_thread(A);
    struct tcb *server = new_thread(B);
    call_between(client, server);
    /* the reply goes with the server: the client waits for ever */
    ck_assert_uint_eq(do_delete(B), 0);
    ck_assert_uint_eq(client->state, THREAD_BLOCKED_ON_REPLY);
    ck_assert_ptr_null(slot_next(&client->slots[TCB_REPLY]));

    server = new_thread(B);
    call_between(client, server);
    ck_assert_uint_eq(do_delete(A), 0); /* the client goes, and with it the reply, wherever it is */
    ck_assert(slot_is_empty(&server->slots[TCB_CALLER]));
}
END_TEST

/* The client's reply lies in the CNode that is destroyed together with the client. */
START_TEST(reply_inside_the_object_that_goes)
{
    struct slot *node = new_node(A, 2);
    struct tcb *client = new_thread(B);
    struct tcb *server = new_thread(C);
    call_between(client, server);
    move_capability(server->slots[TCB_CALLER].capability, &server->slots[TCB_CALLER], &node[2]);
    put_moved(B, &node[3]);
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert_uint_eq(do_delete(C), 0);
    ck_assert(!has_children(&root[U]));
}
END_TEST

/* --- CNodes --- */

START_TEST(the_root_one_is_invoked_through)
{
    ck_assert_uint_eq(do_delete(SLOT_ROOT), 0); /* the thread's own copy is left */
    ck_assert(slot_is_empty(&root[SLOT_ROOT]));
    ck_assert(!slot_is_empty(&root[U]));
    ck_assert(is_final(&caller->slots[TCB_CSPACE]));
    ck_assert(is_long_deletion_under_way(&caller->slots[TCB_CSPACE]));
}
END_TEST

START_TEST(cnode_in_itself)
{
    struct slot *node = new_node(A, 3);
    put_copy(A, &node[5]);
    put_copy(SLOT_CALLER, &node[7]);
    put_copy(SLOT_CALLER, &node[0]);
    /* the one inside is left, and is reachable only from itself */
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert(!slot_is_empty(&node[5]));
    ck_assert(has_children(&root[U]));
    host_interrupt_after = 0;
    ck_assert_uint_eq(do_revoke(U), 0);
    host_interrupt_after = HOST_NEVER;
    for (unsigned i = 0; i < 8; i++) {
        ck_assert(slot_is_empty(&node[i]));
    }
    ck_assert(!has_children(&root[U]));
}
END_TEST

START_TEST(nested_objects_go_completely)
{
    struct slot *outer = new_node(A, 2);
    struct slot *middle = new_node(B, 2);
    struct tcb *thread = new_thread(C);
    ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, D, 1), 0);
    put_copy(D, &middle[3]);
    put_moved(D, &middle[0]);
    put_moved(B, &outer[2]);
    put_moved(C, &middle[1]);
    put_copy(SLOT_CALLER, &outer[0]);
    put_copy(SLOT_ROOT, &thread->slots[TCB_CSPACE]);
    ck_assert_uint_eq(do_delete(A), 0);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert(slot_is_empty(&outer[i]) && slot_is_empty(&middle[i]));
    }
    ck_assert(slot_is_empty(&thread->slots[TCB_CSPACE]));
    ck_assert(!has_children(&root[U]));
}
END_TEST

/*
 * While a slot of the CNode of two slots is in use, a child of the untyped must stand for its
 * memory.
 */
static void expect_to_stand(const struct slot *node)
{
    bool stands = false;

    for (const struct slot *s = slot_next(&root[U]); s != NULL; s = slot_next(s)) {
        stands |= capability_object(s->capability) == (word_t)node;
    }
    ck_assert(stands || (slot_is_empty(&node[0]) && slot_is_empty(&node[1])));
}

/*
 * Two CNodes that hold each other's only capability, each deletion given up at the worst moment:
 * the inner zombie has one slot left, and that is the slot which is being deleted. Another one has
 * to be opened for the outer zombie to wait in.
 */
START_TEST(zombies_in_each_other)
{
    struct slot *x = new_node(A, 1);
    struct slot *y = new_node(B, 1);
    put_moved(B, &x[0]);
    put_moved(A, &y[1]);
    ck_assert_int_eq(enter(delete_slot, &y[1], 0), PREEMPTED);
    ck_assert_uint_eq(capability_type(y[1].capability), CAP_ZOMBIE);
    ck_assert_uint_eq(zombie_capability_slots_left(y[1].capability), 1);
    ck_assert_uint_eq(capability_type(x[0].capability), CAP_ZOMBIE);
    unsigned tries = 0;
    enum outcome outcome;
    do {
        outcome = enter(delete_slot, &x[0], 0);
        expect_to_stand(x);
        expect_to_stand(y);
        ck_assert_uint_lt(tries++, 50);
    } while (outcome == PREEMPTED);
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert(!has_children(&root[U]));
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(slot_is_empty(&x[i]) && slot_is_empty(&y[i]));
    }
}
END_TEST

START_TEST(zombies_can_be_handled)
{
    struct slot *node = new_node(A, 3);
    put_copy(SLOT_CALLER, &node[6]);
    put_copy(SLOT_CALLER, &node[1]);
    ck_assert_int_eq(enter(delete_slot, &root[A], 0), PREEMPTED);
    ck_assert_uint_eq(capability_type(at(A)), CAP_ZOMBIE);
    ck_assert_uint_eq(do_copy(B, A), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_mint(B, A, 15, 0), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(do_copy(A, SLOT_CALLER), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(do_revoke(A), 0);
    ck_assert(is_long_deletion_under_way(&root[A]));
    ck_assert_ptr_eq(parent_of(&root[A]), &root[U]);
    /* behind it: its memory is not free */
    ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, C, 1), 0);
    ck_assert_uint_eq(do_move(B, A), 0);
    ck_assert_uint_eq(do_delete(B), 0);
    ck_assert(slot_is_empty(&node[6]) && slot_is_empty(&node[1]));
    ck_assert_uint_eq(do_delete(C), 0);
    ck_assert(!has_children(&root[U]));
}
END_TEST

/* --- objects with many threads queued --- */

enum { QUEUED = 100, FIRST_QUEUED = 100 };

/* Threads that wait for a message or a signal from `object`, which is in slot A. */
static void queue_threads(struct tcb *thread[QUEUED])
{
    for (unsigned i = 0; i < QUEUED; i++) {
        thread[i] = new_object(ABI_TCB_BITS);
        thread_init(thread[i]);
        if (capability_type(at(A)) == CAP_ENDPOINT) {
            receive_message(thread[i], at(A), true);
        } else {
            receive_signal(thread[i], capability_notification(at(A)), true);
        }
    }
}

static unsigned count_blocked(struct tcb *const thread[QUEUED])
{
    unsigned count = 0;

    for (unsigned i = 0; i < QUEUED; i++) {
        count += !is_runnable(thread[i]);
        ck_assert(is_runnable(thread[i]) || thread[i]->blocked_on != NULL);
    }
    return count;
}

static void delete_in_steps(struct slot *slot, struct tcb *const thread[QUEUED])
{
    unsigned blocked = count_blocked(thread), entries_needed = 1;

    ck_assert_uint_eq(blocked, QUEUED);
    while (enter(delete_slot, slot, 0) == PREEMPTED) {
        unsigned now = count_blocked(thread);
        ck_assert_uint_le(now, blocked);
        blocked = now;
        entries_needed++;
        ck_assert_uint_lt(entries_needed, 20);
        ck_assert(has_children(&root[U])); /* the object's memory cannot be reused yet */
    }
    ck_assert_uint_gt(entries_needed, 1);
    ck_assert_uint_eq(count_blocked(thread), 0);
    ck_assert(slot_is_empty(slot));
}

static const enum object_type queue_types[] = {OBJECT_ENDPOINT, OBJECT_NOTIFICATION};

START_TEST(long_queue)
{
    struct tcb *thread[QUEUED];

    ck_assert_uint_eq(do_retype(U, queue_types[_i], 0, A, 1), 0);
    queue_threads(thread);
    delete_in_steps(&root[A], thread);
    ck_assert(!has_children(&root[U]));
}
END_TEST

/*
 * In the middle nobody can use it, a queued thread can be suspended, and whoever holds the zombie
 * can finish.
 */
START_TEST(long_queue_left_in_the_middle)
{
    struct tcb *thread[QUEUED];

    ck_assert_uint_eq(do_retype(U, queue_types[_i], 0, A, 1), 0);
    queue_threads(thread);
    ck_assert_int_eq(enter(delete_slot, &root[A], 0), PREEMPTED);
    ck_assert_uint_eq(capability_type(at(A)), CAP_ZOMBIE);
    ck_assert_uint_eq(do_copy(B, A), ERROR_ILLEGAL_OPERATION);
    unsigned blocked = count_blocked(thread);
    ck_assert(!is_runnable(thread[QUEUED - 1]));
    thread_resume(thread[QUEUED - 1]);
    ck_assert_uint_eq(count_blocked(thread), blocked - 1);
    ck_assert_uint_eq(do_move(B, A), 0);
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert_uint_eq(count_blocked(thread), 0);
    ck_assert(slot_is_empty(&root[B]));
}
END_TEST

/* The zombie lies in CNodes that go with it, among other zombies. */
START_TEST(long_queue_in_cnodes)
{
    struct tcb *thread[QUEUED];
    struct slot *outer = new_node(B, 1), *inner = new_node(C, 1);

    ck_assert_uint_eq(do_retype(U, queue_types[_i], 0, A, 1), 0);
    queue_threads(thread);
    put_moved(A, &inner[0]);
    put_moved(C, &outer[1]);
    delete_in_steps(&root[B], thread);
    ck_assert(!has_children(&root[U]));
}
END_TEST

/* A handler has the last capability to the notification. */
START_TEST(long_queue_of_a_handler)
{
    struct tcb *thread[QUEUED];

    ck_assert_uint_eq(do_retype(U, OBJECT_NOTIFICATION, 0, A, 1), 0);
    insert_root(capability_make(CAP_IRQ_CONTROL, 0, 0), &root[C]);
    irq_issue(20, &root[C], &root[D]);
    insert_derived(at(A), &root[A], &irq_slots[20]);
    queue_threads(thread);
    ck_assert_uint_eq(do_delete(A), 0);
    ck_assert_uint_eq(count_blocked(thread), QUEUED);
    delete_in_steps(_i == 0 ? &root[D] : &irq_slots[20], thread);
    ck_assert_int_eq(irq_is_active(20), _i != 0);
    ck_assert(slot_is_empty(&irq_slots[20]));
}
END_TEST

/*
 * Interrupted, and those it let go come again with the same badge: that is not for the call to end.
 */
START_TEST(badge_of_many_senders)
{
    struct tcb *thread[QUEUED];
    struct call call = {&root[SLOT_ROOT], LABEL_CNodeCancelBadgedSends, {B, 64}, 2, {0}, 0};
    unsigned entries_needed = 0, again = 0;

    ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, A, 1), 0);
    ck_assert_uint_eq(do_mint(B, A, 15, 9), 0);
    struct endpoint *endpoint = capability_endpoint(at(A));
    for (unsigned i = 0; i < QUEUED; i++) {
        thread[i] = new_object(ABI_TCB_BITS);
        thread_init(thread[i]);
        send_message(thread[i], endpoint_capability(endpoint, i % 4 == 0 ? 8 : 9, RIGHTS_ALL),
                     SEND_BLOCKING);
    }
    host_interrupt_after = 0;
    while (invoke_once(&call, &answer) == PREEMPTED) {
        for (unsigned i = 0; i < QUEUED; i++) {
            if (is_runnable(thread[i])) {
                dequeue(thread[i]);
                send_message(thread[i], endpoint_capability(endpoint, 9, RIGHTS_ALL),
                             SEND_BLOCKING);
                again++;
            }
        }
        ck_assert_uint_lt(entries_needed++, 5);
    }
    host_interrupt_after = HOST_NEVER;
    ck_assert_uint_ge(entries_needed, 1);
    for (unsigned i = 0; i < QUEUED; i += 4) {
        ck_assert(!is_runnable(thread[i])); /* the other badge */
    }
    ck_assert_uint_eq(count_blocked(thread), QUEUED / 4 + again);
    /* Another call is about those, too. */
    caller->cancelling = NULL;
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert_uint_eq(count_blocked(thread), QUEUED / 4);
}
END_TEST

/* --- length of steps --- */

START_TEST(large_empty_cnode)
{
    new_node(A, 14);
    host_interrupt_after = 0;
    struct call call = {&root[SLOT_ROOT], LABEL_CNodeDelete, {A, 64}, 2, {0}, 0};
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    /* Two steps in an entry, 64 slots in a step. */
    ck_assert_uint_ge(entries, (1 << 14) / 64 / 2);
    ck_assert_uint_le(entries, (1 << 14) / 64);
}
END_TEST

enum { DEPTH = 3000 };

/* CNodes nested 3000 deep: no recursion, and every entry gets further whatever the depth. */
START_TEST(deep_nesting)
{
    struct slot *outer = new_node(A, 1);
    for (unsigned i = 0; i < DEPTH; i++) {
        struct slot *inner = new_node(B, 1);
        put_copy(SLOT_CALLER, &inner[0]);
        put_moved(B, &outer[1]);
        outer = inner;
    }
    host_interrupt_after = 0;
    struct call call = {&root[SLOT_ROOT], LABEL_CNodeDelete, {A, 64}, 2, {0}, 0};
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert_uint_le(entries, 4 * DEPTH);
    ck_assert(!has_children(&root[U]));
}
END_TEST

START_TEST(revocation_polls_for_every_capability)
{
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, 64 + i, 1), 0);
    }
    host_polls = 0;
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert_uint_ge(host_polls, 98);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(do_retype(U, OBJECT_ENDPOINT, 0, 64 + i, 1), 0);
    }
    host_interrupt_after = 0;
    struct call call = {&root[SLOT_ROOT], LABEL_CNodeRevoke, {U, 64}, 2, {0}, 0};
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert_uint_ge(entries, 49);
    ck_assert_uint_le(entries, 51);
}
END_TEST

START_TEST(first_poll_of_an_entry_never_preempts)
{
    host_interrupt_after = 0;
    host_cpu_at_the_door = true;
    preemption_reset();
    ck_assert(!preemption_point());
    ck_assert(preemption_point());
    preemption_reset();
    ck_assert(!preemption_point());
    host_interrupt_after = HOST_NEVER;
    ck_assert(preemption_point()); /* for the door alone */
    host_cpu_at_the_door = false;
    ck_assert(!preemption_point());
}
END_TEST

Suite *deletion_suite(void);
Suite *deletion_suite(void)
{
    Suite *suite = suite_create("deletion");
    TCase *tests = tcase_create("cases");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, final_endpoint_restarts_its_queue);
    tcase_add_test(tests, final_notification_unbinds_and_restarts);
    tcase_add_test(tests, final_tcb_empties_its_slots);
    tcase_add_test(tests, final_tcb_running_elsewhere_is_taken);
    tcase_add_test(tests, own_tcb);
    tcase_add_test(tests, reply_capabilities);
    tcase_add_test(tests, reply_inside_the_object_that_goes);
    tcase_add_test(tests, the_root_one_is_invoked_through);
    tcase_add_test(tests, cnode_in_itself);
    tcase_add_test(tests, nested_objects_go_completely);
    tcase_add_test(tests, zombies_in_each_other);
    tcase_add_test(tests, zombies_can_be_handled);
    tcase_add_loop_test(tests, long_queue, 0, 2);
    tcase_add_loop_test(tests, long_queue_left_in_the_middle, 0, 2);
    tcase_add_loop_test(tests, long_queue_in_cnodes, 0, 2);
    tcase_add_loop_test(tests, long_queue_of_a_handler, 0, 2);
    tcase_add_test(tests, badge_of_many_senders);
    tcase_add_test(tests, large_empty_cnode);
    tcase_add_test(tests, deep_nesting);
    tcase_add_test(tests, revocation_polls_for_every_capability);
    tcase_add_test(tests, first_poll_of_an_entry_never_preempts);
    suite_add_tcase(suite, tests);
    return suite;
}
