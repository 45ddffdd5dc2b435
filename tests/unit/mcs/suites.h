#ifndef MCS_SUITES_H
#define MCS_SUITES_H

#include <check.h>

/* As ck_assert(), which takes too long for what is asked millions of times. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ck_abort_msg("%s", #condition);                                                        \
        }                                                                                          \
    } while (false)

Suite *refill_suite(void);
Suite *release_suite(void);
Suite *wait_queue_suite(void);
Suite *sched_parameters_suite(void);
Suite *reply_object_suite(void);

#endif
