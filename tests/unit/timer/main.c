/*
 * Unit tests of the CPUs' timers (arch/x86/machine/timer.c), on a local APIC of C whose timer may
 * be faster or slower than it was measured: ticks on their grid, what is armed, here and from
 * another CPU, idle CPUs, both modes of the timer. From the top of the tree:
 *
 *   gcc -std=gnu11 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/timer/include \
 *       -Itests/unit/host/include -Iinclude -Iarch/x86/include -Iarch/x86/internal \
 *       -fsanitize=address,undefined -fno-sanitize-recover=undefined tests/unit/timer/main.c \
 *       arch/x86/machine/timer.c tests/unit/host/fail.c kernel/format.c \
 *       -o build/unit/timer $(pkg-config --cflags --libs check)
 */
#include <arch/timer.h>
#include <x86/apic.h>
#include <x86/timer.h>
#include <cluster/record.h>
#include <check.h>
#include <stdlib.h>

enum { CPUS = 2, KHZ = 2000000, RATE = 62500, PERIOD = KHZ * ABI_TICK_MILLISECONDS };

static struct cpu cpus[CPUS];
struct cpu *this_cpu = &cpus[0];
struct global_state global_state;

/* Each CPU's time stamp counter and timer. `rate`: counts in a millisecond, in truth. */
static uint64_t now;
static uint64_t rate;
static uint64_t expires[CPUS]; /* TIMER_NEVER: it does not count */
static bool has_deadline[CPUS];
static unsigned programmed[CPUS], ipis[CPUS], interrupts[CPUS], ticks[CPUS], delivered[CPUS];
static uint64_t last_tick[CPUS], last_delivery[CPUS];

uint64_t read_tsc(void)
{
    return now;
}

void apic_timer_begin(bool tsc_deadline)
{
    has_deadline[this_cpu->index] = tsc_deadline;
    expires[this_cpu->index] = TIMER_NEVER;
}

void apic_timer_set_count(uint32_t count)
{
    ck_assert(!has_deadline[this_cpu->index]);
    programmed[this_cpu->index]++;
    expires[this_cpu->index] = count == 0 ? TIMER_NEVER : now + count * (uint64_t)KHZ / rate;
}

void apic_timer_set_deadline(uint64_t tsc)
{
    ck_assert(has_deadline[this_cpu->index]);
    programmed[this_cpu->index]++;
    expires[this_cpu->index] = tsc == 0 ? TIMER_NEVER : MAX(tsc, now);
}

void apic_send(uint32_t id, uint8_t vector)
{
    ck_assert_uint_eq(vector, VECTOR_DOOR);
    ipis[id]++;
}

static void setup(void)
{
    global_state.tsc_khz = KHZ;
    global_state.apic_ticks_per_millisecond = RATE;
    rate = RATE;
    now = 12345;
    for (uint32_t i = 0; i < CPUS; i++) {
        cpus[i] = (struct cpu){.index = i};
        cpus[i].arch.apic_id = i;
        programmed[i] = ipis[i] = interrupts[i] = ticks[i] = delivered[i] = 0;
        this_cpu = &cpus[i];
        timer_start(&cpus[i]);
    }
    this_cpu = &cpus[0];
}

/* As interrupt_dispatch() does it. `idle`: nothing is ready, so ticks stop. */
static void interrupt(unsigned cpu, bool idle)
{
    struct cpu *earlier = this_cpu;
    this_cpu = &cpus[cpu];
    interrupts[cpu]++;
    expires[cpu] = TIMER_NEVER;
    if (cpus[cpu].arch.timer.ticks_stopped) {
        timer_resume_ticks(&cpus[cpu]);
    }
    struct timer_due due = timer_take_due(&cpus[cpu]);
    if (due.armed) {
        delivered[cpu]++;
        last_delivery[cpu] = now;
    }
    if (due.tick) {
        ticks[cpu]++;
        last_tick[cpu] = now;
        cpus[cpu].arch.timer.ticks_stopped = idle;
    }
    timer_go_on(&cpus[cpu]);
    this_cpu = earlier;
}

/* Lets the time pass, with every interrupt that comes. */
static void run_until(uint64_t moment, bool idle)
{
    for (;;) {
        unsigned first = expires[0] <= expires[1] ? 0 : 1;
        if (expires[first] > moment) {
            break;
        }
        now = MAX(now, expires[first]);
        interrupt(first, idle);
    }
    now = MAX(now, moment);
}

