/* Configurations that must work, on machines of many shapes. */
#include "machine.h"
#include "suites.h"

#include <cluster/ranges.h>
#include <stdio.h>
#include <string.h>

static void expect_good(const char *command_line)
{
    unsigned mistakes = plan_machine(command_line);
    const char *broken;
    ck_assert_msg(mistakes == 0, "%s: %s", command_line, plan_lines);
    broken = broken_rule(&machine, &plan);
    ck_assert_msg(broken == NULL, "%s: %s", command_line, broken);
}

/* The nodes of all CPUs, as text: '.' is off. */
static const char *cpu_nodes(void)
{
    static char text[ABI_CMK_MAX_CPUS * 3 + 1];
    text[0] = '\0';
    for (uint32_t cpu = 0; cpu < plan.cpu_count; cpu++) {
        char node[16];
        snprintf(node, sizeof(node), "%u", plan.cpu[cpu].node);
        strcat(text, plan.cpu[cpu].node == NO_NODE ? "." : node);
        if (plan.node_count > 10) {
            strcat(text, " ");
        }
    }
    return text;
}

static const struct {
    uint32_t cpus;
    const char *command_line, *nodes;
} shapes[] = {
    {1, "", "0"},
    {2, "", "00"},
    {4, "nodes=1", "0000"},
    {8, "nodes=1", "00000000"},
    {4, "nodes=2", "0011"},
    {4, "nodes=4", "0123"},
    {4, "nodes=2 node0.cpus=0 node1.cpus=1-3", "0111"},
    {4, "nodes=3 node0.cpus=0-1 node1.cpus=2 node2.cpus=3", "0012"},
    {8, "nodes=8", "01234567"},
    {8, "nodes=percpu", "01234567"},
    {1, "nodes=percpu", "0"},
    {7, "nodes=3", "0001122"},
    {5, "nodes=4", "00123"},
    {8, "nodes=2 node0.cpus=0,2 node1.cpus=5-6", "0.0..11."},
    {4, "nodes=2 node1.cpus=1,3 node0.cpus=2,0", "0101"},
    {16, "nodes=12 ", "0 0 1 1 2 2 3 3 4 5 6 7 8 9 10 11 "},
    {4, "nodes=0x2", "0011"},
};

START_TEST(cpus_go_to_nodes)
{
    make_machine(shapes[_i].cpus, MIB(512));
    expect_good(shapes[_i].command_line);
    ck_assert_str_eq(cpu_nodes(), shapes[_i].nodes);
}
END_TEST

START_TEST(memory_is_where_it_was_asked_for)
{
    make_machine(4, MIB(512));
    expect_good("nodes=2 node1.mem=64M@128M node0.mem=0x200000@0x2000000 shared=4M");
    ck_assert_uint_eq(plan.node[1].region_count, 1);
    ck_assert_uint_eq(plan.node[1].region[0].start, MIB(128));
    ck_assert_uint_eq(plan.node[1].region[0].end, MIB(192));
    ck_assert_uint_eq(plan.node[0].region_count, 1);
    ck_assert_uint_eq(plan.node[0].region[0].start, MIB(32));
    ck_assert_uint_eq(plan.node[0].region[0].end, MIB(34));
    expect_good("nodes=2 node1.mem=64M@128M iommu=off"); /* and the other's goes around it */
    ck_assert_uint_gt(plan.node[0].region_count, 1);
}
END_TEST

START_TEST(a_manager_has_image_stores)
{
    make_machine(4, MIB(512));
    expect_good("nodes=4 manager=on node2.start=off node3.store=5M");
    ck_assert(plan.manager && plan.life_page != 0);
    ck_assert(!plan.node[0].starts_off && !plan.node[1].starts_off && plan.node[2].starts_off);
    ck_assert_uint_eq(range_bytes(plan.node[0].store), 0);
    ck_assert_uint_eq(range_bytes(plan.node[1].store), MIB(2));
    ck_assert_uint_eq(range_bytes(plan.node[2].store), MIB(2));
    ck_assert_uint_eq(range_bytes(plan.node[3].store), MIB(6));
    expect_good("nodes=4");
    ck_assert(!plan.manager && plan.life_page == 0);
    ck_assert_uint_eq(range_bytes(plan.node[3].store), 0);
}
END_TEST

