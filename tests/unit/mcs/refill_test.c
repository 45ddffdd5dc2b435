/*
 * Refills (kernel/refill.h) against a model that knows no lists: every tick of the budget is a
 * token, which has the moment from which it may be used. The model never computes with amounts; it
 * moves tokens, one by one.
 */
#include <kernel/refill.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"
#include "suites.h"

enum { TOKENS = 96, ROOM = REFILLS_MOST };

struct model {
    unsigned budget, period, most;
    uint64_t token[TOKENS]; /* ascending, no two the same */
};

/* Where the run of tokens without a gap that begins with `from` ends. */
static unsigned end_of_run(const struct model *model, unsigned from)
{
    unsigned end = from + 1;
    while (end < model->budget && model->token[end] == model->token[end - 1] + 1) {
        end++;
    }
    return end;
}

static unsigned runs(const struct model *model)
{
    unsigned count = 0;
    for (unsigned from = 0; from < model->budget; from = end_of_run(model, from)) {
        count++;
    }
    return count;
}

/* Tokens `from` .. `end` - 1 wait until they directly precede token `end`. */
static void delay_until_next(struct model *model, unsigned from, unsigned end)
{
    for (unsigned i = from; i < end; i++) {
        model->token[i] = model->token[end] - (end - i);
    }
}

static void model_join_small(struct model *model)
{
    for (unsigned end; (end = end_of_run(model, 0)) < least_budget && end < model->budget;) {
        delay_until_next(model, 0, end);
    }
}

static void model_start(struct model *model, unsigned budget, unsigned period, unsigned extra,
                        uint64_t now)
{
    *model = (struct model){budget, period, MIN(extra + 2, (unsigned)REFILLS_MOST), {0}};
    for (unsigned i = 0; i < budget; i++) {
        model->token[i] = now + i;
    }
}

static void model_change(struct model *model, unsigned budget, unsigned period, unsigned extra,
                         uint64_t now)
{
    unsigned kept = MIN(end_of_run(model, 0), budget);
    uint64_t first = MAX(model->token[0], now);
    model_start(model, budget, period, extra, first);
    for (unsigned i = kept; i < budget; i++) {
        model->token[i] = first + period + (i - kept);
    }
    model_join_small(model);
}

static void model_charge(struct model *model, uint64_t used)
{
    for (; used != 0; used--) {
        uint64_t again = model->token[0] + model->period;
        again = MAX(again, model->token[model->budget - 1] + 1);
        memmove(model->token, model->token + 1, (model->budget - 1) * sizeof(model->token[0]));
        model->token[model->budget - 1] = again;
    }
    while (runs(model) > model->most) {
        unsigned last = 0, before = 0;
        for (unsigned from = 0; from < model->budget; from = end_of_run(model, from)) {
            before = last;
            last = from;
        }
        delay_until_next(model, before, last);
    }
    model_join_small(model);
}

static void model_advance(struct model *model, uint64_t now)
{
    if (model->token[0] <= now) {
        for (unsigned i = 0; i < model->budget; i++) {
            model->token[i] = MAX(model->token[i], now + i);
        }
    }
}

/* Both: what is tested, and what it should be. */
struct both {
    struct model model;
    struct refills refills;
    struct refill room[ROOM];
};

static const struct refill *refill_in(const struct refills *refills, unsigned place)
{
    return &refills->ring[(refills->head + place) % refills->most];
}

static void compare(const struct both *both)
{
    const struct refills *refills = &both->refills;
    unsigned token = 0;
    MUST(refills->count == runs(&both->model));
    for (unsigned place = 0; place < refills->count; place++) {
        for (unsigned i = 0; i < refill_in(refills, place)->amount; i++) {
            MUST(both->model.token[token++] == refill_in(refills, place)->time + i);
        }
    }
    MUST(token == refills->budget);
}

static void start(struct both *both, unsigned budget, unsigned period, unsigned extra, uint64_t now)
{
    memset(both->room, 0xa5, sizeof(both->room));
    model_start(&both->model, budget, period, extra, now);
    refills_start(&both->refills, budget, period, extra, now);
}

