/* ACPI tables: what they say. */
#include "acpi_tables.h"
#include "suites.h"
#include <string.h>

START_TEST(cpus_and_io_apics)
{
    for (int i = 0; i < 2; i++) {
        start_tables(i == 1);
        add_madt();
        finish();
        ck_assert_msg(read_tables(0), "%s", why);
        ck_assert_uint_eq(facts.cpu_count, 3);
        ck_assert_uint_eq(facts.cpu[0].apic_id, 0);
        ck_assert_uint_eq(facts.cpu[1].apic_id, 3);
        ck_assert_uint_eq(facts.cpu[2].apic_id, 0x200);
        ck_assert_uint_eq(facts.cpu[2].proximity, NO_PROXIMITY);
        ck_assert_uint_eq(facts.io_apic_count, 2);
        ck_assert_uint_eq(facts.io_apic[1].base, 0xfec01000);
        ck_assert_uint_eq(facts.io_apic[1].first_gsi, 24);
        /* A boot CPU that the table forgets exists nevertheless. */
        ck_assert(read_tables(77));
        ck_assert_uint_eq(facts.cpu_count, 4);
        ck_assert_uint_eq(facts.cpu[0].apic_id, 77);
    }
}
END_TEST

START_TEST(more_cpus_than_there_can_be)
{
    start_tables(true);
    paddr_t entry = begin_table("APIC") + 44;
    for (unsigned i = 0; i < 300; i++) {
        entry = add_x2apic(entry, i + 1000, 1);
    }
    end_table(entry);
    finish();
    ck_assert(read_tables(1299));
    ck_assert_uint_eq(facts.cpu_count, 256);
    ck_assert_uint_eq(facts.cpus_dropped, 44);
    ck_assert_uint_eq(facts.cpu[0].apic_id, 1299);
    ck_assert_uint_eq(facts.cpu[255].apic_id, 1254);
}
END_TEST

static void add_srat(uint8_t revision)
{
    paddr_t entry = begin_table("SRAT");
    *at(entry + 8) = revision;
    entry += 48;
    *at(entry + 1) = 16; /* CPU 3: domain 0x04030201 */
    *at(entry + 2) = 1;
    *at(entry + 3) = 3;
    put32(entry + 4, 1);
    *at(entry + 9) = 2;
    *at(entry + 10) = 3;
    *at(entry + 11) = 4;
    entry += 16;
    *at(entry) = 2; /* CPU 0x200: domain 7 */
    *at(entry + 1) = 24;
    put32(entry + 4, 7);
    put32(entry + 8, 0x200);
    put32(entry + 12, 1);
    entry += 24;
    *at(entry + 1) = 16; /* CPU 0: not enabled */
    *at(entry + 2) = 9;
    entry += 16;
    for (unsigned i = 0; i < 2; i++) {
        *at(entry) = 1; /* memory, the second one not enabled */
        *at(entry + 1) = 40;
        put32(entry + 2, 0x107);
        put64(entry + 8, 0x100000000);
        put64(entry + 16, 0x40000000);
        put32(entry + 28, 1 - i);
        entry += 40;
    }
    end_table(entry);
}

START_TEST(proximity)
{
    start_tables(true);
    add_madt();
    add_srat(3);
    finish();
    ck_assert(read_tables(0));
    ck_assert_uint_eq(facts.cpu[0].proximity, NO_PROXIMITY);
    ck_assert_uint_eq(facts.cpu[1].proximity, 0x04030201);
    ck_assert_uint_eq(facts.cpu[2].proximity, 7);
    ck_assert_uint_eq(facts.proximity_count, 1);
    ck_assert_uint_eq(facts.proximity[0].proximity, 0x107);
    ck_assert_uint_eq(facts.proximity[0].range.start, 0x100000000);
    ck_assert_uint_eq(facts.proximity[0].range.end, 0x140000000);

    start_tables(false);
    add_srat(1); /* domains have 8 bits in that revision */
    add_madt();
    finish();
    ck_assert(read_tables(0));
    ck_assert_uint_eq(facts.cpu[1].proximity, 1);
    ck_assert_uint_eq(facts.proximity[0].proximity, 7);
}
END_TEST

START_TEST(the_other_tables)
{
    start_tables(true);
    add_madt();
    paddr_t table = begin_table("MCFG");
    put64(table + 44, 0xa0000000);
    put16(table + 52, 1); /* segment 1: not ours */
    put64(table + 60, 0xb0000000);
    *at(table + 70) = 2;
    *at(table + 71) = 63;
    end_table(table + 76);
    table = begin_table("HPET");
    put64(table + 44, 0xfed00000);
    end_table(table + 56);
    table = begin_table("FACP");
    put32(table + 76, 0x608);
    *at(table + 91) = 4;
    end_table(table + 116);
    table = begin_table("DMAR");
    put16(table + 48 + 2, 16); /* a unit of 2 pages */
    *at(table + 48 + 5) = 1;
    put64(table + 48 + 8, 0xfed90000);
    put16(table + 64, 2); /* something else */
    put16(table + 66, 8);
    end_table(table + 72);
    table = begin_table("IVRS");
    for (unsigned i = 0; i < 2; i++) {
        *at(table + 48 + 24 * i) = (uint8_t)(0x10 + i);
        put16(table + 48 + 24 * i + 2, 24);
        put64(table + 48 + 24 * i + 8, 0xfeb80000);
    }
    end_table(table + 96);
    finish();
    ck_assert(read_tables(0));
    ck_assert_uint_eq(facts.mcfg_base, 0xb0000000);
    ck_assert_uint_eq(facts.mcfg_first_bus, 2);
    ck_assert_uint_eq(facts.mcfg_last_bus, 63);
    ck_assert_uint_eq(facts.hpet_base, 0xfed00000);
    ck_assert_uint_eq(facts.pm_timer_port, 0x608);
    ck_assert_uint_eq(facts.iommu_count, 2);
    ck_assert_uint_eq(facts.iommu[0].start, 0xfed90000);
    ck_assert_uint_eq(facts.iommu[0].end, 0xfed92000);
    ck_assert_uint_eq(facts.iommu[1].start, 0xfeb80000);
    /* Without the tables, nothing of before stays. */
    start_tables(true);
    facts.mcfg_base = facts.hpet_base = 1;
    facts.iommu_count = facts.proximity_count = 3;
    add_madt();
    finish();
    ck_assert(read_tables(0));
    ck_assert_uint_eq(facts.mcfg_base | facts.hpet_base | facts.iommu_count |
                          facts.proximity_count | facts.pm_timer_port,
                      0);
}
END_TEST

Suite *acpi_suite(void)
{
    Suite *suite = suite_create("ACPI");
    TCase *tests = tcase_create("tables");
    tcase_add_test(tests, cpus_and_io_apics);
    tcase_add_test(tests, more_cpus_than_there_can_be);
    tcase_add_test(tests, proximity);
    tcase_add_test(tests, the_other_tables);
    suite_add_tcase(suite, tests);
    return suite;
}
