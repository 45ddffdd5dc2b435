/* The DMAR's entries, and domains: exactly the memory of a function's node (iommu_model.c). */
#include "iommu_model.h"
#include "random_machine.h"
#include "suites.h"
#include <boot/plan/iommu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- DMAR --- */

static struct dmar_facts dmar;

/* Reads an entry that ends where a sanitizer looks. */
static const char *read_entry(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    memset(&dmar, 0, sizeof(dmar));
    ck_assert(dmar_read_entry(&dmar, copy, size));
    free(copy);
    return dmar.defect;
}

static const uint8_t unit[] = {
    0, 0,  40, 0, 1, 1, 3,  0, 0,  0, 0xd9, 0xfe, 0, 0, 0, 0, /* all others, 2 pages, segment 3 */
    1, 8,  0,  0, 0, 0, 2,  1,                                /* endpoint 00:02.1 */
    2, 10, 0,  0, 0, 4, 28, 0, 31, 7,                         /* bridge below a bridge */
    5, 6,  0,  0, 0, 0,                                       /* of a kind that is skipped */
};

START_TEST(units_and_their_scopes)
{
    ck_assert_ptr_null(read_entry(unit, sizeof(unit)));
    ck_assert_uint_eq(dmar.unit_count, 1);
    ck_assert_uint_eq(dmar.unit[0].registers.start, 0xfed90000);
    ck_assert_uint_eq(dmar.unit[0].registers.end, 0xfed92000);
    ck_assert_uint_eq(dmar.unit[0].segment, 3);
    ck_assert(dmar.unit[0].all_others);
    ck_assert_uint_eq(dmar.unit[0].scopes.count, 2);
    ck_assert_uint_eq(dmar.scope[0].kind, DMAR_ENDPOINT);
    ck_assert_uint_eq(dmar.scope[0].path[0], 2 << 3 | 1);
    ck_assert_uint_eq(dmar.scope[1].kind, DMAR_BRIDGE);
    ck_assert_uint_eq(dmar.scope[1].start_bus, 4);
    ck_assert_uint_eq(dmar.scope[1].path_length, 2);
    ck_assert_uint_eq(dmar.scope[1].path[1], 31 << 3 | 7);
}
END_TEST

START_TEST(reserved_regions)
{
    uint8_t region[] = {1,    0,    32,   0,    0, 0, 2, 0, 0, 0x10, 0xee, 0xff, 0, 0, 0,  0,
                        0xff, 0x2f, 0xee, 0xff, 0, 0, 0, 0, 1, 8,    0,    0,    0, 0, 29, 0};
    ck_assert_ptr_null(read_entry(region, sizeof(region)));
    ck_assert_uint_eq(dmar.region_count, 1);
    ck_assert_uint_eq(dmar.region[0].segment, 2);
    ck_assert_uint_eq(dmar.region[0].range.start, 0xffee1000);
    ck_assert_uint_eq(dmar.region[0].range.end, 0xffee3000);
    ck_assert_uint_eq(dmar.region[0].scopes.count, 1);
    region[16] = 0xfe; /* ends within a page */
    ck_assert_ptr_nonnull(read_entry(region, sizeof(region)));
    region[16] = 0xff, region[17] = 0x0f; /* ends where it begins */
    ck_assert_ptr_nonnull(read_entry(region, sizeof(region)));
    memset(region + 16, 0xff, 8); /* wraps */
    ck_assert_ptr_nonnull(read_entry(region, sizeof(region)));
    ck_assert_ptr_nonnull(read_entry(region, 23));
}
END_TEST

/* Whatever is cut off, or has an odd length, is no half scope but a defect. */
START_TEST(odd_lengths)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{17, 7}, {17, 5}, {17, 0}, {17, 6}, {17, 255}, {22, 32}, {23, 8}, {25, 24}};
    uint8_t bytes[sizeof(unit)];
    for (unsigned i = 0; i < ARRAY_LENGTH(wrong); i++) {
        memcpy(bytes, unit, sizeof(unit));
        bytes[wrong[i].at] = wrong[i].value;
        ck_assert_msg(read_entry(bytes, sizeof(unit)) != NULL, "change %u is not noticed", i);
        ck_assert_uint_eq(dmar.unit_count, 1); /* its registers are reserved all the same */
    }
    for (size_t size = 4; size < sizeof(unit); size++) {
        bool whole = size == 16 || size == 24 || size == 34;
        ck_assert_msg((read_entry(unit, size) == NULL) == whole, "%zu bytes", size);
    }
    ck_assert_ptr_null(read_entry((const uint8_t *)"\5\0\4\0", 4)); /* of a kind that is new */
}
END_TEST