START_TEST(ticks_keep_their_grid)
{
    uint64_t start = now;
    global_state.features.tsc_deadline = _i;
    setup();
    for (unsigned i = 1; i <= 1000; i++) {
        run_until(start + i * (uint64_t)PERIOD + PERIOD / 2, false);
        ck_assert_uint_eq(ticks[0], i);
        ck_assert_uint_lt((last_tick[0] - start) % PERIOD, KHZ / RATE + 1);
    }
    ck_assert_uint_eq(interrupts[0], 1000); /* none came too early, none twice */
}
END_TEST

/* A timer that is faster than it was measured interrupts early: nothing is due, it waits again. */
START_TEST(faster_and_slower_timers)
{
    rate = RATE + RATE / 100 * _i;
    uint64_t start = now;
    run_until(start + 1000 * (uint64_t)PERIOD + PERIOD / 2, false);
    ck_assert_uint_eq(ticks[0], 1000);
    ck_assert_uint_le(interrupts[0], 5000);
    timer_arm(&cpus[0], now + 12345678);
    uint64_t moment = now + 12345678;
    run_until(now + 3 * 12345678, false);
    ck_assert_uint_eq(delivered[0], 1);
    ck_assert_uint_ge(last_delivery[0], moment);
    ck_assert_uint_le(last_delivery[0] - moment, PERIOD / 10);
}
END_TEST

/* Interrupts that were off for long: what was missed counts once, and the grid stays. */
START_TEST(missed_ticks_count_once)
{
    uint64_t start = now;
    now += 10 * (uint64_t)PERIOD + PERIOD / 3;
    run_until(now, false);
    ck_assert_uint_eq(ticks[0], 1);
    run_until(start + 11 * (uint64_t)PERIOD + 100, false);
    ck_assert_uint_eq(ticks[0], 2);
    ck_assert_uint_lt(last_tick[0] - (start + 11 * (uint64_t)PERIOD), 100);
}
END_TEST

START_TEST(one_interrupt_for_one_arming)
{
    global_state.features.tsc_deadline = _i;
    setup();
    uint64_t moment = now + PERIOD / 4;
    timer_arm(&cpus[0], moment);
    run_until(moment - 1, false);
    ck_assert_uint_eq(delivered[0], 0);
    run_until(now + 5 * (uint64_t)PERIOD, false);
    ck_assert_uint_eq(delivered[0], 1);
    ck_assert_uint_lt(last_delivery[0] - moment, 100);
    ck_assert_uint_eq(delivered[1], 0);
    ck_assert_uint_eq(ticks[0], 5);
}
END_TEST

/* Past moments, 0 among them, at once; the last arming counts; never ends it. */
START_TEST(past_again_and_never)
{
    global_state.features.tsc_deadline = _i;
    setup();
    static const uint64_t past[] = {0, 1, 12344, 12345};
    for (unsigned i = 0; i < ARRAY_LENGTH(past); i++) {
        timer_arm(&cpus[0], past[i]);
        run_until(now + 100, false);
        ck_assert_uint_eq(delivered[0], i + 1);
    }
    unsigned before = delivered[0];
    timer_arm(&cpus[0], now + 1000);
    timer_arm(&cpus[0], now + 500000);
    run_until(now + 499000, false);
    ck_assert_uint_eq(delivered[0], before);
    run_until(now + 2000, false);
    ck_assert_uint_eq(delivered[0], before + 1);
    timer_arm(&cpus[0], now + 1000);
    timer_arm(&cpus[0], TIMER_NEVER);
    run_until(now + 10 * (uint64_t)PERIOD, false);
    ck_assert_uint_eq(delivered[0], before + 1);
}
END_TEST

/* Ticks of idle CPUs stop; what is armed comes all the same, if further away than it can count. */
START_TEST(idle)
{
    global_state.features.tsc_deadline = _i;
    setup();
    run_until(now + PERIOD + 1000, true);
    ck_assert(cpus[0].arch.timer.ticks_stopped);
    unsigned before = interrupts[0];
    run_until(now + 1000 * (uint64_t)PERIOD, true);
    ck_assert_uint_eq(interrupts[0], before);
    ck_assert_uint_eq(expires[0], TIMER_NEVER);

    uint64_t moment = now + 300ull * 1000 * KHZ; /* five minutes; it counts for 68 seconds */
    timer_arm(&cpus[0], moment);
    run_until(moment + 100, true);
    ck_assert_uint_eq(delivered[0], 1);
    ck_assert_uint_lt(last_delivery[0] - moment, 100);
    ck_assert_uint_lt(interrupts[0] - before, 40);
    ck_assert(!_i || interrupts[0] - before <= 3); /* a tick more, which stops */
}
END_TEST

