/* The ways in which a program ends. */
#include "runtime.h"

#include <cmk/cluster.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_AT_EXIT 32

typedef void (*function_t)(void);

extern const function_t __fini_array_start[], __fini_array_end[];

static function_t at_exit[MAX_AT_EXIT];
static int at_exit_count;

int atexit(void (*function)(void))
{
    if (at_exit_count == MAX_AT_EXIT) {
        return -1;
    }
    at_exit[at_exit_count++] = function;
    return 0;
}

/*
 * On CMK the node control capability ends the whole node. Where there is none, the calling thread
 * can only stop: if it is the initial thread by suspending itself, otherwise by yielding for ever.
 */
_Noreturn void _Exit(int status)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (cluster) {
        (void)cmk_NodeControl_Exit(cluster->node_control, (seL4_Word)(unsigned)status);
    }
    for (;;) {
        (void)seL4_TCB_Suspend(seL4_CapInitThreadTCB);
        seL4_Yield();
    }
}

_Noreturn void exit(int status)
{
    while (at_exit_count > 0) {
        at_exit[--at_exit_count]();
    }
    for (const function_t *f = __fini_array_end; f > __fini_array_start; f--) {
        f[-1]();
    }
    _Exit(status);
}

_Noreturn void abort(void)
{
    _Exit(ABORT_STATUS);
}

_Noreturn void __assert_fail(const char *text, const char *file, int line, const char *function)
{
    printf("%s:%d: %s: assertion failed: %s\n", file, line, function, text);
    abort();
}
