/* The TSC's rate: which of several answers counts. */
#include "suites.h"
#include <boot/plan/clock.h>

enum { CLAIMS = 4 };

static const struct {
    uint64_t khz[CLAIMS]; /* HPET, PM timer, 8254, CPUID (not measured) */
    int chosen;           /* -1: none */
} cases[] = {
    {{2400000, 2401000, 0, 0}, 0},
    {{2401000, 2400000, 0, 0}, 1},
    {{2400000, 0, 0, 2399000}, 3},       /* exact, and confirmed */
    {{2400000, 2400100, 0, 3000000}, 0}, /* the CPU's word against two counters */
    {{3000000, 2400000, 0, 0}, -1},
    {{3000000, 2400000, 2405000, 0}, 1},
    {{3000000, 2400000, 2500000, 2999000}, 3},
    {{0, 0, 2400000, 0}, 2}, /* nothing to compare with */
    {{0, 0, 0, 2400000}, 3},
    {{0, 0, 999, 0}, -1},
    {{0, 20000001, 0, 0}, -1},
    {{0, 999, 0, 2400000}, -1}, /* there are two, and they disagree */
    {{999, 999, 0, 0}, -1},
    {{0, 0, 0, 0}, -1},
    {{2400000, 2424000, 0, 0}, 0}, /* 1 % */
    {{2400000, 2424001, 0, 0}, -1},
};

START_TEST(two_answers_agree)
{
    struct clock_claim claim[CLAIMS];
    for (int i = 0; i < CLAIMS; i++) {
        claim[i] = (struct clock_claim){"", cases[_i].khz[i], i != 3};
    }
    const struct clock_claim *chosen = choose_clock(claim, CLAIMS);
    ck_assert_int_eq(chosen != NULL ? (int)(chosen - claim) : -1, cases[_i].chosen);
}
END_TEST

static const struct {
    uint64_t khz[CLAIMS];
    bool hope;
} hopes[] = {
    {{0, 2400000, 0, 3000000}, false}, /* one counter, and the CPU states more than it measured */
    {{0, 2400000, 0, 1800000}, true},  /* a pause may have made the sample long */
    {{0, 2400000, 0, 2423000}, true},  /* they agree already */
    {{2400000, 3000000, 0, 0}, true},  {{2400000, 2500000, 0, 3000000}, true},
    {{0, 2400000, 0, 0}, false}, /* nothing to compare with */
    {{0, 0, 0, 2400000}, false},       {{0, 0, 0, 0}, false},
};

START_TEST(samples_end_where_they_are_in_vain)
{
    struct clock_claim claim[CLAIMS];
    for (int i = 0; i < CLAIMS; i++) {
        claim[i] = (struct clock_claim){"", hopes[_i].khz[i], i != 3};
    }
    ck_assert_int_eq(may_agree_later(claim, CLAIMS), hopes[_i].hope);
}
END_TEST

START_TEST(rates_are_computed)
{
    ck_assert_uint_eq(tsc_khz_by_cpuid(2, 200, 24000000, 2000), 2400000);
    ck_assert_uint_eq(tsc_khz_by_cpuid(2, 200, 0, 2000), 2000000);
    ck_assert_uint_eq(tsc_khz_by_cpuid(0, 200, 24000000, 2000), 0);
    ck_assert_uint_eq(tsc_khz_by_cpuid(2, 0, 24000000, 2000), 0);
    ck_assert_uint_eq(tsc_khz_by_cpuid(1, UINT32_MAX, UINT32_MAX, 0), 18446744065119617);
    ck_assert_uint_eq(tsc_khz_by_counter(2400000, 1193, 1193182), 2400366);
    ck_assert_uint_eq(tsc_khz_by_counter(1000, 1, 100000000), 100000000);
    ck_assert_uint_eq(tsc_khz_by_counter(UINT64_MAX, 1, 2), 0);
}
END_TEST

Suite *clock_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");
    tcase_add_loop_test(tests, two_answers_agree, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_loop_test(tests, samples_end_where_they_are_in_vain, 0,
                        sizeof(hopes) / sizeof(hopes[0]));
    tcase_add_test(tests, rates_are_computed);
    suite_add_tcase(suite, tests);
    return suite;
}
