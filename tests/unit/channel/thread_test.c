/*
 * Two threads that race, and sleep on each other. A lost wake-up shows as a test that takes too
 * long.
 */
#include "pair.h"

#include <string.h>

#define MESSAGES 20000

static struct pair pair;

static size_t length_of(uint64_t number)
{
    return number * 37 % 150;
}

static void *send_numbers(void *argument)
{
    unsigned char data[150];
    for (uint64_t i = 0; i < MESSAGES; i++) {
        memset(data, (int)(i & 0xff), sizeof(data));
        must(cmk_channel_send(argument, i, data, length_of(i)) == CMK_CHANNEL_OK);
    }
    return NULL;
}

static void receive_numbers(struct cmk_channel_end *end)
{
    unsigned char data[150];
    struct cmk_message message;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        must(cmk_channel_receive(end, &message, data, sizeof(data)) == CMK_CHANNEL_OK);
        must(message.tag == i);
        must(message.length == length_of(i));
        for (size_t j = 0; j < message.length; j++) {
            must(data[j] == (i & 0xff));
        }
    }
}

static void run_numbers(uint32_t lines)
{
    pthread_t thread;
    pair_open(&pair, lines, 0, true);
    pthread_create(&thread, NULL, send_numbers, &pair.end[0]);
    receive_numbers(&pair.end[1]);
    pthread_join(thread, NULL);
    must(pair.end[0].naps + pair.end[1].naps > 0);
    pair_close(&pair);
}

START_TEST(numbers_in_a_small_ring)
{
    run_numbers(4);
}
END_TEST

START_TEST(numbers_in_a_large_ring)
{
    run_numbers(256);
}
END_TEST

static void *answer(void *argument)
{
    struct cmk_channel_end *end = argument;
    struct cmk_message message;
    uint64_t value;
    for (;;) {
        enum cmk_channel_error error = cmk_channel_receive(end, &message, &value, sizeof(value));
        if (error == CMK_CHANNEL_DEAD) {
            return NULL;
        }
        must(error == CMK_CHANNEL_OK);
        must(message.kind == CMK_REQUEST);
        value *= 2;
        error = cmk_channel_reply(end, &message, &value, sizeof(value));
        must(error == CMK_CHANNEL_OK || error == CMK_CHANNEL_DEAD);
    }
}

/* Also shows that a sleeper wakes up when its peer's node ends. */
START_TEST(calls)
{
    pthread_t thread;
    pair_open(&pair, 2, 0, true);
    pthread_create(&thread, NULL, answer, &pair.end[1]);
    for (uint64_t i = 0; i < MESSAGES / 2; i++) {
        uint64_t reply;
        size_t length;
        must(cmk_channel_call(&pair.end[0], &i, sizeof(i), &reply, sizeof(reply), &length) ==
             CMK_CHANNEL_OK);
        must(reply == 2 * i);
        must(length == sizeof(reply));
    }
    pair_end_node(&pair, 0, CMK_STATUS_EXITED);
    pthread_join(thread, NULL);
    pair_close(&pair);
}
END_TEST

static void *send_bulk(void *argument)
{
    struct cmk_channel_end *end = argument;
    for (uint64_t i = 0; i < MESSAGES / 4; i++) {
        size_t length = 1 + i * 91 % 500;
        void *room = cmk_channel_bulk_wait(end, length);
        must(room);
        memset(room, (int)(i & 0xff), length);
        must(cmk_channel_bulk_send(end, i) == CMK_CHANNEL_OK);
    }
    return NULL;
}

START_TEST(bulk)
{
    pthread_t thread;
    unsigned char data[500];
    struct cmk_message message;
    pair_open(&pair, 4, 1024, true);
    pthread_create(&thread, NULL, send_bulk, &pair.end[0]);
    for (uint64_t i = 0; i < MESSAGES / 4; i++) {
        must(cmk_channel_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_OK);
        must(message.tag == i);
        must(cmk_channel_bulk_copy(&pair.end[1], &message, data, sizeof(data)) == CMK_CHANNEL_OK);
        for (size_t j = 0; j < message.length; j++) {
            must(data[j] == (i & 0xff));
        }
    }
    pthread_join(thread, NULL);
    pair_close(&pair);
}
END_TEST

/* Two channels on one doorbell. */
static struct pair other_pair;

static void *send_on_both(void *argument)
{
    (void)argument;
    for (uint64_t i = 0; i < MESSAGES / 2; i++) {
        struct pair *to = i % 3 == 0 ? &other_pair : &pair;
        must(cmk_channel_send(&to->end[0], i, NULL, 0) == CMK_CHANNEL_OK);
    }
    return NULL;
}

START_TEST(two_on_one_doorbell)
{
    pthread_t thread;
    struct cmk_message message;
    pair_open(&other_pair, 4, 0, true);
    pair_open(&pair, 4, 0, true);
    struct cmk_channel_end *ends[2] = {&pair.end[1], &other_pair.end[1]};
    uint64_t expected[2] = {1, 0};
    size_t last = 0;
    pthread_create(&thread, NULL, send_on_both, NULL);
    for (uint64_t i = 0; i < MESSAGES / 2; i++) {
        last = cmk_channel_wait_any(ends, 2, last);
        must(cmk_channel_try_receive(ends[last], &message, NULL, 0) == CMK_CHANNEL_OK);
        must(message.tag == expected[last]);
        expected[last] += last == 1 ? 3 : expected[0] % 3 == 2 ? 2 : 1;
    }
    pthread_join(thread, NULL);
    pair_close(&other_pair);
    pair_close(&pair);
}
END_TEST

Suite *thread_suite(void)
{
    Suite *suite = suite_create("threads");
    TCase *cases = tcase_create("two threads");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, numbers_in_a_small_ring);
    tcase_add_test(cases, numbers_in_a_large_ring);
    tcase_add_test(cases, calls);
    tcase_add_test(cases, bulk);
    tcase_add_test(cases, two_on_one_doorbell);
    suite_add_tcase(suite, cases);
    return suite;
}
