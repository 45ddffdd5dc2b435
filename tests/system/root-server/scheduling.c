/*
 * Priorities and round robin to the letter, timed by the HPET's ticks; threads on the other CPUs.
 */
#include "server.h"

enum { THREADS = 3, TURNS = 9, MAX_CPUS = 8, LONG = 100 };

static struct thread threads[MAX_CPUS];

/* --- priorities --- */

static volatile word_t counts[MAX_CPUS];

static void count(void *argument)
{
    for (;;) {
        counts[(word_t)argument]++;
    }
}

/* Of three threads the highest has the CPU for itself, whatever ticks come; then the next. */
void test_priorities(void)
{
    if (!wait_for_ticks(1)) {
        skip("no timer");
        return;
    }
    for (word_t i = 0; i < THREADS; i++) {
        make_thread(&threads[i], count, (void *)i, 100 + i, 0);
        start_thread(&threads[i]);
    }
    for (word_t highest = THREADS; highest-- > 0;) {
        word_t before[THREADS];
        for (unsigned i = 0; i < THREADS; i++) {
            before[i] = counts[i];
        }
        wait_for_ticks(20);
        for (unsigned i = 0; i < THREADS; i++) {
            CHECK(i == highest ? counts[i] > before[i] : counts[i] == before[i]);
        }
        stop_thread(&threads[highest]);
    }
}

/* --- round robin --- */

static struct {
    volatile word_t running;
    volatile word_t length;
    volatile uint8_t who[TURNS + 1];
} turns;

static void take_turns(void *argument)
{
    word_t self = (word_t)argument;
    for (;;) {
        if (__atomic_exchange_n(&turns.running, self, __ATOMIC_RELAXED) != self &&
            turns.length < TURNS) {
            turns.who[turns.length++] = (uint8_t)self;
        }
    }
}

/*
 * Resumed threads go to the head of their queue, so the one that is resumed last runs first.
 * Afterwards it is the same order for ever, although this thread interrupts at every tick of the
 * HPET: that costs nobody its turn.
 */
static bool is_in_order(void)
{
    for (word_t i = 0; i < TURNS; i++) {
        if (turns.who[i] != THREADS - 1 - i % THREADS) {
            return false;
        }
    }
    return turns.length == TURNS;
}

static bool go_round(void)
{
    turns.running = THREADS;
    turns.length = 0;
    for (word_t i = 0; i < THREADS; i++) {
        make_thread(&threads[i], take_turns, (void *)i, 100, 0);
        start_thread(&threads[i]);
    }
    for (unsigned i = 0; i < LONG && turns.length < TURNS && wait_for_ticks(5); i++) {}
    for (unsigned i = 0; i < THREADS; i++) {
        stop_thread(&threads[i]);
    }
    return is_in_order();
}

/*
 * An emulator that had to wait delivers ticks in bunches, and a turn can be over before it began:
 * hence more tries.
 */
void test_round_robin(void)
{
    enum { TRIES = 10 };
    bool in_order = false;
    if (!wait_for_ticks(1)) {
        skip("no timer");
        return;
    }
    for (unsigned i = 0; i < TRIES && !in_order; i++) {
        in_order = go_round();
    }
    CHECK(in_order);
}

/* --- other CPUs --- */

struct caller {
    word_t endpoint, cpu;
};

static void count_and_call(void *argument)
{
    const struct caller *caller = argument;
    for (;;) {
        counts[caller->cpu]++;
        struct message message = {.badge = caller->endpoint,
                                  .info = make_info(0, 0, 2),
                                  .mr = {caller->cpu, counts[caller->cpu]}};
        trap(CALL, &message);
    }
}

/*
 * Each other CPU has a thread that calls this one; each call is answered; a suspended thread calls
 * no more.
 */
void test_other_cpus(void)
{
    static struct caller callers[MAX_CPUS];
    word_t cpus = boot_info->node_count < MAX_CPUS ? boot_info->node_count : MAX_CPUS;
    word_t endpoint = new_object(ENDPOINT, 0), calls[MAX_CPUS] = {0};
    if (cpus == 1) {
        skip("one CPU");
        return;
    }
    for (word_t i = 1; i < cpus; i++) {
        callers[i] = (struct caller){endpoint, i};
        counts[i] = 0;
        make_thread(&threads[i], count_and_call, &callers[i], 100, 0);
        CHECK(set_affinity(&threads[i], i));
        start_thread(&threads[i]);
    }
    CHECK(!set_affinity(&threads[1], boot_info->node_count));
    struct message message = {.badge = endpoint};
    trap(RECV, &message);
    for (unsigned i = 0; i < LONG; i++) {
        word_t cpu = message.mr[0];
        CHECK(cpu >= 1 && cpu < cpus);
        CHECK_EQUAL(message.mr[1], ++calls[cpu % MAX_CPUS]);
        message = (struct message){.badge = endpoint, .info = 0};
        trap(REPLY_RECV, &message);
    }
    for (word_t i = 1; i < cpus; i++) {
        CHECK(calls[i] > 0);
        stop_thread(&threads[i]);
    }
    message = (struct message){.badge = endpoint, .info = 0};
    trap(NB_RECV, &message);
    CHECK_EQUAL(message.badge, 0);
}