static void charge(struct both *both, uint64_t used)
{
    model_charge(&both->model, used);
    refills_charge(&both->refills, used);
    compare(both);
}

static void advance(struct both *both, uint64_t now)
{
    model_advance(&both->model, now);
    refills_advance(&both->refills, now);
    compare(both);
}

static void random_parameters(uint64_t *state, unsigned *budget, unsigned *period, unsigned *extra)
{
    *budget = (unsigned)least_budget + next_below(state, TOKENS - 10);
    *period = *budget + 1 + next_below(state, 200);
    *extra = next_below(state, 4) == 0 ? 300 : next_below(state, 6);
}

START_TEST(as_the_model)
{
    static struct both both;
    uint64_t state = random_start((unsigned)_i);
    unsigned budget, period, extra, longest = 0;
    uint64_t now = 1000;
    least_budget = 1 + (unsigned)_i % 7;
    random_parameters(&state, &budget, &period, &extra);
    start(&both, budget, period, extra, now);
    compare(&both);
    for (unsigned step = 0; step < 20000; step++) {
        switch (next_below(&state, 400)) {
        case 0:
            random_parameters(&state, &budget, &period, &extra);
            model_change(&both.model, budget, period, extra, now);
            refills_change(&both.refills, budget, period, extra, now);
            compare(&both);
            break;
        case 1:
            charge(&both, next_below(&state, 3 * TOKENS)); /* others kept the CPU for long */
            break;
        case 2:
            now += next_below(&state, 3 * period);
            break;
        case 3:
            model_charge(&both.model, end_of_run(&both.model, 0));
            refills_end_slice(&both.refills);
            compare(&both);
            break;
        case 4 ... 250:
            now += next_below(&state, 6);
            break;
        default:
            advance(&both, now);
            if (refill_is_due(&both.refills, now)) {
                unsigned used = next_below(&state, 5);
                now += used;
                charge(&both, used);
            }
        }
        longest = MAX(longest, (unsigned)both.refills.count);
    }
    ck_assert_uint_gt(longest, 2); /* lists were lists */
}
END_TEST

/* What a thread did at each tick; no stretch of a period may have more than a budget. */
enum { DEPTH = 5, HISTORY = 100 };
static unsigned searched;

static void check_windows(const bool ran[HISTORY], unsigned now, unsigned period, unsigned budget)
{
    unsigned inside = 0;
    for (unsigned tick = 0; tick < now; tick++) {
        inside += ran[tick];
        inside -= tick >= period ? ran[tick - period] : 0;
        if (inside > budget) {
            ck_abort_msg("%u of %u in %u ticks before %u", inside, budget, period, tick + 1);
        }
    }
}

/* Only what lists of few refills have. */
static void copy(struct both *to, const struct both *from)
{
    to->model = from->model;
    memcpy(&to->refills, &from->refills, sizeof(from->refills) + 4 * sizeof(from->room[0]));
}

/* All that can happen in DEPTH turns: it runs for 1 .. all ticks, or sleeps. */
static void search(const struct both *before, const bool ran[HISTORY], unsigned now, unsigned depth)
{
    check_windows(ran, now, before->model.period, before->model.budget);
    searched++;
    if (depth == DEPTH) {
        return;
    }
    static struct both both[DEPTH];
    static bool runs_now[DEPTH][HISTORY];
    struct both *next = &both[depth];
    static const unsigned sleeps[] = {1, 2, 5};
    for (unsigned i = 0; i < ARRAY_LENGTH(sleeps); i++) {
        copy(next, before);
        memcpy(runs_now[depth], ran, sizeof(runs_now[depth]));
        search(next, runs_now[depth], now + sleeps[i], depth + 1);
    }
    for (unsigned used = 1; used <= before->model.budget; used++) {
        copy(next, before);
        uint64_t waits = first_refill(&next->refills)->time;
        unsigned begin = (unsigned)MAX(waits, (uint64_t)now);
        advance(next, begin);
        if (used > first_refill(&next->refills)->amount) {
            break;
        }
        memcpy(runs_now[depth], ran, sizeof(runs_now[depth]));
        memset(&runs_now[depth][begin], true, used);
        charge(next, used);
        search(next, runs_now[depth], begin + used, depth + 1);
    }
}

