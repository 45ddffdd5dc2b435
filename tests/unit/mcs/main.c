/*
 * Unit tests of what MCS scheduling consists of (docs/mcs.md), on the host: refills, the release
 * queue, queues ordered by priority, reply objects and the contexts lent with them, each against a
 * model that is simple and slow; and what users may ask for. From the top of the tree:
 *
 *   gcc -std=gnu11 -O1 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/host \
 *       -Itests/unit/host/include -Iinclude -Iarch/x86/include -fsanitize=address,undefined \
 *       -fno-sanitize-recover=undefined tests/unit/mcs/refill_test.c \
 *       tests/unit/mcs/release_test.c tests/unit/mcs/wait_queue_test.c \
 *       tests/unit/mcs/reply_object_test.c tests/unit/mcs/main.c kernel/ipc/reply_object.c \
 *       kernel/scheduling/refill.c kernel/scheduling/release.c kernel/scheduling/wait_queue.c \
 *       kernel/scheduling/queue.c tests/unit/mcs/sched_parameters_test.c \
 *       kernel/scheduling/sched_parameters.c kernel/answer.c tests/unit/host/fail.c \
 *       kernel/format.c \
 *       -o build/unit/mcs $(pkg-config --cflags --libs check)
 */
#include <stdlib.h>
#include "suites.h"

int main(void)
{
    SRunner *runner = srunner_create(refill_suite());
    srunner_add_suite(runner, release_suite());
    srunner_add_suite(runner, wait_queue_suite());
    srunner_add_suite(runner, sched_parameters_suite());
    srunner_add_suite(runner, reply_object_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