START_TEST(more_than_fit)
{
    memset(&dmar, 0, sizeof(dmar));
    for (unsigned i = 0; i < MAX_DMAR_UNITS; i++) {
        ck_assert(dmar_read_entry(&dmar, unit, 16));
    }
    ck_assert_ptr_null(dmar.defect);
    ck_assert(!dmar_read_entry(&dmar, unit, 16));
    uint8_t deep[16 + 6 + 2 * (MAX_DMAR_PATH + 1)] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
    deep[16] = DMAR_BRIDGE;
    deep[17] = 6 + 2 * MAX_DMAR_PATH;
    ck_assert_ptr_null(read_entry(deep, sizeof(deep) - 2));
    deep[17] += 2;
    ck_assert_ptr_nonnull(read_entry(deep, sizeof(deep)));
    memset(&dmar, 0, sizeof(dmar));
    dmar.scope_count = MAX_DMAR_SCOPES;
    ck_assert(dmar_read_entry(&dmar, unit, sizeof(unit)));
    ck_assert_ptr_nonnull(dmar.defect);
}
END_TEST

/* --- domains --- */

enum { LEVELS_3 = 2 << 8, LEVELS_4 = 4 << 8, DOMAINS_256 = 2 };
#define LARGE_PAGES BIT(34)
#define HUGE_PAGES  BIT(35)

/* Three functions, and a bridge to a conventional bus with two more. */
static void make_iommu_machine(void)
{
    make_machine(4, GIB(6));
    machine.pci[0] = (struct pci_fact){.device = 3};
    machine.pci[1] = (struct pci_fact){.device = 4, .function = 1};
    machine.pci[2] = (struct pci_fact){
        .device = 5, .bridge = PCI_TO_CONVENTIONAL, .secondary_bus = 2, .subordinate_bus = 2};
    machine.pci[3] = (struct pci_fact){.bus = 2, .device = 1};
    machine.pci[4] = (struct pci_fact){.bus = 2, .device = 2};
    machine.pci_count = 5;
    machine.dmar.unit[0] =
        (struct dmar_unit){.registers = {0xfed90000, 0xfed91000},
                           .all_others = true,
                           .capability = LEVELS_3 | DOMAINS_256 | LARGE_PAGES | HUGE_PAGES};
    machine.dmar.unit_count = 1;
    machine.iommu[0] = machine.dmar.unit[0].registers;
    machine.iommu_count = 1;
}

static void expect_good(const char *command_line)
{
    ck_assert_msg(plan_machine(command_line) == 0, "%s: %s", command_line, plan_lines);
    const char *broken = broken_rule(&machine, &plan);
    ck_assert_msg(broken == NULL, "%s: %s", command_line, broken);
}

static char plan_text[1 << 16];

static void add_line(void *context, const char *line)
{
    size_t length = strlen(plan_text);
    (void)context;
    snprintf(plan_text + length, sizeof(plan_text) - length, "%s\n", line);
}

static void expect_plan(const char *command_line, const char *text)
{
    expect_good(command_line);
    plan_text[0] = '\0';
    print_plan(&machine, &plan, add_line, NULL);
    ck_assert_msg(strstr(plan_text, text) != NULL, "no '%s' in\n%.3000s", text, plan_text);
}

