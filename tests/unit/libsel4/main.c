/*
 * libsel4 and the user runtime, on the host: numbers and layouts against the seL4 ABI, every
 * method's message as the kernel sees it, the cluster's description with good and bad chunks,
 * printf's formats, strings, numbers, heap. Built by hand, from the top of the tree:
 *
 *   gcc -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra \
 *       -Werror \
 *       -Ilibsel4/include -Iuser/runtime -idirafter include tests/unit/libsel4/[a-z]*.c \
 *       user/runtime/cluster.c user/runtime/boot_info.c user/runtime/format.c \
 *       user/runtime/format_double.c libsel4/src/ipc_buffer.c \
 *       -o build/unit/libsel4 $(pkg-config --cflags --libs check)
 *
 * CK_FORK=no CK_RUN_SUITE="..." CK_RUN_CASE="..." for a debugger. -v prints every test, not only
 * failures.
 */
#include "suites.h"

#include <string.h>

int main(int argc, char **argv)
{
    SRunner *runner = srunner_create(numbers_suite());
    srunner_add_suite(runner, words_suite());
    srunner_add_suite(runner, stubs_suite());
    srunner_add_suite(runner, ipc_suite());
    srunner_add_suite(runner, start_suite());
    srunner_add_suite(runner, cluster_suite());
    srunner_add_suite(runner, format_suite());
    srunner_add_suite(runner, string_suite());
    srunner_add_suite(runner, stdlib_suite());

    srunner_run_all(runner, argc > 1 && strcmp(argv[1], "-v") == 0 ? CK_VERBOSE : CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
