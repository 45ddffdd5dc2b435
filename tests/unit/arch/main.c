/*
 * Unit tests of x86's objects, capabilities and saved registers, on the host. From the top of the
 * tree:
 *
 *   gcc -std=gnu11 -g -DCMK_DEBUG -Wall -Wextra -Werror -Itests/unit/host/include -Iinclude \
 *       -Iarch/x86/include -Iarch/x86/internal -fsanitize=address,undefined \
 *       -fno-sanitize-recover=undefined tests/unit/arch/[a-z]*.c \
 *       arch/x86/memory/[a-z]*.c arch/x86/methods/[a-z]*.c arch/x86/lifecycle/[a-z]*.c \
 *       arch/x86/calls/fast_frame.c arch/x86/checks/check.c arch/x86/checks/mutant.c \
 *       arch/x86/machine/context.c \
 *       kernel/answer.c kernel/capabilities/[a-z]*.c kernel/lifecycle/deletion.c \
 *       kernel/invocation.c kernel/profile.c \
 *       -lcheck -lsubunit -lm -lrt -lpthread -o build/unit-arch && build/unit-arch
 */
#include "world.h"
#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(frame_suite());
    srunner_add_suite(runner, quickly_suite());
    srunner_add_suite(runner, paging_suite());
    srunner_add_suite(runner, page_walk_suite());
    srunner_add_suite(runner, asid_suite());
    srunner_add_suite(runner, io_port_suite());
    srunner_add_suite(runner, irq_suite());
    srunner_add_suite(runner, context_suite());
    srunner_add_suite(runner, rules_suite());
    srunner_add_suite(runner, string_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