START_TEST(each_node_has_its_domain)
{
    make_iommu_machine();
    expect_good("nodes=3 node1.devices=00:03.0 node2.devices=02:01.0,02:02.0 channel=1-2,4M");
    ck_assert(iommu_plan()->on);
    ck_assert_uint_eq(iommu_plan()->domains, 7);
    ck_assert_uint_eq(iommu_plan()->requester_count, 5); /* 02:00.0 as well, and no bridge */
    /* 4 GiB of it in one piece take one entry each. */
    ck_assert_uint_le(plan.iommu_tables.end - plan.iommu_tables.start, 40 * 4096);
    expect_good("nodes=3 node0.devices=none node1.devices=00:04.1");
    ck_assert_uint_eq(iommu_plan()->domains, 2);
    machine.dmar.unit[0].capability = LEVELS_3 | LEVELS_4 | DOMAINS_256;
    expect_good("nodes=3 node1.devices=00:03.0 channel=0-1,2M");
    ck_assert(iommu_plan()->uses_levels[1] && !iommu_plan()->uses_levels[0]);
}
END_TEST

START_TEST(units_of_different_kinds)
{
    make_iommu_machine();
    machine.dmar.unit[1] = machine.dmar.unit[0];
    machine.dmar.unit[1].registers = (struct range){0xfed92000, 0xfed93000};
    machine.dmar.unit[1].capability = LEVELS_4 | DOMAINS_256 | LARGE_PAGES;
    machine.dmar.unit_count = 2;
    expect_plan("nodes=2 node1.devices=00:03.0", "IOMMU: on, 2 units, pages of 4 KiB, 2 MiB\n");
    ck_assert(iommu_plan()->uses_levels[0] && iommu_plan()->uses_levels[1]);
}
END_TEST

START_TEST(reserved_for_its_own_functions)
{
    make_iommu_machine();
    machine.dmar.scope[0] =
        (struct dmar_scope){.kind = DMAR_ENDPOINT, .path_length = 2, .path = {5 << 3, 2 << 3}};
    machine.dmar.region[0].range = (struct range){GIB(3) - KIB(64), GIB(3) - KIB(48)};
    machine.dmar.region[0].scopes = (struct dmar_scopes){0, 1};
    machine.dmar.region_count = 1;
    expect_plan("nodes=2 node1.devices=02:01.0,02:02.0",
                "16 KiB  devices of node 1, says firmware\n");
    machine.dmar.region[0].range.start = GIB(3) - KIB(256); /* in RAM */
    expect_plan("nodes=2", "IOMMU: off: memory that firmware reserves for devices is not theirs");
    machine.dmar.region[0].range = (struct range){0xfee00000, 0xfee01000};
    expect_plan("nodes=2", "IOMMU: off: memory that firmware reserves");
    machine.dmar.region[0].range = (struct range){BIT(39), BIT(39) + 4096};
    expect_plan("nodes=2", "IOMMU: off: firmware reserves memory above 512 GiB");
}
END_TEST

START_TEST(who_is_trusted)
{
    make_iommu_machine();
    expect_plan("nodes=2", "node 0: its devices reach this node's memory, no other node's\n");
    expect_plan("nodes=2 iommu=off", "IOMMU: off\nnode 0: its devices reach all memory: every ");
    machine.dmar.unit[0].all_others = false;
    machine.dmar.scope[0] =
        (struct dmar_scope){.kind = DMAR_BRIDGE, .path_length = 1, .path = {5 << 3}};
    machine.dmar.unit[0].scopes = (struct dmar_scopes){0, 1};
    expect_plan("nodes=2 node1.devices=02:01.0,02:02.0",
                "node 0: its devices reach all memory: 00:03.0 is under no IOMMU\n"
                "node 1: its devices reach this node's memory, no other node's\n");
    machine.dmar.unit[0].segment = 1;
    expect_plan("nodes=2 node1.devices=02:01.0,02:02.0",
                "node 1: its devices reach all memory: 02:01.0 is under no IOMMU\n");
    machine.dmar.unit_count = 0;
    expect_plan("nodes=2", "IOMMU: off: this machine's is not Intel's\n");
    machine.iommu_count = 0;
    expect_plan("nodes=2", "IOMMU: off: there is none\n");
    ck_assert_uint_eq(plan.iommu_tables.end, plan.iommu_tables.start);
}
END_TEST

