/*
 * Unit tests of the queue of timers (user/runtime/timer_queue.c) against a sorted array: random
 * timers are added, taken out from anywhere, and taken from the front in their order. From the top
 * of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra \
 *       -Werror -Ilibsel4/include -Iuser/runtime -idirafter user/runtime/include \
 *       -idirafter include tests/unit/clock/main.c user/runtime/timer_queue.c \
 *       -o build/unit/clock $(pkg-config --cflags --libs check)
 */
#include "../host/random.h"
#include "timer_queue.h"

#include <check.h>
#include <stdlib.h>

enum { TIMERS = 300, STEPS = 100000 };

static struct cmk_timer timers[TIMERS];
static struct timer_queue queue;

static uint64_t smallest_moment(void)
{
    uint64_t smallest = CMK_TIMER_NEVER;
    for (unsigned i = 0; i < TIMERS; i++) {
        smallest = timers[i].waits && timers[i].moment < smallest ? timers[i].moment : smallest;
    }
    return smallest;
}

START_TEST(random_timers)
{
    uint64_t seed = (uint64_t)_i + 1;
    unsigned waiting = 0, taken_out = 0, most = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t random = next_random(&seed);
        struct cmk_timer *timer = &timers[random % TIMERS];
        /* Phases that mostly add, and such that mostly take. */
        bool adds = random >> 32 & (step / 5000 % 2 ? 3 : 1);
        if (timer->waits) {
            timer_queue_remove(&queue, timer);
            waiting--;
            taken_out++;
        } else if (adds) {
            timer->moment = random >> 40 & 0xff; /* many are equal */
            timer_queue_add(&queue, timer);
            waiting++;
        } else if (queue.first) {
            timer_queue_remove(&queue, queue.first);
            waiting--;
        }
        most = waiting > most ? waiting : most;
        if (queue.first ? !queue.first->waits || queue.first->moment != smallest_moment()
                        : waiting != 0) {
            ck_abort_msg("step %u", step);
        }
    }
    ck_assert_uint_gt(most, TIMERS / 3);
    ck_assert_uint_gt(taken_out, STEPS / 10);
    uint64_t last = 0;
    for (; queue.first; waiting--) {
        ck_assert_uint_ge(queue.first->moment, last);
        last = queue.first->moment;
        timer_queue_remove(&queue, queue.first);
    }
    ck_assert_uint_eq(waiting, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *cases = tcase_create("queue");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, random_timers, 0, 4);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