/* Node 0 has CPUs 0 to 3, node 1 has 7, 5 and 6. */
START_TEST(missing_cpus_are_left_out)
{
    bool is_missing[ABI_CMK_MAX_CPUS] = {[1] = true, [3] = true, [5] = true, [7] = true};
    make_machine(8, MIB(512));
    expect_good("node0.cpus=0-3 node1.cpus=5-7 missing-cpus=go-on");
    ck_assert(plan.missing_cpus_go_on);
    plan.node[1].cpu[0] = 7;
    plan.cpu[7].index = 0;
    plan.node[1].cpu[2] = 5;
    plan.cpu[5].index = 2;
    plan_without_cpus(&plan, is_missing);
    ck_assert_str_eq(cpu_nodes(), "0.0...11"); /* 7 stays: a node's first CPU is never left out */
    ck_assert(plan.node[0].cpu_count == 2 && plan.node[0].missing_cpus == 2);
    ck_assert(plan.node[0].cpu[0] == 0 && plan.node[0].cpu[1] == 2 && plan.cpu[2].index == 1);
    ck_assert(plan.node[1].cpu_count == 2 && plan.node[1].missing_cpus == 1);
    ck_assert(plan.node[1].cpu[0] == 7 && plan.node[1].cpu[1] == 6 && plan.cpu[6].index == 1);
}
END_TEST

/* APIC ids of 2 sockets, 3 cores each, 2 threads each, as QEMU numbers them. */
START_TEST(sparse_apic_ids_keep_siblings_together)
{
    static const uint32_t apic_id[12] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13};
    make_machine(12, MIB(512));
    machine.topology.core = 1;
    for (unsigned i = 0; i < 12; i++) {
        machine.cpu[i].apic_id = apic_id[i];
    }
    expect_good("nodes=2");
    ck_assert_str_eq(cpu_nodes(), "000000111111");
    ck_assert_uint_eq(plan.cpu[6].apic_id, 8);
    expect_good("nodes=4");
    ck_assert_str_eq(cpu_nodes(), "000111222333");
}
END_TEST

/* Two packages of two caches of two cores, the last core of the second package missing. */
START_TEST(nodes_share_a_cache_or_a_package)
{
    static const uint32_t apic_id[7] = {0, 1, 2, 3, 16, 17, 18};
    make_machine(7, MIB(512));
    for (unsigned i = 0; i < 7; i++) {
        machine.cpu[i].apic_id = apic_id[i];
    }
    machine.topology = (struct topology){0, 1, 4};
    expect_good("nodes=llc");
    ck_assert_str_eq(cpu_nodes(), "0011223");
    expect_good("nodes=package");
    ck_assert_str_eq(cpu_nodes(), "0000111");
    machine.cpu[0].apic_id = 17; /* the boot CPU is in the second package: that is node 0 */
    machine.cpu[5].apic_id = 0;
    expect_good("nodes=package");
    ck_assert_str_eq(cpu_nodes(), "0111010");
    machine.topology.last_level_cache = TOPOLOGY_UNKNOWN;
    ck_assert_uint_eq(plan_machine("nodes=llc"), 1);
    ck_assert_str_eq(plan_lines,
                     "nodes=llc: this CPU does not say which CPUs share a last-level cache\n");
}
END_TEST

/* Threads whose logical numbers are apart, as when the MADT lists first threads first. */
START_TEST(siblings_stay_together_whatever_their_numbers)
{
    make_machine(8, MIB(512));
    machine.topology.core = 1;
    for (unsigned i = 0; i < 8; i++) {
        machine.cpu[i].apic_id = i < 4 ? 2 * i : 2 * (i - 4) + 1;
    }
    expect_good("nodes=4");
    ck_assert_str_eq(cpu_nodes(), "01230123");
    expect_good("nodes=2");
    ck_assert_str_eq(cpu_nodes(), "00110011");
    expect_good("nodes=8");
    ck_assert_str_eq(cpu_nodes(), "01234567");
}
END_TEST

