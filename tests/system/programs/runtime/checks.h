/* The checks of the user runtime. */
#ifndef CHECKS_H
#define CHECKS_H

#include <stdbool.h>

/* Prints PASS or FAIL and the name. */
void check(bool good, const char *name);

void check_start(int argc, char **argv);
void check_thread_local_data(void);
void check_output(void);
void check_resources(void);
void check_threads(void);
void check_heap(void);

/* Last: the heap does not grow after it. */
void check_heap_that_keeps_its_size(void);

/*
 * Whether the calling thread has its own thread-local variables, with their first values, where
 * they must be.
 */
bool thread_local_data_is_fresh(void);

#endif
