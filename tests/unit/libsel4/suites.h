/* The suites of this program, one per file. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

Suite *numbers_suite(void);
Suite *words_suite(void);
Suite *stubs_suite(void);
Suite *ipc_suite(void);
Suite *start_suite(void);
Suite *cluster_suite(void);
Suite *format_suite(void);
Suite *string_suite(void);
Suite *stdlib_suite(void);

/* Makes a suite of one test case from its test functions. */
static inline Suite *suite_of(const char *name, const TTest *const *tests, int count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    for (int i = 0; i < count; i++) {
        tcase_add_test(cases, tests[i]);
    }
    suite_add_tcase(suite, cases);
    return suite;
}

#define SUITE_OF(name, tests) suite_of(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
