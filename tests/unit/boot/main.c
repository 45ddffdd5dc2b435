/*
 * Boot's parts without hardware: words, planner, ELF, ACPI, multiboot, and formatted text. Built by
 * hand, from the top of the tree:
 *
 *   gcc -std=c11 -g -O1 -DCMK_DEBUG -Itests/unit/host/include -Iinclude -Iarch/x86/include \
 *       -Iarch/x86/internal -fsanitize=address,undefined \
 *       -fno-sanitize-recover=all -Wall -Wextra -Werror tests/unit/boot/[a-z]*.c \
 *       boot/plan/[a-z]*.c cluster/cluster.c cluster/ranges.c kernel/format.c -o build/unit/boot \
 *       $(pkg-config --cflags --libs check)
 *
 * CK_FORK=no CK_RUN_SUITE="..." CK_RUN_CASE="..." for a debugger. -v prints every test, not only
 * failures.
 */
#include "suites.h"
#include <string.h>

int main(int argc, char **argv)
{
    SRunner *runner = srunner_create(words_suite());

    srunner_add_suite(runner, mistakes_suite());
    srunner_add_suite(runner, bad_images_suite());
    srunner_add_suite(runner, shapes_suite());
    srunner_add_suite(runner, devices_suite());
    srunner_add_suite(runner, iommu_suite());
    srunner_add_suite(runner, random_suite());
    srunner_add_suite(runner, elf_suite());
    srunner_add_suite(runner, acpi_suite());
    srunner_add_suite(runner, acpi_damage_suite());
    srunner_add_suite(runner, acpi_power_off_suite());
    srunner_add_suite(runner, multiboot_suite());
    srunner_add_suite(runner, clock_suite());
    srunner_add_suite(runner, topology_suite());
    srunner_run_all(runner, argc > 1 && strcmp(argv[1], "-v") == 0 ? CK_VERBOSE : CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
