/* Waits that end when a moment has come: what they leave behind, and that nothing is lost. */
#include "pair.h"

#include <cmk/timer.h>
#include <sched.h>
#include <string.h>

static struct pair pair;
static struct cmk_message message;

/* Far less than a second, and more than nothing, whatever the host's counter counts. */
#define SOON (cmk_now() + 3000000)

START_TEST(receive)
{
    uint64_t data = 0;
    pair_open(&pair, 4, 0, _i);
    must(cmk_channel_receive_until(&pair.end[1], &message, &data, 8, 0) == CMK_CHANNEL_TIMED_OUT);
    uint64_t moment = SOON;
    must(cmk_channel_receive_until(&pair.end[1], &message, &data, 8, moment) ==
         CMK_CHANNEL_TIMED_OUT);
    must(cmk_now() >= moment);
    must(pair.end[1].nap % 2 == 0);
    data = 7;
    must(cmk_channel_try_send(&pair.end[0], 5, &data, 8) == CMK_CHANNEL_OK);
    data = 0;
    /* What is there is taken, however late it is. */
    must(cmk_channel_receive_until(&pair.end[1], &message, &data, 8, 0) == CMK_CHANNEL_OK);
    must(message.tag == 5 && data == 7);
    must(cmk_channel_state(&pair.end[1]) == CMK_CHANNEL_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(send)
{
    pair_open(&pair, 4, 0, _i);
    for (uint64_t i = 0; i < 4; i++) {
        must(cmk_channel_send_until(&pair.end[0], i, NULL, 0, 0) == CMK_CHANNEL_OK);
    }
    must(cmk_channel_send_until(&pair.end[0], 4, NULL, 0, SOON) == CMK_CHANNEL_TIMED_OUT);
    for (uint64_t i = 0; i < 5; i++) {
        must(cmk_channel_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_OK);
        must(message.tag == i);
        if (i == 0) {
            must(cmk_channel_send_until(&pair.end[0], 4, NULL, 0, 0) == CMK_CHANNEL_OK);
        }
    }
    must(cmk_channel_try_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_EMPTY);
    pair_close(&pair);
}
END_TEST

static void answer(uint64_t expected)
{
    uint64_t request;
    must(cmk_channel_receive(&pair.end[1], &message, &request, 8) == CMK_CHANNEL_OK);
    must(message.kind == CMK_REQUEST && request == expected);
    request += 100;
    must(cmk_channel_try_reply(&pair.end[1], &message, &request, 8) == CMK_CHANNEL_OK);
}

static uint64_t answers_from, answers_to;

static void answer_all(void)
{
    while (answers_from < answers_to) {
        answer(answers_from++);
    }
}

/* The late replies to calls that gave up are dropped; each call gets its own. */
START_TEST(call)
{
    uint64_t reply = 0;
    size_t length;
    pair_open(&pair, 16, 0, false);
    for (uint64_t i = 0; i < 3; i++) {
        must(cmk_channel_call_until(&pair.end[0], &i, 8, &reply, 8, &length, SOON) ==
             CMK_CHANNEL_TIMED_OUT);
    }
    must(pair.end[0].late_replies == 3);
    answers_to = 2; /* two of the three before, the third while the next call waits */
    answer_all();
    answers_to = 4;
    pair_between_looks = answer_all;
    uint64_t request = 3;
    must(cmk_channel_call_until(&pair.end[0], &request, 8, &reply, 8, &length, CMK_TIMER_NEVER) ==
         CMK_CHANNEL_OK);
    must(length == 8 && reply == 103);
    must(pair.end[0].late_replies == 0);
    answers_to = 5;
    request = 4;
    must(cmk_channel_call(&pair.end[0], &request, 8, &reply, 8, &length) == CMK_CHANNEL_OK);
    must(reply == 104);

    /* A request that the server drops has no late reply, and takes nobody else's. */
    request = 99;
    must(cmk_channel_call_until(&pair.end[0], &request, 8, &reply, 8, &length, SOON) ==
         CMK_CHANNEL_TIMED_OUT);
    must(cmk_channel_receive(&pair.end[1], &message, &request, 8) == CMK_CHANNEL_OK);
    answers_to = 6;
    request = 5;
    must(cmk_channel_call(&pair.end[0], &request, 8, &reply, 8, &length) == CMK_CHANNEL_OK);
    must(reply == 105 && pair.end[0].late_replies == 1);
    pair.end[0].late_replies = 0;

    /* A reply that nobody can wait for is as wrong as before. */
    struct cmk_message forged = {.kind = CMK_REQUEST, .tag = pair.end[0].last_call};
    must(cmk_channel_try_reply(&pair.end[1], &forged, &reply, 8) == CMK_CHANNEL_OK);
    answers_to = 7;
    request = 6;
    must(cmk_channel_call(&pair.end[0], &request, 8, &reply, 8, &length) == CMK_CHANNEL_BROKEN);
    answers_from = answers_to = 0;
    pair_close(&pair);
}
END_TEST

START_TEST(bulk)
{
    pair_open(&pair, 4, 256, _i);
    for (unsigned i = 0; i < 2; i++) {
        must(cmk_channel_bulk_wait_until(&pair.end[0], 128, SOON));
        must(cmk_channel_bulk_send_until(&pair.end[0], i, 0) == CMK_CHANNEL_OK);
    }
    must(!cmk_channel_bulk_wait_until(&pair.end[0], 128, SOON));
    must(cmk_channel_state(&pair.end[0]) == CMK_CHANNEL_OK);
    must(cmk_channel_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_OK);
    cmk_channel_bulk_release(&pair.end[1], &message);
    must(cmk_channel_bulk_wait_until(&pair.end[0], 128, 0));
    must(cmk_channel_bulk_send_until(&pair.end[0], 2, 0) == CMK_CHANNEL_OK);
    pair_close(&pair);
}
END_TEST

START_TEST(any)
{
    pair_open(&pair, 4, 0, _i);
    struct cmk_channel_end *ends[1] = {&pair.end[1]};
    must(cmk_channel_wait_any_until(ends, 1, 0, 0) == 1);
    must(cmk_channel_wait_any_until(ends, 1, 0, SOON) == 1);
    must(pair.end[1].nap % 2 == 0);
    must(cmk_channel_try_send(&pair.end[0], 9, NULL, 0) == CMK_CHANNEL_OK);
    must(cmk_channel_wait_any_until(ends, 1, 0, 0) == 0);
    pair_close(&pair);
}
END_TEST

enum { MESSAGES = 3000 };

static _Atomic uint64_t late;

/* Each message after the receiver has given up once more, while it waits again or is about to. */
static void *send_after_late(void *argument)
{
    struct cmk_channel_end *end = argument;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        while (late <= i) {
            sched_yield();
        }
        while (cmk_channel_send_until(end, i, NULL, 0, cmk_now() + 10000) ==
               CMK_CHANNEL_TIMED_OUT) {}
    }
    return NULL;
}

/* A receiver that gives up and comes back all the time gets every message, in order. */
START_TEST(two_threads)
{
    pthread_t thread;
    pair_open(&pair, 2, 0, true);
    pthread_create(&thread, NULL, send_after_late, &pair.end[0]);
    for (uint64_t i = 0; i < MESSAGES;) {
        enum cmk_channel_error error =
            cmk_channel_receive_until(&pair.end[1], &message, NULL, 0, cmk_now() + 5000);
        if (error == CMK_CHANNEL_TIMED_OUT) {
            late++;
            continue;
        }
        must(error == CMK_CHANNEL_OK && message.tag == i);
        i++;
    }
    pthread_join(thread, NULL);
    must(late >= MESSAGES);
    pair_close(&pair);
}
END_TEST

Suite *until_suite(void)
{
    Suite *suite = suite_create("until");
    TCase *cases = tcase_create("until");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, receive, 0, 2);
    tcase_add_loop_test(cases, send, 0, 2);
    tcase_add_test(cases, call);
    tcase_add_loop_test(cases, bulk, 0, 2);
    tcase_add_loop_test(cases, any, 0, 2);
    tcase_add_test(cases, two_threads);
    suite_add_tcase(suite, cases);
    return suite;
}
