/*
 * Priorities, round robin, yield, and where each event puts a thread in its queue (contract 8.1,
 * 8.2).
 */
#include "harness.h"
#include <string.h>

/*
 * Who did what, in order: worker i logs 10 * i + its step before each step, and 10 * i + 9 at the
 * end.
 */
static volatile word events[64];
static volatile word event_count;

static void log_event(word event)
{
    if (event_count < COUNT_OF(events)) {
        events[event_count] = event;
        event_count++;
    }
}

static void logging_script(struct worker *worker)
{
    for (size_t i = 0; i < worker->step_count; i++) {
        const struct step *step = &worker->steps[i];

        log_event(10 * worker->argument[0] + i);
        worker->outcomes[i] = system_call(step->number, step->rdi, step->rsi, step->mr[0],
                                          step->mr[1], step->mr[2], step->mr[3]);
        worker->completed = i + 1;
    }
    log_event(10 * worker->argument[0] + 9);
}

static struct worker *logger(word number, word priority)
{
    struct worker *worker = new_worker(priority);

    worker->argument[0] = number;
    return worker;
}

static void start_logging(struct worker *worker)
{
    start_function(worker, logging_script);
}

static void forget_events(void)
{
    event_count = 0;
    memset((void *)events, 0, sizeof(events));
}

static void check_events(const word *expected, size_t count, int line)
{
    bool same = event_count == count;

    for (size_t i = 0; i < count; i++) {
        same = same && events[i] == expected[i];
    }
    if (!check_that(same, "this order of events", __FILE__, line)) {
        for (size_t i = 0; i < count || i < event_count; i++) {
            check_equal(events[i], i < count ? expected[i] : 0, "event", __FILE__, line);
        }
    }
    forget_events();
}

#define CHECK_EVENTS(...) check_events(ARGS(__VA_ARGS__), __LINE__)

static void add_yield(struct worker *worker)
{
    add_step(worker, YIELD, 0, 0, 0, 0, 0, 0);
}

static void higher_first(void)
{
    forget_events();
    start_logging(logger(1, LOW));
    start_logging(logger(3, HIGH));
    start_logging(logger(2, MIDDLE));
    settle();
    CHECK_EVENTS(39, 29, 19);
}

static void resumed_go_to_the_head(void)
{
    forget_events();
    for (word i = 1; i <= 3; i++) {
        start_logging(logger(i, MIDDLE));
    }
    settle();
    CHECK_EVENTS(39, 29, 19);
}

static void current_goes_on_after_resume(void)
{
    /* A worker resumes another of its own priority, and itself continues. */
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, MIDDLE);

    forget_events();
    add_step(one, CALL, two->tcb, message_info(TCB_RESUME, 0, 0), 0, 0, 0, 0);
    start_logging(two);
    settle();
    forget_events();
    CHECK_OK(suspend_thread(two->tcb));
    start_logging(two);
    CHECK_OK(suspend_thread(two->tcb));
    start_logging(one);
    settle();
    CHECK_EVENTS(10, 19, 29);
}

static void yield_goes_to_the_tail(void)
{
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, MIDDLE);

    forget_events();
    add_yield(one);
    add_yield(one);
    add_yield(two);
    start_logging(two);
    start_logging(one);
    settle();
    CHECK_EVENTS(10, 20, 11, 29, 19);
}

static void yield_ignores_lower(void)
{
    struct worker *one = logger(1, MIDDLE);

    forget_events();
    add_yield(one);
    add_yield(one);
    start_logging(logger(2, LOW));
    start_logging(one);
    settle();
    CHECK_EVENTS(10, 11, 19, 29);
}

/* A worker that waits for a notification of its own. */
static word waiting(struct worker *worker)
{
    word notification = new_notification();

    add_message(worker, RECV, notification, 0, 0);
    start_logging(worker);
    settle();
    return notification;
}

static void woken_below_current(void)
{
    /* The main thread is above them: each woken thread goes to the head of its queue. */
    word first = waiting(logger(1, MIDDLE));
    word second = waiting(logger(2, MIDDLE));

    start_logging(logger(3, MIDDLE));
    forget_events();
    signal_notification(first);
    signal_notification(second);
    settle();
    CHECK_EVENTS(29, 19, 39);
}

