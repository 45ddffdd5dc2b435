/*
 * The user runtime on a real kernel: what of it a test on the host cannot see. With the arguments
 * "a b=c" it runs the checks; with "exit", "return", "assert" or "abort" it only ends in that way.
 */
#include "checks.h"

#include <assert.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_farewell(void)
{
    printf("the last function of atexit\n");
}

static void print_first_farewell(void)
{
    printf("the first function of atexit\n");
}

/* Ends with a status of its own if the word says so. */
static void end_as(const char *how)
{
    if (strcmp(how, "exit") == 0) {
        atexit(print_farewell);
        atexit(print_first_farewell);
        exit(7);
    }
    if (strcmp(how, "assert") == 0) {
        assert(how == NULL);
    }
    if (strcmp(how, "abort") == 0) {
        abort();
    }
}

void check(bool good, const char *name)
{
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        end_as(argv[1]);
        if (strcmp(argv[1], "return") == 0) {
            return 8;
        }
    }
    check_start(argc, argv);
    check_thread_local_data();
    check_output();
    check_resources();
    check_threads();
    check_heap();
    check_heap_that_keeps_its_size();
    check(strcmp(cmk_error_name(seL4_NoError), "seL4_NoError") == 0 &&
              strcmp(cmk_error_name(seL4_NotEnoughMemory), "seL4_NotEnoughMemory") == 0 &&
              strcmp(cmk_error_name((seL4_Error)99), "?") == 0,
          "error-names");
    printf("all checks ran\n");
    return 0;
}
