/* The clock: many timers, threads that sleep, and how late they are. */
#include "timers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TIMERS = 64, SLEEPERS = 8, NAPS = 10, ROUNDS = 200, INTERVALS = 25, MOST_LATE = 4000 };

void test_units(void)
{
    uint64_t second = cmk_from_nanoseconds(1000000000);
    check(second == cluster->tsc_khz * 1000 && cmk_to_nanoseconds(second) == 1000000000,
          "a-second-is-what-boot-measured");
    check(cmk_from_nanoseconds(~0ul) > second && cmk_moment_in(~0ul) >= cmk_now() &&
              cmk_from_nanoseconds(0) == 0 && cmk_from_nanoseconds(1) >= 1,
          "units-do-not-wrap-and-are-rounded-up");
}

void test_without_clock(void)
{
    uint64_t moment = cmk_moment_in(3000000);
    cmk_sleep_until(moment);
    check(!cmk_clock_runs() && cmk_now() >= moment, "without-a-clock-sleeping-is-looking");
}

/* In all orders; every second one is stopped before its moment. */
void test_many_timers(void)
{
    static struct cmk_timer timers[TIMERS];
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    uint64_t base = cmk_moment_in(50000000), expected = 0, seen = 0;
    bool good = true, stopped = true;
    for (unsigned i = 0; i < TIMERS; i++) {
        cmk_timer_start(&timers[i], base + microseconds(i * 37 % TIMERS * 300), 0,
                        badged(notification, 1ul << i));
    }
    for (unsigned i = 0; i < TIMERS; i += 2) {
        stopped = stopped && cmk_timer_stop(&timers[i]) && !cmk_timer_stop(&timers[i]);
        expected |= 2ul << i;
    }
    check(stopped, "timers-that-wait-are-stopped");
    while (seen != expected) {
        seL4_Word badge = 0;
        seL4_Wait(notification, &badge);
        uint64_t now = cmk_now();
        for (unsigned i = 0; i < TIMERS; i++) {
            good = good && (!(badge >> i & 1) || now >= timers[i].moment);
        }
        good = good && (badge & seen) == 0 && (badge & ~expected) == 0;
        seen |= badge;
        if (!good) {
            break;
        }
    }
    check(good, "each-of-many-timers-signals-once-and-not-too-early");
    for (unsigned i = 0; i < TIMERS; i++) {
        good = good && !cmk_timer_stop(&timers[i]);
    }
    check(good, "no-timer-waits-any-more");
}

void test_interval(void)
{
    struct cmk_timer timer;
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    uint64_t start = cmk_now(), interval = microseconds(700);
    bool good = true;
    cmk_timer_start(&timer, start + interval, interval, notification);
    for (unsigned i = 1; i <= INTERVALS; i++) {
        seL4_Wait(notification, NULL);
        good = good && cmk_now() >= start + i * interval;
    }
    good = good && cmk_timer_stop(&timer) && (timer.moment - start) % interval == 0;
    check(good, "a-timer-with-an-interval-keeps-its-grid");
}

static atomic_uint awake, early;

static void sleep_now_and_then(void *argument)
{
    uint64_t number = (uint64_t)argument;
    for (unsigned i = 0; i < NAPS; i++) {
        uint64_t moment = cmk_moment_in(100000 * (number * 7 % 5) + 300000 * i);
        cmk_sleep_until(moment);
        early += cmk_now() < moment;
    }
    awake++;
}

/* Threads on all CPUs, less and more important than this one's equals. */
void test_sleepers(void)
{
    static struct cmk_thread threads[SLEEPERS];
    for (seL4_Word i = 0; i < SLEEPERS; i++) {
        if (!cmk_create_thread(&threads[i], i % cpus, 100 + i, sleep_now_and_then, (void *)i)) {
            exit(2);
        }
    }
    while (awake < SLEEPERS) {
        cmk_sleep(1000000);
    }
    check(early == 0, "threads-sleep-as-long-as-they-want");
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

void measure_clock(void)
{
    static uint64_t late[ROUNDS];
    if (!cmk_clock_start(0, 255)) {
        exit(2);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t moment = cmk_now() + microseconds(50 + i * 37 % 3000);
        cmk_sleep_until(moment);
        late[i] = cmk_now() - moment;
    }
    qsort(late, ROUNDS, sizeof(late[0]), compare);
    printf("cmk_sleep_until returns %lu to %lu units late, median %lu\n", late[0], late[ROUNDS - 1],
           late[ROUNDS / 2]);
    check(late[ROUNDS - 1] < MOST_LATE, "precision-of-the-clock");
}