START_TEST(never_more_than_the_budget)
{
    static struct both both;
    static const bool nothing[HISTORY];
    searched = 0;
    for (unsigned budget = 2; budget <= 5; budget++) {
        for (unsigned period = budget + 1; period <= budget + 4; period += 3) {
            for (unsigned least = 1; least <= 2; least++) {
                for (unsigned extra = 0; extra <= 1; extra++) {
                    least_budget = least;
                    start(&both, budget, period, extra, 0);
                    search(&both, nothing, 0, 0);
                }
            }
        }
    }
    ck_assert_uint_gt(searched, 200000);
}
END_TEST

/* Real sizes: 20 microseconds at 2 GHz, periods up to an hour. */
enum { LEAST = 40000 };

static void check_rules(const struct refills *refills)
{
    uint64_t sum = 0, end = 0;
    MUST(refills->count >= 1);
    MUST(refills->count <= refills->most);
    for (unsigned place = 0; place < refills->count; place++) {
        const struct refill *refill = refill_in(refills, place);
        MUST(place == 0 || refill->time > end);
        MUST(refill->amount != 0);
        end = refill->time + refill->amount;
        sum += refill->amount;
    }
    MUST(sum == refills->budget);
    MUST(end <= refill_in(refills, 0)->time + refills->period + refills->budget);
    MUST(refill_in(refills, 0)->amount >= least_budget);
}

START_TEST(rules_hold_at_real_sizes)
{
    static struct both both;
    struct refills *refills = &both.refills;
    uint64_t state = random_start((unsigned)_i);
    uint64_t now = next_random(&state) >> 8;
    unsigned full = 0;
    least_budget = LEAST;
    refills_start(refills, LEAST, LEAST + 1, 0, now);
    for (unsigned step = 0; step < 50000; step++) {
        uint64_t amount = first_refill(refills)->amount;
        switch (next_below(&state, 300)) {
        case 0:
            now += next_random(&state) >> 30;
            break;
        case 1 ... 2: {
            uint64_t budget = LEAST + (next_random(&state) >> (22 + next_below(&state, 26)));
            uint64_t period = budget + 1 + (next_random(&state) >> (22 + next_below(&state, 26)));
            refills_change(refills, budget, period, next_below(&state, 300), now);
            break;
        }
        case 3:
            refills_charge(refills, next_random(&state) >> 24);
            break;
        case 4 ... 10:
            refills_end_slice(refills);
            break;
        default:
            now = MAX(now, first_refill(refills)->time);
            refills_advance(refills, now);
            uint64_t used = 1 + next_random(&state) % (next_below(&state, 4) ? 100 : amount + 100);
            now += used + next_below(&state, 100);
            refills_charge(refills, used);
        }
        full += refills->count == refills->most;
        check_rules(refills);
    }
    ck_assert_uint_gt(full, 500);
}
END_TEST

/* Whoever uses its whole budget in each period has it again exactly one period later, for ever. */
START_TEST(no_drift)
{
    static struct both both;
    struct refills *refills = &both.refills;
    uint64_t state = random_start((unsigned)_i);
    const uint64_t budget = 1234567, period = 3456789, first = 987654321;
    least_budget = LEAST;
    refills_start(refills, budget, period, 8, first);
    for (uint64_t turn = 0; turn < 1000000; turn++) {
        MUST(first_refill(refills)->time == first + turn * period);
        MUST(first_refill(refills)->amount == budget);
        if (_i == 0) {
            refills_charge(refills, budget);
        } else {
            MUST(!refill_lasts(refills, budget - next_below(&state, LEAST)));
            refills_end_slice(refills);
        }
    }
}
END_TEST

