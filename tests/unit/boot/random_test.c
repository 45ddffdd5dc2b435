/* Random machines and command lines: a plan is refused with reasons, or it keeps every rule. */
#include "random_machine.h"
#include <boot/plan/iommu.h>
#include "suites.h"
#include <stdio.h>
#include <string.h>

static unsigned lines_in(const char *text)
{
    unsigned lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static void ignore_line(void *context, const char *line)
{
    (void)context;
    ck_assert_uint_lt(strlen(line), 160);
}

enum { RUNS = 4000 };

START_TEST(plans_keep_the_rules)
{
    unsigned accepted = 0, several_nodes = 0, with_iommu = 0, with_interrupts = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[600];
        struct choices choices = {bytes, sizeof(bytes), 0};
        char text[600];
        unsigned mistakes;
        fill_at_random(bytes, sizeof(bytes), (uint64_t)_i * RUNS + run);
        choose_machine(&choices);
        choose_command_line(&choices, text, sizeof(text));
        mistakes = plan_with_modules(text);
        ck_assert_msg(mistakes == lines_in(plan_lines), "%s: %u mistakes\n%s", text, mistakes,
                      plan_lines);
        if (mistakes == 0) {
            const char *broken = broken_rule(&machine, &plan);
            ck_assert_msg(broken == NULL, "run %u: %s: %s", run, text, broken);
            print_plan(&machine, &plan, ignore_line, NULL);
            accepted++;
            several_nodes += plan.node_count > 1;
            with_iommu += iommu_plan()->on;
            with_interrupts += plan.interrupts.on;
        }
    }
    /* Or else this test would show nothing. */
    ck_assert_uint_le(RUNS / 10, accepted);
    ck_assert_uint_le(RUNS / 30, several_nodes);
    ck_assert_uint_le(RUNS / 20, with_iommu);
    ck_assert_uint_le(RUNS / 40, with_interrupts);
}
END_TEST

START_TEST(plans_are_the_same_every_time)
{
    static struct cluster first;
    uint8_t bytes[400];
    struct choices choices = {bytes, sizeof(bytes), 0};
    fill_at_random(bytes, sizeof(bytes), 5);
    choose_machine(&choices);
    machine.module_count = 0;
    add_good_module("node=all");
    plan_with_modules("nodes=1");
    first = plan;
    memset(&plan, 0xaa, sizeof(plan));
    plan_with_modules("nodes=1");
    ck_assert_mem_eq(&first, &plan, sizeof(plan));
}
END_TEST

Suite *random_suite(void)
{
    Suite *suite = suite_create("random machines");
    TCase *tests = tcase_create("properties");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, plans_keep_the_rules, 0, 4);
    tcase_add_test(tests, plans_are_the_same_every_time);
    suite_add_tcase(suite, tests);
    return suite;
}
