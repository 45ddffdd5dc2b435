/* Who gets which device. */
#include "machine.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

static char ranges[4096];

static void note_range(void *context, struct range range)
{
    size_t length = strlen(ranges);
    (void)context;
    snprintf(ranges + length, sizeof(ranges) - length, "%lx-%lx ", (unsigned long)range.start,
             (unsigned long)range.end);
}

static const char *devices_of(uint32_t node)
{
    ranges[0] = '\0';
    device_ranges(&machine, &plan, node, note_range, NULL);
    return ranges;
}

static void make_device_machine(void)
{
    make_machine(4, MIB(64));
    machine.pci[0] =
        (struct pci_fact){.device = 3, .bar = {{false, 0xfebc0000, 0x20000}, {true, 0xc000, 64}}};
    machine.pci[1] = (struct pci_fact){
        .bus = 2, .device = 4, .function = 1, .bar = {{false, 0xfebe0400, 0x400}}};
    machine.pci[2] = (struct pci_fact){
        .device = 5, .bar = {{false, 0xfebe0800, 0x100}, {false, 0x8000000000, 0x1000}}};
    machine.pci_count = 3;
    machine.iommu[0] = (struct range){0xfed90000, 0xfed91000};
    machine.iommu_count = 1;
}

static void expect_good(const char *command_line)
{
    const char *broken;
    ck_assert_msg(plan_machine(command_line) == 0, "%s: %s", command_line, plan_lines);
    broken = broken_rule(&machine, &plan);
    ck_assert_msg(broken == NULL, "%s: %s", command_line, broken);
}

START_TEST(all_means_what_is_not_reserved)
{
    make_device_machine();
    expect_good("nodes=2");
    ck_assert_str_eq(devices_of(0),
                     "0-1000 2000-100000 3fe0000-fec00000 fec01000-fed90000 fed91000-fee00000 "
                     "fef00000-fffffff8 100000000-800000000000 ");
    ck_assert_str_eq(devices_of(1), "");
    expect_good("nodes=2 node1.devices=all");
    ck_assert_str_eq(devices_of(0), "");
    ck_assert_uint_ne(strlen(devices_of(1)), 0);
    expect_good("node0.devices=none");
    ck_assert_str_eq(devices_of(0), "");
}
END_TEST

START_TEST(all_with_its_console)
{
    make_device_machine();
    expect_good("nodes=2");
    ck_assert(plan.node[0].all_devices && !plan.node[0].console_ports);
    expect_good("nodes=2 node0.devices=all");
    ck_assert(plan.node[0].all_devices && !plan.node[0].console_ports);
    expect_good("nodes=2 node1.devices=all,console");
    ck_assert(plan.node[1].all_devices && plan.node[1].console_ports);
    ck_assert_uint_ne(plan_machine("node0.devices=all,consoles"), 0);
    ck_assert_uint_ne(plan_machine("node0.devices=console"), 0);
}
END_TEST

START_TEST(what_is_listed_leaves_all)
{
    make_device_machine();
    machine.mcfg_base = 0xb0000000;
    machine.mcfg_last_bus = 1;
    expect_good(
        "nodes=3 node1.devices=00:03.0,port:0x60-0x64,port:0x70 node2.devices=02:04.1,00:05.0");
    ck_assert_str_eq(devices_of(1), "b0018000-b0019000 febc0000-febe0000 ");
    ck_assert_uint_eq(plan.node[1].port_count, 3);
    ck_assert_uint_eq(plan.node[1].port[0].first, 0xc000);
    ck_assert_uint_eq(plan.node[1].port[0].last, 0xc03f);
    ck_assert_uint_eq(plan.node[1].port[1].last, 0x64);
    ck_assert_uint_eq(plan.node[1].port[2].first, 0x70);
    ck_assert_uint_eq(plan.node[1].port[2].last, 0x70);
    /* Two functions of one node may share a page; a bus beyond MCFG's has no configuration page. */
    ck_assert_str_eq(devices_of(2), "b0028000-b0029000 febe0000-febe1000 8000000000-8000001000 ");
    ck_assert_str_eq(
        devices_of(0),
        "0-1000 2000-100000 3fe0000-b0018000 b0019000-b0028000 b0029000-febc0000 febe1000-fec00000 "
        "fec01000-fed90000 fed91000-fee00000 fef00000-fffffff8 100000000-8000000000 "
        "8000001000-800000000000 ");
}
END_TEST

START_TEST(idle_ram_is_no_device)
{
    make_device_machine();
    expect_good("nodes=2 node0.mem=16M node1.mem=8M");
    ck_assert_str_eq(devices_of(0),
                     "0-1000 2000-100000 3fe0000-fec00000 fec01000-fed90000 fed91000-fee00000 "
                     "fef00000-fffffff8 100000000-800000000000 ");
}
END_TEST

START_TEST(ram_beyond_the_limit_is_a_device)
{
    make_device_machine();
    make_machine(1, GIB(600));
    expect_good("");
    ck_assert_str_eq(devices_of(0),
                     "0-1000 2000-100000 bffe0000-fec00000 fec01000-fee00000 fef00000-fffffff8 "
                     "7f80000000-800000000000 ");
    ck_assert_uint_eq(plan.node[0].region[plan.node[0].region_count - 1].end, 0x7f80000000);
}
END_TEST

START_TEST(apart_from_ram_page_by_page)
{
    make_device_machine();
    machine.memory[3].range.end = 0x3fdf800;
    machine.memory[4].range.start = 0x3fdf800;
    expect_good("");
    ck_assert_ptr_nonnull(strstr(devices_of(0), " 3fdf000-fec00000 "));
}
END_TEST

Suite *devices_suite(void)
{
    Suite *suite = suite_create("devices");
    TCase *tests = tcase_create("devices");

    tcase_add_test(tests, all_means_what_is_not_reserved);
    tcase_add_test(tests, all_with_its_console);
    tcase_add_test(tests, what_is_listed_leaves_all);
    tcase_add_test(tests, idle_ram_is_no_device);
    tcase_add_test(tests, ram_beyond_the_limit_is_a_device);
    tcase_add_test(tests, apart_from_ram_page_by_page);
    suite_add_tcase(suite, tests);
    return suite;
}