static void woken_at_same_priority(void)
{
    /* The current thread goes on, and the woken one waits behind those who were ready before. */
    word notification = waiting(logger(2, MIDDLE));
    struct worker *one = logger(1, MIDDLE);

    add_message(one, SEND, notification, 0, 0);
    start_logging(logger(3, MIDDLE));
    start_logging(one);
    forget_events();
    settle();
    CHECK_EVENTS(10, 19, 39, 29);
}

static void woken_above_current(void)
{
    word notification = waiting(logger(2, HIGH));
    struct worker *one = logger(1, MIDDLE);

    add_message(one, SEND, notification, 0, 0);
    start_logging(logger(3, MIDDLE));
    start_logging(one);
    forget_events();
    settle();
    /* The preempted thread is still first of its queue. */
    CHECK_EVENTS(10, 29, 19, 39);
}

static void woken_by_message(void)
{
    word endpoint = new_endpoint();
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, MIDDLE);

    add_message(two, RECV, endpoint, 0, 0);
    start_logging(two);
    settle();
    add_message(one, SEND, endpoint, 0, 0);
    start_logging(logger(3, MIDDLE));
    start_logging(one);
    forget_events();
    settle();
    CHECK_EVENTS(10, 19, 39, 29);
}

static void call_switches_to_partner(void)
{
    word endpoint = new_endpoint();
    struct worker *client = logger(1, MIDDLE);
    struct worker *server = logger(2, MIDDLE);

    add_message(server, RECV, endpoint, 0, 0);
    add_message(server, REPLY_RECV, endpoint, 0, 0);
    start_logging(server);
    settle();
    add_message(client, CALL, endpoint, 0, 0);
    start_logging(logger(3, MIDDLE));
    start_logging(client);
    forget_events();
    settle();
    CHECK_EVENTS(10, 21, 19, 39);
}

static void call_does_not_pass_better_threads(void)
{
    word endpoint = new_endpoint();
    struct worker *client = logger(1, HIGH);
    struct worker *server = logger(2, LOW);

    add_message(server, RECV, endpoint, 0, 0);
    add_message(server, REPLY, endpoint, 0, 0);
    start_logging(server);
    settle();
    add_message(client, CALL, endpoint, 0, 0);
    start_logging(logger(3, MIDDLE));
    start_logging(client);
    forget_events();
    settle();
    CHECK_EVENTS(10, 39, 21, 19, 29);
}

static void reply_wakes_better_client(void)
{
    word endpoint = new_endpoint();
    struct worker *client = logger(1, HIGH);
    struct worker *server = logger(2, MIDDLE);

    add_message(server, RECV, endpoint, 0, 0);
    add_message(server, REPLY, 0, 0, 0);
    start_logging(server);
    settle();
    add_message(client, CALL, endpoint, 0, 0);
    start_logging(client);
    forget_events();
    settle();
    CHECK_EVENTS(10, 21, 19, 29);
}

static void restarted_in_reverse(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 5);

    for (word i = 1; i <= 3; i++) {
        struct worker *worker = logger(i, MIDDLE);

        add_message(worker, CALL, badged, 0, 0);
        start_logging(worker);
        settle();
    }
    forget_events();
    /* With the badged capability gone, the restarted calls end at once. */
    CHECK_OK(delete_cap(badged));
    CHECK_OK(delete_cap(endpoint));
    settle();
    CHECK_EVENTS(39, 29, 19);
}

static void cancelled_in_reverse(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 5);
    word given = new_copy(badged, ALL_RIGHTS);

    for (word i = 1; i <= 3; i++) {
        struct worker *worker = logger(i, MIDDLE);

        add_message(worker, CALL, given, 0, 0);
        start_logging(worker);
        settle();
    }
    forget_events();
    CHECK_OK(revoke_cap(badged));
    CHECK_OK(invoke(ROOT, CNODE_CANCEL_BADGED_SENDS, ARGS(badged, DEPTH), NO_CAPS));
    settle();
    CHECK_EVENTS(39, 29, 19);
}

