/* What the parts of the harness share with each other, and nothing else needs. */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include "harness.h"

/*
 * Starts the sentinel and the supervisor; ends them and gives the main thread its boot-time
 * settings back.
 */
bool start_helpers(void);
void stop_helpers(void);
/* Forgets all workers of the last test and gives the main thread its usual priority. */
void reset_workers(void);
word new_permanent_object(word type);
/* Ends the running test: the main thread itself has faulted. */
void test_abandoned(const char *why, word label, word first, word second) __attribute__((noreturn));

/*
 * Runs all tests, or those whose name, or whose subject's name, is `wanted`. Returns the program's
 * exit status.
 */
int run_suite(const struct subject *const *subjects, size_t count, const char *wanted);

#endif