/* After a rest ticks come when they would have come. */
START_TEST(ticks_resume_on_the_grid)
{
    uint64_t start = now;
    run_until(now + PERIOD + 1000, true);
    now += 5 * (uint64_t)PERIOD;
    timer_resume_ticks(&cpus[0]);
    run_until(start + 7 * (uint64_t)PERIOD + 1000, false);
    ck_assert_uint_eq(ticks[0], 2);
    ck_assert_uint_lt(last_tick[0] - (start + 7 * (uint64_t)PERIOD), 100);
}
END_TEST

/* Another CPU's timer is that CPU's to program: it gets an IPI if it must look before it would. */
START_TEST(from_another_cpu)
{
    unsigned before = programmed[1];
    timer_arm(&cpus[1], now + PERIOD / 2);
    ck_assert_uint_eq(ipis[1], 1);
    ck_assert(cpus[1].arch.timer.changed);
    ck_assert_uint_eq(programmed[1], before);
    this_cpu = &cpus[1];
    timer_go_on(&cpus[1]);
    this_cpu = &cpus[0];
    ck_assert(!cpus[1].arch.timer.changed);
    uint64_t moment = now + PERIOD / 2;
    run_until(now + PERIOD, false);
    ck_assert_uint_eq(delivered[1], 1);
    ck_assert_uint_lt(last_delivery[1] - moment, 100);

    timer_arm(&cpus[1], now + 3 * (uint64_t)PERIOD); /* a tick comes before */
    timer_arm(&cpus[1], TIMER_NEVER);
    ck_assert_uint_eq(ipis[1], 1);
    run_until(now + 5 * (uint64_t)PERIOD, false);
    ck_assert_uint_eq(delivered[1], 1);
}
END_TEST

/* Random armings by both CPUs: each that was not replaced comes, once, and never early. */
START_TEST(random_armings)
{
    enum { STEPS = 20000 };
    uint64_t state = (uint64_t)_i + 1;
    unsigned compared = 0;
    global_state.features.tsc_deadline = _i % 2;
    setup();
    rate = RATE + (uint64_t)_i * 100;
    uint64_t armed[CPUS] = {TIMER_NEVER, TIMER_NEVER};
    for (unsigned step = 0; step < STEPS; step++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        unsigned by = state >> 40 & 1, target = state >> 41 & 1;
        this_cpu = &cpus[by];
        armed[target] = now + (state >> 42) % (state >> 63 ? 3 * PERIOD : 3000);
        timer_arm(&cpus[target], armed[target]);
        for (unsigned cpu = 0; cpu < CPUS; cpu++) {
            if (cpus[cpu].arch.timer.changed) { /* the IPI comes */
                ck_assert_uint_gt(ipis[cpu], 0);
                ipis[cpu] = 0;
                this_cpu = &cpus[cpu];
                timer_go_on(&cpus[cpu]);
            }
        }
        unsigned before[CPUS] = {delivered[0], delivered[1]};
        run_until(now + (state >> 13) % PERIOD, state >> 5 & 1);
        for (unsigned cpu = 0; cpu < CPUS; cpu++) {
            unsigned came = delivered[cpu] - before[cpu];
            if (came > (armed[cpu] <= now) || (came && last_delivery[cpu] < armed[cpu]) ||
                (!came && armed[cpu] != TIMER_NEVER && armed[cpu] + PERIOD / 10 < now)) {
                ck_abort_msg("step %u, CPU %u", step, cpu);
            }
            compared += came;
            armed[cpu] = came ? TIMER_NEVER : armed[cpu];
        }
    }
    ck_assert_uint_gt(compared, STEPS / 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timer");
    TCase *tcase = tcase_create("timer");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, ticks_keep_their_grid, 0, 2);
    tcase_add_loop_test(tcase, faster_and_slower_timers, -2, 3);
    tcase_add_test(tcase, missed_ticks_count_once);
    tcase_add_loop_test(tcase, one_interrupt_for_one_arming, 0, 2);
    tcase_add_loop_test(tcase, past_again_and_never, 0, 2);
    tcase_add_loop_test(tcase, idle, 0, 2);
    tcase_add_test(tcase, ticks_resume_on_the_grid);
    tcase_add_test(tcase, from_another_cpu);
    tcase_add_loop_test(tcase, random_armings, 0, 8);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
