/*
 * Unit tests of threads, IPC, scheduling and the rule checks, on the host. From the top of the
 * tree:
 *
 *   gcc -std=c11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/unit/thread/[a-z]*.c tests/unit/host/[a-z]*.c $(find kernel \
 *       -name '*.c' ! -name exit.c) arch/x86/machine/context.c \
 *       -o build/unit/thread $(pkg-config --cflags --libs check)
 *
 * CK_FORK=no CK_RUN_SUITE="..." CK_RUN_CASE="..." for a debugger.
 */
#include "world.h"
#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(ipc_suite());
    srunner_add_suite(runner, transfer_suite());
    srunner_add_suite(runner, cancellation_suite());
    srunner_add_suite(runner, fault_suite());
    srunner_add_suite(runner, notification_suite());
    srunner_add_suite(runner, schedule_suite());
    srunner_add_suite(runner, tcb_suite());
    srunner_add_suite(runner, cluster_suite());
    srunner_add_suite(runner, life_suite());
    srunner_add_suite(runner, rules_suite());
    srunner_add_suite(runner, fastpath_suite());
    srunner_add_suite(runner, random_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
