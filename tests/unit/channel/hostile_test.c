/*
 * A peer that writes random bytes: between the steps of one thread, and from a thread of its own at
 * any moment. The library answers with errors, or with messages that are as long as they say; the
 * sanitizers see the rest. CMK_HOSTILE_RUNS=N in the environment runs each part N times, with other
 * random numbers, instead of 4, 1 and 1 times.
 */
#include "pair.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 20000 /* each broken sooner or later */
#define STEPS    60

static struct pair pair;
static uint64_t seed;

/* Random words anywhere, or values that are nearly right where they hurt most. */
static void scribble(void)
{
    uint64_t random = next_random(&seed);
    _Atomic uint64_t *words = pair.memory;
    size_t count = pair.bytes / sizeof(uint64_t);
    size_t at = next_random(&seed) % count;
    switch (random % 8) {
    case 0:
        atomic_store(&words[at], next_random(&seed));
        break;
    case 1: /* a correct header with any length and kind, where the next message is expected */
        at = 32 + (pair.end[1].received & (pair.end[1].geometry.lines - 1)) * 8;
        atomic_store(&words[at], (uint32_t)(pair.end[1].received + 1) |
                                     (next_random(&seed) % 3000) << 32 |
                                     (next_random(&seed) % 6) << 56);
        break;
    case 2: /* a bulk message with a nearly correct reference */
        at = 32 + (pair.end[1].received & (pair.end[1].geometry.lines - 1)) * 8;
        atomic_store(&words[at + 2], pair.end[1].bulk_received + next_random(&seed) % 3 * 64 - 64);
        atomic_store(&words[at + 3], next_random(&seed) % 300);
        atomic_store(&words[at],
                     (uint32_t)(pair.end[1].received + 1) | 16ul << 32 | (uint64_t)CMK_BULK << 56);
        break;
    case 3: /* positions near the correct ones */
        atomic_store(&words[0], pair.end[1].sent + next_random(&seed) % 5 - 3);
        atomic_store(&words[1], pair.end[1].bulk_sent + next_random(&seed) % 5 * 64 - 128);
        break;
    default:
        break;
    }
}

/*
 * One step of the end that is attacked, side 1. Memory of exactly the size given, so that one byte
 * more is seen.
 */
static void step(void)
{
    struct cmk_message message;
    size_t capacity = next_random(&seed) % 300;
    unsigned char *buffer = malloc(capacity + 1);
    size_t length = 0;
    enum cmk_channel_error error = CMK_CHANNEL_OK;
    switch (next_random(&seed) % 5) {
    case 0:
        memset(buffer, 1, capacity);
        error = cmk_channel_try_send(&pair.end[1], 1, buffer, capacity);
        break;
    case 1:
    case 2:
        error = cmk_channel_try_receive(&pair.end[1], &message, buffer, capacity);
        if (error == CMK_CHANNEL_OK && message.kind == CMK_BULK) {
            error = cmk_channel_bulk_copy(&pair.end[1], &message, buffer, capacity);
        }
        must(error != CMK_CHANNEL_OK || message.length <= capacity);
        break;
    case 3:
        if (cmk_channel_bulk_reserve(&pair.end[1], capacity) &&
            pair.end[1].sent - pair.end[1].sent_taken < 3) {
            memset(cmk_channel_bulk_reserve(&pair.end[1], capacity), 2, capacity);
            error = cmk_channel_bulk_send(&pair.end[1], 3);
        }
        break;
    case 4:
        if (pair.end[1].sent - pair.end[1].sent_taken < 3 &&
            cmk_channel_state(&pair.end[1]) == CMK_CHANNEL_BROKEN) {
            error = cmk_channel_call(&pair.end[1], buffer, 0, buffer, capacity, &length);
            must(error == CMK_CHANNEL_BROKEN);
        }
        break;
    }
    must(error <= CMK_CHANNEL_DEAD);
    free(buffer);
}

START_TEST(between_steps)
{
    unsigned broken = 0;
    seed = 0x1234567 + (uint64_t)_i;
    for (unsigned i = 0; i < CHANNELS / 4; i++) {
        pair_open(&pair, 4u << next_random(&seed) % 3, 512, false);
        for (unsigned j = 0; j < STEPS; j++) {
            scribble();
            step();
        }
        broken += cmk_channel_state(&pair.end[1]) == CMK_CHANNEL_BROKEN;
        pair_close(&pair);
    }
    must(broken > CHANNELS / 16);
}
END_TEST

/*
 * Waiting calls, with the mischief between two looks: they end, because sooner or later the channel
 * breaks.
 */
START_TEST(between_looks)
{
    seed = 0xabcdef + (uint64_t)_i;
    for (unsigned i = 0; i < CHANNELS / 4; i++) {
        unsigned char reply[64], data[100] = {0};
        size_t length;
        pair_open(&pair, 4, 512, false);
        pair_between_looks = scribble;
        enum cmk_channel_error error = CMK_CHANNEL_OK;
        while (error == CMK_CHANNEL_OK) {
            error = cmk_channel_send(&pair.end[1], 0, data, sizeof(data));
            error = error ? error
                          : cmk_channel_call(&pair.end[1], data, 9, reply, sizeof(reply), &length);
        }
        must(error == CMK_CHANNEL_BROKEN || error == CMK_CHANNEL_UNEXPECTED ||
             error == CMK_CHANNEL_TOO_LONG);
        pair_close(&pair);
    }
}
END_TEST

static atomic_bool stop;

static void *scribble_all_the_time(void *argument)
{
    uint64_t own = (uint64_t)(uintptr_t)argument;
    _Atomic uint64_t *words = pair.memory;
    while (!atomic_load(&stop)) {
        uint64_t random = next_random(&own);
        size_t at = random % (pair.bytes / sizeof(uint64_t));
        uint64_t value = next_random(&own) % 4
                             ? (uint32_t)next_random(&own) % 64 | (next_random(&own) % 400) << 32 |
                                   (next_random(&own) % 6) << 56
                             : next_random(&own);
        atomic_store_explicit(&words[at], value, memory_order_relaxed);
    }
    return NULL;
}

START_TEST(at_any_moment)
{
    seed = 99 + (uint64_t)_i;
    for (unsigned i = 0; i < 300; i++) {
        pthread_t thread;
        pair_open(&pair, 8, 512, false);
        atomic_store(&stop, false);
        pthread_create(&thread, NULL, scribble_all_the_time,
                       (void *)((uintptr_t)_i << 16 | (i + 1)));
        for (unsigned j = 0; j < 200; j++) {
            step();
        }
        atomic_store(&stop, true);
        pthread_join(thread, NULL);
        pair_close(&pair);
    }
}
END_TEST

Suite *hostile_suite(void)
{
    Suite *suite = suite_create("hostile peer");
    TCase *cases = tcase_create("random bytes");
    tcase_set_timeout(cases, 120);
    const char *runs = getenv("CMK_HOSTILE_RUNS");
    tcase_add_loop_test(cases, between_steps, 0, runs ? atoi(runs) : 4);
    tcase_add_loop_test(cases, between_looks, 0, runs ? atoi(runs) : 1);
    tcase_add_loop_test(cases, at_any_moment, 0, runs ? atoi(runs) : 1);
    suite_add_tcase(suite, cases);
    return suite;
}