static void set_affinity_goes_to_the_tail(void)
{
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, MIDDLE);

    need_affinity();
    forget_events();
    start_logging(one);
    start_logging(two);
    CHECK_OK(invoke(two->tcb, TCB_SET_AFFINITY, ARGS(0), NO_CAPS));
    settle();
    CHECK_EVENTS(19, 29);
}

/* Adds a step in which a worker changes somebody's priority. */
static void add_set_priority(struct worker *worker, word tcb, word priority)
{
    worker->buffer->caps_or_badges[0] = seL4_CapInitThreadTCB;
    add_step(worker, CALL, tcb, message_info(TCB_SET_PRIORITY, 1, 1), priority, 0, 0, 0);
}

static void raising_another(void)
{
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, LOW);

    forget_events();
    add_set_priority(one, two->tcb, HIGH);
    start_logging(two);
    start_logging(one);
    settle();
    CHECK_EVENTS(10, 29, 19);
}

static void lowering_oneself(void)
{
    struct worker *one = logger(1, MIDDLE);

    forget_events();
    add_set_priority(one, one->tcb, LOW - 1);
    start_logging(logger(2, LOW));
    start_logging(one);
    settle();
    CHECK_EVENTS(10, 29, 19);
}

static void lowering_another(void)
{
    forget_events();
    struct worker *one = logger(1, HIGH);
    struct worker *two = logger(2, MIDDLE);

    start_logging(two);
    start_logging(one);
    CHECK_OK(set_priority(one->tcb, LOW));
    settle();
    CHECK_EVENTS(29, 19);
}

static void queues_keep_their_order(void)
{
    /* A change of priority does not move a thread in an endpoint's queue. */
    word endpoint = new_endpoint();
    struct worker *one = logger(1, LOW);
    struct worker *two = logger(2, LOW);
    struct reply message;

    add_message(one, SEND, endpoint, 1, 0);
    add_message(two, SEND, endpoint, 2, 0);
    start_logging(one);
    settle();
    start_logging(two);
    settle();
    CHECK_OK(set_priority(two->tcb, HIGH));
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
}

static void lowest_priority_waits(void)
{
    /* The harness's sentinel at priority 1 is always ready: a thread of priority 0 never runs. */
    struct worker *worker = logger(1, 0);

    forget_events();
    start_logging(worker);
    for (int i = 0; i < 10; i++) {
        settle();
    }
    CHECK_EQUAL(event_count, 0);
    CHECK_OK(set_priority(worker->tcb, 2));
    settle();
    CHECK_EQUAL(event_count, 1);
}

static void count_forever(struct worker *worker)
{
    for (;;) {
        worker->result[0]++;
    }
}

static void spin(word milliseconds)
{
    word end = time_stamp() + milliseconds * ticks_per_millisecond();

    while (time_stamp() < end) {}
}

static void lower_never_runs(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY - 1);

    start_function(worker, count_forever);
    spin(40);
    CHECK_EQUAL(worker->result[0], 0);
}

static void main_is_preempted(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);

    start_function(worker, count_forever);
    CHECK(wait_for_change(&worker->result[0], 0, HANG_MILLISECONDS));
}

/* ---- Time slices ---- */

enum { TURNS = 30 };

static volatile word runner;
static volatile word turns;

/*
 * Each notes when it has become the one that runs, until there were enough turns or far too much
 * time is gone.
 */
static void take_turns(struct worker *worker)
{
    word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();

    while (turns < TURNS && time_stamp() < end) {
        if (runner != worker->argument[0]) {
            runner = worker->argument[0];
            turns++;
            worker->result[0]++;
        }
    }
}