START_TEST(at_most_64_nodes_and_64_cpus_in_each)
{
    make_machine(64, GIB(1));
    expect_good("nodes=percpu");
    ck_assert_uint_eq(plan.node_count, 64);
    expect_good("nodes=64");
    expect_good("nodes=1");
    ck_assert_uint_eq(plan.node[0].cpu_count, 64);
    make_machine(256, GIB(2));
    expect_good("nodes=4");
    ck_assert_uint_eq(plan.node[3].cpu_count, 64);
    expect_good("nodes=64");
    expect_good("nodes=1 node0.cpus=0-63");
    ck_assert_uint_eq(plan.cpu[64].node, NO_NODE);
}
END_TEST

/* --- memory --- */

static const struct {
    uint64_t memory;
    uint32_t cpus;
    const char *command_line;
} sizes[] = {
    {MIB(64), 1, ""},
    {MIB(64), 8, "nodes=8"},
    {MIB(64), 4, "nodes=4 shared=4M channel=0-1,2M channel=2-3,1"},
    {MIB(128), 4, "nodes=2"},
    {GIB(1), 4, "nodes=4"},
    {GIB(6), 4, "nodes=2"},
    {GIB(6), 4, "nodes=4 node3.mem=4G"},
    {GIB(64), 16, "nodes=16"},
    {GIB(600), 4, "nodes=4"},
    {GIB(6), 2, "shared=1G channel=0-1,1G nodes=2"},
    {MIB(64), 4, "shared=0"},
};

/* Everything that is usable is in some node, except a page or so at each seam. */
START_TEST(all_memory_is_used)
{
    uint64_t usable, sum = 0;
    make_machine(sizes[_i].cpus, sizes[_i].memory);
    expect_good(sizes[_i].command_line);
    usable = MIN(sizes[_i].memory, 0x7f80000000 - GIB(1)) - KIB(128) - machine.kernel_image.end;
    for (uint32_t node = 0; node < plan.node_count; node++) {
        sum += bytes_of_node(node);
    }
    sum += plan.shared.end - plan.shared.start;
    for (uint32_t i = 0; i < plan.channel_count; i++) {
        sum += plan.channel[i].range.end - plan.channel[i].range.start;
    }
    ck_assert_uint_le(sum, usable);
    /* Boot tables grow with nodes and memory. */
    ck_assert_uint_le(plan.boot_tables.end - plan.boot_tables.start, MIB(1) + usable / 1000);
    usable -= plan.boot_tables.end - plan.boot_tables.start;
    ck_assert_uint_le(usable - MIB(2), sum);
}
END_TEST

START_TEST(memory_is_split_evenly)
{
    make_machine(8, GIB(1));
    expect_good("nodes=8");
    for (uint32_t node = 1; node < 8; node++) {
        /* The firmware's ends and the cuts' boundaries make up to one large page at each end. */
        ck_assert_uint_le(bytes_of_node(node), bytes_of_node(0) + MIB(4));
        ck_assert_uint_le(bytes_of_node(0), bytes_of_node(node) + MIB(4));
    }
}
END_TEST

START_TEST(nodes_get_what_they_ask_for)
{
    make_machine(4, GIB(1));
    expect_good("nodes=4 node1.mem=32M node2.mem=100000K");
    ck_assert_uint_eq(bytes_of_node(1), MIB(32));
    ck_assert_uint_eq(bytes_of_node(2), MIB(98));
    ck_assert_uint_le(MIB(440), bytes_of_node(0));
    ck_assert_uint_le(MIB(440), bytes_of_node(3));
    expect_good("nodes=2 node0.mem=512M node1.mem=0x100M");
    ck_assert_uint_le(MIB(512), bytes_of_node(0));
    ck_assert_uint_le(bytes_of_node(0), MIB(514));
    ck_assert_uint_eq(bytes_of_node(1), MIB(256));
}
END_TEST

START_TEST(memory_above_4_gib_is_used)
{
    uint64_t high = 0;
    make_machine(4, GIB(6));
    expect_good("nodes=2");
    for (uint32_t node = 0; node < 2; node++) {
        for (uint32_t i = 0; i < plan.node[node].region_count; i++) {
            struct range region = plan.node[node].region[i];
            high += region.start >= GIB(4) ? region.end - region.start : 0;
        }
    }
    ck_assert_uint_le(GIB(3) - MIB(2), high);
}
END_TEST

