/*
 * The portable kernel and the objects of x86, on the host. Built by hand, from the top of the tree:
 *
 *   gcc -std=c11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined -fno-sanitize-recover=all \
 *       -Wall -Wextra -Werror tests/unit/kernel/[a-z]*.c tests/unit/host/[a-z]*.c $(find kernel \
 *       -name '*.c' ! -name exit.c) \
 *       arch/x86/memory/[a-z]*.c arch/x86/methods/[a-z]*.c arch/x86/lifecycle/[a-z]*.c \
 *       arch/x86/calls/fast_frame.c arch/x86/checks/check.c arch/x86/checks/mutant.c \
 *       arch/x86/machine/context.c -o build/unit/kernel $(pkg-config --cflags --libs check)
 *
 * CK_FORK=no CK_RUN_SUITE="..." CK_RUN_CASE="..." for a debugger. -v prints every test, not only
 * failures.
 */
#include <check.h>
#include <string.h>

Suite *lookup_suite(void);
Suite *capability_suite(void);
Suite *untyped_suite(void);
Suite *cnode_suite(void);
Suite *tree_suite(void);
Suite *deletion_suite(void);
Suite *deletion_graph_suite(void);
Suite *profile_suite(void);

int main(int argc, char **argv)
{
    SRunner *runner = srunner_create(lookup_suite());

    srunner_add_suite(runner, capability_suite());
    srunner_add_suite(runner, untyped_suite());
    srunner_add_suite(runner, cnode_suite());
    srunner_add_suite(runner, tree_suite());
    srunner_add_suite(runner, deletion_suite());
    srunner_add_suite(runner, deletion_graph_suite());
    srunner_add_suite(runner, profile_suite());
    srunner_run_all(runner, argc > 1 && strcmp(argv[1], "-v") == 0 ? CK_VERBOSE : CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