/* Lets three equal threads take turns; returns the milliseconds that it took, in emulated time. */
static word share_in_slices(void)
{
    struct worker *workers[3];
    word start = time_stamp();

    turns = 0;
    runner = 0;
    for (word i = 0; i < 3; i++) {
        workers[i] = new_worker(MIDDLE);
        workers[i]->argument[0] = i + 1;
        start_function(workers[i], take_turns);
    }
    settle();
    /*
     * The two that did not take the last turn may have been stopped on the way to theirs, and on a
     * busy host a slice may be over before its thread has noted it.
     */
    CHECK(turns >= TURNS && turns <= TURNS + 2);
    for (word i = 0; i < 3; i++) {
        CHECK(workers[i]->result[0] >= TURNS / 3 - 3 && workers[i]->result[0] <= TURNS / 3 + 4);
    }
    start = (time_stamp() - start) / ticks_per_millisecond();
    for (word i = 0; i < 3; i++) {
        forget_last_worker(); /* they have ended: each attempt has its own */
    }
    return start;
}

static void round_robin(void)
{
    /* 29 slices of 10 ms and the last one's beginning. */
    word taken = share_in_slices();

    if (time_is_emulated) {
        CHECK(taken >= 280 && taken <= 310);
    }
}

static void slices_survive_blocking(void)
{
    /*
     * Two threads of one priority; one gives way to a third, higher one all the time. It must not
     * gain or lose its turn by that: both get their share.
     */
    word notification = new_notification();
    struct worker *high = new_worker(HIGH);
    struct worker *one = logger(1, MIDDLE);
    struct worker *two = logger(2, MIDDLE);

    for (size_t i = 0; i < MAX_STEPS; i++) {
        add_message(high, RECV, notification, 0, 0);
        add_message(one, SEND, notification, 0, 0);
    }
    start_script(high);
    settle();
    forget_events();
    start_logging(two);
    start_logging(one);
    settle();
    /*
     * All of the first thread's steps come before the second thread: preemption puts it back to the
     * head.
     */
    CHECK_EQUAL(events[event_count - 1], 29);
    CHECK_EQUAL(high->completed, MAX_STEPS);
}

static const struct test tests[] = {
    {"schedule-priorities", "higher priorities first", higher_first},
    {"schedule-resume", "resumed threads go to the head of their queue", resumed_go_to_the_head},
    {"schedule-resume-same", "resuming an equal does not interrupt", current_goes_on_after_resume},
    {"schedule-yield", "Yield goes to the tail", yield_goes_to_the_tail},
    {"schedule-yield-lower", "Yield does not let lower priorities run", yield_ignores_lower},
    {"schedule-wake-lower", "woken below the current: head", woken_below_current},
    {"schedule-wake-same", "woken at the same priority: tail", woken_at_same_priority},
    {"schedule-wake-higher", "woken above the current: at once, the other stays first",
     woken_above_current},
    {"schedule-wake-message", "a message wakes like a signal", woken_by_message},
    {"schedule-call", "a call switches to its partner and back", call_switches_to_partner},
    {"schedule-call-lower", "but not past better threads", call_does_not_pass_better_threads},
    {"schedule-reply", "a reply to a higher client runs it at once", reply_wakes_better_client},
    {"schedule-restart", "threads restarted by a deletion: head, one after another",
     restarted_in_reverse},
    {"schedule-cancel", "threads restarted by CancelBadgedSends: the same", cancelled_in_reverse},
    {"schedule-affinity", "SetAffinity goes to the tail", set_affinity_goes_to_the_tail},
    {"schedule-raise", "raising another thread above oneself", raising_another},
    {"schedule-lower-self", "lowering oneself below another", lowering_oneself},
    {"schedule-lower-other", "lowering a ready thread", lowering_another},
    {"schedule-endpoint-order", "priorities do not reorder endpoint queues",
     queues_keep_their_order},
    {"schedule-zero", "priority 0 runs only when nobody else can", lowest_priority_waits},
    {"schedule-strict", "a lower thread gets no time at all", lower_never_runs},
    {"schedule-preempted", "an equal thread preempts after a slice", main_is_preempted},
    {"schedule-round-robin", "equal threads share in slices", round_robin},
    {"schedule-keep-turn", "preemption by a higher thread costs no turn", slices_survive_blocking},
};

SUBJECT(scheduling, tests);
