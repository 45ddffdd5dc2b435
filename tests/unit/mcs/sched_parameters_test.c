/* Budgets and periods that users may and may not ask for (kernel/sched_parameters.h). */
#include <kernel/sched_parameters.h>
#include <stdlib.h>
#include "suites.h"

enum { MEGAHERTZ = 2101 };

#define LONGEST (UINT64_MAX / MEGAHERTZ / 8)

static void setup(void)
{
    sched_parameters_init(MEGAHERTZ);
}

/* In the order of the contract: what is wrong first decides which range is told. */
static const struct {
    uint64_t budget, period;
    uint64_t greatest; /* of the error; 0: none */
} cases[] = {
    {20, 20, 0},
    {20, 21, 0},
    {LONGEST, LONGEST, 0},
    {20, LONGEST, 0},
    {5000, 5000, 0},
    {LONGEST + 1, LONGEST, LONGEST},
    {UINT64_MAX, 0, LONGEST},
    {19, UINT64_MAX, LONGEST},
    {20, LONGEST + 1, LONGEST},
    {19, 20, LONGEST},
    {0, 100, LONGEST},
    {20, 19, LONGEST},
    {50, 0, LONGEST},
    {21, 20, 20},
    {LONGEST, 77, 77},
};

START_TEST(budgets_and_periods)
{
    struct answer answer = {.label = ERROR_NONE};
    enum outcome outcome = check_budget_and_period(cases[_i].budget, cases[_i].period, &answer);
    if (cases[_i].greatest == 0) {
        ck_assert_uint_eq(outcome, DONE);
        return;
    }
    ck_assert_uint_eq(outcome, REFUSED);
    ck_assert_uint_eq(answer.label, ERROR_RANGE);
    ck_assert_uint_eq(answer.length, 2);
    ck_assert_uint_eq(answer.words[0], 20);
    ck_assert_uint_eq(answer.words[1], cases[_i].greatest);
}
END_TEST

START_TEST(extra_refills)
{
    static const struct {
        unsigned size_bits;
        uint64_t limit;
    } sizes[] = {{7, 0}, {8, 8}, {9, 24}, {10, 56}, {12, 248}, {47, BIT(43) - 8}};
    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        uint64_t limit = sizes[i].limit;
        struct answer answer = {.label = ERROR_NONE};
        ck_assert_uint_eq(check_extra_refills(limit, sizes[i].size_bits, &answer), DONE);
        ck_assert_uint_eq(check_extra_refills(limit + 1, sizes[i].size_bits, &answer), REFUSED);
        ck_assert_uint_eq(answer.label, ERROR_RANGE);
        ck_assert_uint_eq(answer.words[0], 0);
        ck_assert_uint_eq(answer.words[1], limit);
        ck_assert_uint_eq(check_extra_refills(UINT64_MAX, sizes[i].size_bits, &answer), REFUSED);
    }
}
END_TEST

START_TEST(units)
{
    static const uint64_t frequencies[] = {1, 3, 1000, MEGAHERTZ, 5999};
    for (unsigned i = 0; i < ARRAY_LENGTH(frequencies); i++) {
        uint64_t megahertz = frequencies[i];
        sched_parameters_init(megahertz);
        ck_assert_uint_eq(least_budget, 20 * megahertz);
        ck_assert_uint_le(ticks_from_microseconds(longest_period()), REFILL_LONGEST_PERIOD);
        ck_assert_uint_eq(longest_period(), UINT64_MAX / megahertz / 8);
        ck_assert_uint_eq(ticks_from_microseconds(12345), 12345 * megahertz);
        ck_assert_uint_eq(microseconds_from_ticks(12345 * megahertz), 12345);
        ck_assert_uint_eq(microseconds_from_ticks(12345 * megahertz + megahertz - 1), 12345);
        ck_assert_uint_eq(microseconds_from_ticks(UINT64_MAX), UINT64_MAX / megahertz);
    }
}
END_TEST

Suite *sched_parameters_suite(void)
{
    Suite *suite = suite_create("parameters");
    TCase *tests = tcase_create("parameters");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, budgets_and_periods, 0, ARRAY_LENGTH(cases));
    tcase_add_test(tests, extra_refills);
    tcase_add_test(tests, units);
    suite_add_tcase(suite, tests);
    return suite;
}