START_TEST(fragmented_memory_works)
{
    make_machine(2, MIB(512));
    machine.memory_count = 0;
    machine.memory[machine.memory_count++] = (struct memory_fact){{0, 0xa0000}, 1};
    for (uint64_t at = MIB(1); at < MIB(240); at += MIB(1)) {
        /* A hole every MiB, two entries overlapping, some RAM listed twice, odd ends. */
        machine.memory[machine.memory_count++] =
            (struct memory_fact){{at, at + MIB(1) - 1000 - at / 4096}, 1};
    }
    machine.memory[machine.memory_count++] = (struct memory_fact){{MIB(256), MIB(400)}, 1};
    machine.memory[machine.memory_count++] = (struct memory_fact){{MIB(300), MIB(512)}, 1};
    machine.memory[machine.memory_count++] = (struct memory_fact){{MIB(400) + 5, MIB(400) + 7}, 20};
    expect_good("nodes=2");
    expect_good("nodes=2 node0.mem=100M channel=0-1,8M shared=32M");
}
END_TEST

START_TEST(modules_low_and_scattered_are_not_overwritten)
{
    make_machine(2, MIB(64));
    machine.module_count = 0;
    add_good_module("node=0");
    add_good_module("node=1 x");
    /*
     * GRUB's EFI version puts small modules below 1 MiB; and the rest of memory is as good as any
     * for large ones.
     */
    machine.module[0].range = (struct range){0x1000, 0x1000 + IMAGE_ROOM};
    machine.module[1].range = (struct range){0x3a00000 + 5 * 4096, 0x3a00000 + 8 * 4096};
    machine.busy[0] = (struct range){0x5000, 0x9000};
    ck_assert_msg(plan_with_modules("nodes=2") == 0, "%s", plan_lines);
    ck_assert_ptr_null(broken_rule(&machine, &plan));
    ck_assert_uint_eq(plan.trampoline, 0x4000);
}
END_TEST

/* --- proximity --- */

static void make_numa(uint32_t domains, uint32_t cpus, uint64_t memory)
{
    make_machine(cpus, memory);
    for (uint32_t i = 0; i < domains; i++) {
        machine.proximity[i] =
            (struct proximity_fact){{memory / domains * i, memory / domains * (i + 1)}, i};
    }
    machine.proximity_count = domains;
    for (uint32_t i = 0; i < cpus; i++) {
        machine.cpu[i].proximity = i * domains / cpus;
    }
}

static uint64_t remote_bytes(void)
{
    uint64_t sum = 0;
    for (uint32_t node = 0; node < plan.node_count; node++) {
        uint32_t home = machine.cpu[plan.node[node].cpu[0]].proximity;
        for (uint32_t i = 0; i < plan.node[node].region_count; i++) {
            for (uint32_t j = 0; j < machine.proximity_count; j++) {
                struct range region = plan.node[node].region[i];
                struct range domain = machine.proximity[j].range;
                paddr_t start = MAX(region.start, domain.start), end = MIN(region.end, domain.end);
                sum += start < end && machine.proximity[j].proximity != home ? end - start : 0;
            }
        }
    }
    return sum;
}

START_TEST(a_node_for_each_domain)
{
    make_numa(2, 4, GIB(1));
    expect_good("nodes=numa");
    ck_assert_str_eq(cpu_nodes(), "0011");
    ck_assert_uint_eq(remote_bytes(), 0);
    make_numa(4, 8, GIB(1));
    expect_good("nodes=numa");
    ck_assert_str_eq(cpu_nodes(), "00112233");
    ck_assert_uint_eq(remote_bytes(), 0);
    /* The boot CPU's domain is node 0, also with another number. */
    machine.cpu[0].proximity = 3;
    expect_good("nodes=numa");
    ck_assert_str_eq(cpu_nodes(), "01223300");
}
END_TEST

START_TEST(domains_without_memory_or_cpus_are_no_nodes)
{
    make_numa(2, 4, GIB(1));
    machine.cpu[3].proximity = 9;
    machine.cpu[2].proximity = NO_PROXIMITY;
    expect_good("nodes=numa");
    ck_assert_str_eq(cpu_nodes(), "00..");
    /* The memory of the domain without CPUs is not lost. */
    ck_assert_uint_le(MIB(1000), bytes_of_node(0));
}
END_TEST