START_TEST(units_that_cannot_be_used)
{
    static const uint64_t capability[] = {0, UINT64_MAX, DOMAINS_256, LEVELS_3};
    static const char *const why[] = {"an IOMMU does not answer", "an IOMMU does not answer",
                                      "an IOMMU has no tables of three or four levels",
                                      "an IOMMU tells too few domains apart"};
    for (unsigned i = 0; i < ARRAY_LENGTH(capability); i++) {
        make_machine(16, GIB(1));
        make_iommu_machine();
        machine.cpu_count = 16;
        for (uint32_t cpu = 0; cpu < 16; cpu++) {
            machine.cpu[cpu] = (struct cpu_fact){cpu, NO_PROXIMITY};
        }
        machine.dmar.unit[0].capability = capability[i];
        expect_plan("nodes=16 node15.devices=00:03.0", why[i]);
    }
    make_iommu_machine();
    machine.dmar.unit[0].registers = (struct range){GIB(5), GIB(5) + 4096};
    expect_plan("nodes=2", "IOMMU: off: an IOMMU's registers are above 4 GiB\n");
    make_iommu_machine();
    machine.dmar.defect = "the DMAR is odd";
    expect_plan("nodes=2", "IOMMU: off: the DMAR is odd\n");
}
END_TEST

/* One IOAPIC, at bus 0xf0 to the IOMMU. */
static void make_interrupt_machine(void)
{
    make_iommu_machine();
    machine.dmar.interrupt_remapping = true;
    machine.dmar.unit[0].extended_capability = 0x1a; /* a queue, interrupts, ids of 32 bits */
    machine.io_apic[0].id = 7;
    machine.dmar.scope[0] =
        (struct dmar_scope){.kind = DMAR_IO_APIC, .id = 7, .start_bus = 0xf0, .path_length = 1};
    machine.dmar.scope_count = 1;
}

START_TEST(interrupts_are_remapped)
{
    make_interrupt_machine();
    expect_plan("nodes=3 node1.devices=00:03.0 node2.devices=02:01.0,02:02.0",
                "interrupts of devices: remapped\n");
    ck_assert_uint_eq(plan.interrupts.source_count, 5);
    ck_assert_uint_eq(plan.interrupts.source[3].function, 0x208);
    ck_assert_uint_eq(plan.interrupts.source[3].requester, 0x200); /* by the bridge */
    ck_assert(!plan.interrupts.extended);
    machine.x2apic = true;
    machine.cpu[1].apic_id = 0x12345;
    expect_good("nodes=4 node1.devices=00:03.0");
    ck_assert(plan.interrupts.extended);
    expect_good("nodes=2 node0.devices=none"); /* no node has pins or functions */
    ck_assert_uint_eq(plan.interrupts.source_count, 0);
}
END_TEST

START_TEST(interrupts_that_cannot_be_remapped)
{
    make_interrupt_machine();
    expect_plan("intremap=off", "interrupts of devices: not remapped: intremap=off\n");
    ck_assert(!plan.interrupts.on);
    machine.x2apic = true;
    machine.dmar.unit[0].extended_capability = 0xa;
    expect_plan("", "not remapped: an IOMMU knows no APIC ids of 32 bits\n");
    machine.x2apic = false;
    expect_plan("", "interrupts of devices: remapped\n");
    machine.dmar.unit[0].extended_capability = 8;
    expect_plan("", "not remapped: an IOMMU has none\n");
    make_interrupt_machine();
    machine.io_apic[0].id = 8;
    expect_plan("", "not remapped: the DMAR does not name an IOAPIC\n");
    make_interrupt_machine();
    for (uint32_t i = 0; i < MAX_INTERRUPT_GROUPS - 1; i++) {
        machine.pci[i] = (struct pci_fact){
            .bus = (uint8_t)(i / 256 + 3), .device = i / 8 % 32, .function = i % 8};
    }
    machine.pci_count = MAX_INTERRUPT_GROUPS - 1;
    expect_plan("", "not remapped: there are too many PCI functions\n");
    machine.pci_count = MAX_INTERRUPT_GROUPS - 2;
    expect_plan("", "interrupts of devices: remapped\n");
    machine.dmar.interrupt_remapping = false;
    expect_plan("", "not remapped: firmware says there is none\n");
}
END_TEST