/* Stopped for a day in the middle of its slice, the debt is paid, in few steps. */
START_TEST(long_stops)
{
    static struct both both;
    struct refills *refills = &both.refills;
    least_budget = LEAST;
    refills_start(refills, LEAST, 2 * LEAST, 0, 5);
    refills_charge(refills, 1000000ull * LEAST);
    ck_assert_uint_eq(first_refill(refills)->time, 5 + 2000000ull * LEAST);
    check_rules(refills);
    for (unsigned turn = 0; turn < 100; turn++) {
        refills_charge(refills, UINT64_MAX);
        ck_assert_uint_ge(first_refill(refills)->time, REFILL_LATEST - 3 * refills->period);
        ck_assert_uint_le(first_refill(refills)->time,
                          REFILL_LATEST + 200 * refills->period); /* no wrap */
    }
    check_rules(refills);
    refills_start(refills, REFILL_LONGEST_PERIOD - 1, REFILL_LONGEST_PERIOD, 0, REFILL_LATEST - 1);
    refills_charge(refills, UINT64_MAX);
    check_rules(refills);
}
END_TEST

START_TEST(round_robin)
{
    static struct both both;
    struct refills *refills = &both.refills;
    static const uint64_t periods[] = {0, 5 * LEAST, LEAST};
    least_budget = LEAST;
    for (unsigned i = 0; i < ARRAY_LENGTH(periods); i++) {
        refills_start(refills, 5 * LEAST, periods[i], 3, 77);
        ck_assert(is_configured(refills) && is_round_robin(refills));
        refills_charge(refills, 3 * LEAST);
        ck_assert_uint_eq(first_refill(refills)->amount, 2 * LEAST);
        ck_assert(refill_lasts(refills, LEAST) && !refill_lasts(refills, LEAST + 1));
        refills_charge(refills, LEAST);
        ck_assert_uint_eq(first_refill(refills)->amount, LEAST);
        refills_charge(refills, 1); /* too little is left: the next slice begins */
        ck_assert_uint_eq(first_refill(refills)->amount, 5 * LEAST);
        refills_charge(refills, 7 * LEAST);
        ck_assert_uint_eq(first_refill(refills)->amount, 5 * LEAST);
        refills_charge(refills, LEAST);
        refills_end_slice(refills);
        ck_assert_uint_eq(first_refill(refills)->amount, 5 * LEAST);
        refills_advance(refills, 1000);
        ck_assert_uint_eq(first_refill(refills)->time, 77);
        ck_assert(refill_is_due(refills, 77) && !refill_is_due(refills, 76));
    }
    refills_start(refills, 5 * LEAST, 9 * LEAST, 0, 77);
    refills_charge(refills, 2 * LEAST);
    refills_change(refills, 4 * LEAST, 0, 0, 100 * LEAST);
    ck_assert(is_round_robin(refills));
    ck_assert_uint_eq(first_refill(refills)->amount, 4 * LEAST);
    ck_assert(refill_is_due(refills, 100 * LEAST));
}
END_TEST

START_TEST(at_most_so_many)
{
    static struct both both;
    struct refills *refills = &both.refills;
    least_budget = 1;
    refills_start(refills, 100000, 200000, UINT64_MAX, 0);
    ck_assert_uint_eq(refills->most, REFILLS_MOST);
    for (uint64_t now = 0; now < 1000; now += 3) { /* many short turns, with gaps */
        refills_advance(refills, now);
        refills_charge(refills, 1);
    }
    ck_assert_uint_eq(refills->count, REFILLS_MOST);
    check_rules(refills);
    refills_advance(refills, 400000);
    ck_assert_uint_eq(refills->count, 1);
    check_rules(refills);
    refills_start(refills, 100000, 200000, 0, 0);
    ck_assert_uint_eq(refills->most, REFILLS_LEAST);
}
END_TEST

Suite *refill_suite(void)
{
    Suite *suite = suite_create("refills");
    TCase *tests = tcase_create("refills");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, as_the_model, 0, 14);
    tcase_add_test(tests, never_more_than_the_budget);
    tcase_add_loop_test(tests, rules_hold_at_real_sizes, 0, 4);
    tcase_add_loop_test(tests, no_drift, 0, 2);
    tcase_add_test(tests, long_stops);
    tcase_add_test(tests, round_robin);
    tcase_add_test(tests, at_most_so_many);
    suite_add_tcase(suite, tests);
    return suite;
}