START_TEST(local_memory_comes_first)
{
    make_numa(2, 4, GIB(1));
    expect_good("nodes=2");
    ck_assert_uint_le(remote_bytes(), MIB(6));
    expect_good("nodes=4");
    ck_assert_uint_le(remote_bytes(), MIB(6));
    expect_good("nodes=2 node1.mem=300M");
    ck_assert_uint_eq(bytes_of_node(1), MIB(300));
    /* Node 0 has what is left of the other domain, node 1 nothing of node 0's. */
    ck_assert_uint_le(MIB(512), plan.node[1].region[0].start);
    expect_good("nodes=numa node0.mem=700M");
    ck_assert_uint_le(MIB(700), bytes_of_node(0));
}
END_TEST

/* --- modules and words --- */

START_TEST(module_strings_say_whose_and_what)
{
    make_machine(2, MIB(64));
    add_good_module("dir/a.elf node=1 rwx one \"two words\" back\\\\slash q\\\"uote");
    add_good_module("b.elf node=0");
    machine.loader = "qemu";
    ck_assert_msg(plan_with_modules("kernel.elf nodes=2 ") == 0, "%s", plan_lines);
    ck_assert_ptr_null(broken_rule(&machine, &plan));
    ck_assert_uint_eq(plan.node[1].module, 0);
    ck_assert_uint_eq(plan.node[0].module, 1);
    ck_assert(plan.node[1].image_rwx && !plan.node[0].image_rwx);
    ck_assert_uint_eq(plan.node[0].argument_count, 1);
    ck_assert_uint_eq(plan.node[1].argument_count, 5);
    ck_assert_mem_eq(plan.node[1].arguments, "node1\0one\0two words\0back\\slash\0q\"uote", 38);
}
END_TEST

START_TEST(options_end_where_arguments_begin)
{
    make_machine(2, MIB(64));
    add_good_module("client node=1 rwx");
    add_good_module("");
    ck_assert_msg(plan_with_modules("nodes=2") == 0, "%s", plan_lines);
    ck_assert_uint_eq(plan.node[0].argument_count, 4);
    ck_assert_mem_eq(plan.node[0].arguments, "node0\0client\0node=1\0rwx", 23);
    ck_assert(!plan.node[0].image_rwx);
}
END_TEST

START_TEST(every_word_is_carried)
{
    make_machine(2, MIB(64));
    expect_good(
        "nodes=2 balance=on checks=on plan=only fastpath=off node1.console=com3 node0.console=none "
        "node1.devices=all \"shared=4M\" channel=1-0,1");
    ck_assert(plan.balance && plan.checks && plan.plan_only && !plan.fastpath);
    ck_assert_uint_eq(plan.node[0].console_port, CONSOLE_NONE);
    ck_assert_uint_eq(plan.node[1].console_port, 0x3e8);
    ck_assert(plan.node[1].all_devices && !plan.node[0].all_devices);
    ck_assert_uint_eq(plan.shared.end - plan.shared.start, MIB(4));
    ck_assert_uint_eq(plan.channel_count, 1);
    ck_assert_uint_eq(plan.channel[0].node[0], 0);
    ck_assert_uint_eq(plan.channel[0].range.end - plan.channel[0].range.start, MIB(2));

    expect_good("console-mark=fedcba9876543210");
    ck_assert(plan.console_mark == 0xfedcba9876543210);
    expect_good("nodes=2 checks=off balance=off fastpath=on");
    ck_assert(plan.console_mark == 0);
    ck_assert(!plan.balance && !plan.checks && !plan.plan_only && plan.fastpath);
    ck_assert_uint_eq(plan.node[0].console_port, 0x3f8);
    ck_assert(plan.node[0].all_devices && !plan.node[1].all_devices);
    ck_assert_uint_eq(plan.shared.end - plan.shared.start, MIB(2));
}
END_TEST

static char printed[65536];

static void note_printed(void *context, const char *line)
{
    size_t length = strlen(printed);
    (void)context;
    ck_assert_ptr_null(strchr(line, '\n'));
    ck_assert_uint_le(strlen(line), 130);
    snprintf(printed + length, sizeof(printed) - length, "%s\n", line);
}