static void expect_mistake(const char *command_line, const char *text)
{
    ck_assert_uint_ne(plan_machine(command_line), 0);
    ck_assert_msg(strcmp(plan_lines, text) == 0, "%s", plan_lines);
}

START_TEST(mistakes)
{
    make_iommu_machine();
    expect_mistake("nodes=2 node1.devices=02:01.0",
                   "iommu: 02:02.0 of node 0 and a function of node 1 are one to the IOMMU, by a "
                   "bridge: one node has both, or iommu=off\n");
    expect_good("nodes=2 node1.devices=02:01.0 iommu=off");
    expect_good("nodes=2 node0.devices=none node1.devices=02:01.0");
    expect_good("nodes=2 iommu=require");
    expect_mistake("iommu=maybe", "iommu=maybe: can be on, off or require\n");
    expect_mistake("intremap=1", "intremap=1: can be on or off\n");
    expect_mistake("iommu=on iommu=off", "iommu=off: said before, as iommu=on\n");
    machine.dmar.unit[0].all_others = false;
    expect_mistake("iommu=require node0.devices=00:04.1",
                   "iommu=require: 00:04.1 of node 0 is under no IOMMU\n");
    machine.iommu_count = machine.dmar.unit_count = 0;
    expect_mistake("iommu=require", "iommu=require: no IOMMU can be used: there is none\n");
}
END_TEST

/* Random machines whose functions belong to several nodes. */
START_TEST(domains_are_exactly_the_nodes)
{
    enum { RUNS = 600 };
    unsigned several = 0, beyond_bridges = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[600];
        char text[300] = "";
        struct choices choices = {bytes, sizeof(bytes), 0};
        fill_at_random(bytes, sizeof(bytes), (uint64_t)_i * RUNS + run + 1000000);
        choose_machine(&choices);
        uint64_t nodes = 1 + choose(&choices, machine.cpu_count < 5 ? machine.cpu_count : 5);
        int length = snprintf(text, sizeof(text), "nodes=%lu ", (unsigned long)nodes);
        for (uint32_t i = 0; i < machine.pci_count; i++) {
            memset(machine.pci[i].bar, 0, sizeof(machine.pci[i].bar));
            if (i + 1 < nodes) {
                length += snprintf(text + length, sizeof(text) - (size_t)length,
                                   "node%u.devices=%02x:%02x.%x ", i + 1, machine.pci[i].bus,
                                   machine.pci[i].device, machine.pci[i].function);
            }
        }
        if (nodes > 2) {
            snprintf(text + length, sizeof(text) - (size_t)length, "channel=1-2,2M");
        }
        if (plan_with_modules(text) == 0) {
            const char *broken = broken_rule(&machine, &plan);
            ck_assert_msg(broken == NULL, "run %u: %s: %s", run, text, broken);
            several += (iommu_plan()->domains & (iommu_plan()->domains - 1)) != 0;
            for (uint32_t i = 0; iommu_plan()->on && i < machine.pci_count; i++) {
                beyond_bridges += machine.pci[i].bus != 0;
            }
        }
    }
    /* Or else this test would show nothing. */
    ck_assert_uint_le(RUNS / 20, several);
    ck_assert_uint_le(RUNS / 20, beyond_bridges);
}
END_TEST

Suite *iommu_suite(void)
{
    Suite *suite = suite_create("IOMMU");
    TCase *tests = tcase_create("DMAR");
    tcase_add_test(tests, units_and_their_scopes);
    tcase_add_test(tests, reserved_regions);
    tcase_add_test(tests, odd_lengths);
    tcase_add_test(tests, more_than_fit);
    suite_add_tcase(suite, tests);
    tests = tcase_create("domains");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, each_node_has_its_domain);
    tcase_add_test(tests, units_of_different_kinds);
    tcase_add_test(tests, reserved_for_its_own_functions);
    tcase_add_test(tests, who_is_trusted);
    tcase_add_test(tests, units_that_cannot_be_used);
    tcase_add_test(tests, interrupts_are_remapped);
    tcase_add_test(tests, interrupts_that_cannot_be_remapped);
    tcase_add_test(tests, mistakes);
    tcase_add_loop_test(tests, domains_are_exactly_the_nodes, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