START_TEST(the_plan_names_everything)
{
    static const char *const expected[] = {
        "2 nodes, 4 CPUs, 1 channel, balance off, checks off, fastpath on",
        "CPU  APIC id     proximity  node",
        "  2  0x00000002  1          stays off",
        "rejected: not RAM",
        "rejected: below 1 MiB",
        "usable",
        "trampoline",
        "kernel",
        "boot's tables and log, status and console pages",
        "shared by all nodes",
        "channel 0, nodes 0 and 1",
        "  node 0",
        "  node 1",
        "device memory: below 1 MiB",
        "com2",
        "none",
        "0x000000400000 - 0x000000401000",
        "arguments: node1 hello",
    };
    make_numa(2, 4, MIB(256));
    machine.module_count = 0;
    add_good_module("");
    add_good_module("hello");
    ck_assert_msg(plan_with_modules(
                      "nodes=2 node0.cpus=0-1 node1.cpus=3 node1.console=com2 channel=0-1,2M") == 0,
                  "%s", plan_lines);
    printed[0] = '\0';
    print_plan(&machine, &plan, note_printed, NULL);
    for (unsigned i = 0; i < ARRAY_LENGTH(expected); i++) {
        ck_assert_msg(strstr(printed, expected[i]) != NULL, "\"%s\" is missing in\n%s", expected[i],
                      printed);
    }
}
END_TEST

/* q35 with 3 GiB: the only whole block is the one above 4 GiB. */
START_TEST(shared_regions_break_no_huge_block)
{
    make_machine(1, GIB(3));
    machine.memory[3].range.end = machine.memory[4].range.start = GIB(2) - KIB(132);
    machine.memory[4].range.end = GIB(2);
    machine.memory[6] = (struct memory_fact){{GIB(4), GIB(5)}, 1};
    machine.memory_count = 7;
    ck_assert_uint_eq(plan_machine("shared=4M"), 0);
    ck_assert_uint_eq(plan.shared.end, GIB(2) - MIB(2));
    ck_assert_uint_eq(plan.node[0].region[plan.node[0].region_count - 1].end, GIB(5));
}
END_TEST

Suite *shapes_suite(void)
{
    Suite *suite = suite_create("good configurations");
    TCase *cpus = tcase_create("CPUs");
    TCase *memory = tcase_create("memory");
    TCase *words = tcase_create("words");

    tcase_add_loop_test(cpus, cpus_go_to_nodes, 0, ARRAY_LENGTH(shapes));
    tcase_add_test(cpus, memory_is_where_it_was_asked_for);
    tcase_add_test(cpus, missing_cpus_are_left_out);
    tcase_add_test(cpus, a_manager_has_image_stores);
    tcase_add_test(cpus, sparse_apic_ids_keep_siblings_together);
    tcase_add_test(cpus, siblings_stay_together_whatever_their_numbers);
    tcase_add_test(cpus, nodes_share_a_cache_or_a_package);
    tcase_add_test(cpus, at_most_64_nodes_and_64_cpus_in_each);
    suite_add_tcase(suite, cpus);
    tcase_add_loop_test(memory, all_memory_is_used, 0, ARRAY_LENGTH(sizes));
    tcase_add_test(memory, memory_is_split_evenly);
    tcase_add_test(memory, nodes_get_what_they_ask_for);
    tcase_add_test(memory, memory_above_4_gib_is_used);
    tcase_add_test(memory, fragmented_memory_works);
    tcase_add_test(memory, modules_low_and_scattered_are_not_overwritten);
    tcase_add_test(memory, a_node_for_each_domain);
    tcase_add_test(memory, domains_without_memory_or_cpus_are_no_nodes);
    tcase_add_test(memory, local_memory_comes_first);
    suite_add_tcase(suite, memory);
    tcase_add_test(words, module_strings_say_whose_and_what);
    tcase_add_test(words, options_end_where_arguments_begin);
    tcase_add_test(words, every_word_is_carried);
    tcase_add_test(words, the_plan_names_everything);
    tcase_add_test(words, shared_regions_break_no_huge_block);
    suite_add_tcase(suite, words);
    return suite;
}
