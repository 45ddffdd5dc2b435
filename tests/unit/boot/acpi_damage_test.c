/* ACPI tables that are damaged, contradict each other, or say more than fits. */
#include "acpi_tables.h"
#include "suites.h"
#include <string.h>

START_TEST(damage_is_found)
{
    start_tables(false);
    add_madt();
    finish();
    ck_assert(read_tables(0));
    *at(RSDP + 9) ^= 1;
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "the RSDP is damaged");
    finish();
    *at(ROOT + 20) ^= 1;
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "neither XSDT nor RSDT can be read");
    finish();
    *at(ROOT + 20) ^= 1;
    finish();
    *at(FIRST_TABLE + 60) ^= 1;
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "there is no MADT, or it is damaged");
    *at(FIRST_TABLE + 45) = 1; /* the first entry's length */
    seal_table(FIRST_TABLE, 44 + 20);
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "the MADT has an entry of impossible length");
    *at(FIRST_TABLE + 45) = 21;
    seal_table(FIRST_TABLE, 44 + 20);
    ck_assert(!read_tables(0));
    put32(FIRST_TABLE + 4, 0x7fffffff);
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "there is no MADT, or it is damaged");
    put32(ROOT_ENTRIES, MEMORY_BASE + MEMORY_BYTES - 8);
    seal_table(ROOT, 40);
    ck_assert(!read_tables(0));
    ck_assert(!acpi_read_tables(at(RSDP), 19, 0, largest_id, map_image, NULL, &facts, &why));
}
END_TEST

START_TEST(a_bad_xsdt_leaves_the_rsdt)
{
    start_tables(false);
    add_madt();
    finish();
    *at(RSDP + 15) = 2;
    put64(RSDP + 24, 0x123456789abc);
    set_checksum(RSDP, 20, RSDP + 8);
    wide = true;
    ck_assert_msg(read_tables(0), "%s", why);
}
END_TEST

/* A MADT of one entry, and what is said about it. */
static const char *madt_with(const void *entry, size_t bytes)
{
    start_tables(true);
    paddr_t table = begin_table("APIC");
    memcpy(at(table + 44), entry, bytes);
    end_table(table + 44 + bytes);
    finish();
    return read_tables(0) ? NULL : why;
}

START_TEST(wide_ids_need_x2apic)
{
    static const uint32_t ids[] = {254, 255, 256, 0x17161514};
    for (unsigned i = 0; i < ARRAY_LENGTH(ids); i++) {
        for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
            uint8_t entry[16] = {9, 16, [8] = 1};
            memcpy(entry + 4, &ids[i], 4);
            largest_id = x2apic ? 0xfffffffe : 254;
            bool reachable = x2apic || ids[i] == 254;
            ck_assert_ptr_null(madt_with(entry, sizeof(entry)));
            ck_assert_uint_eq(facts.cpu_count, reachable ? 2 : 1);
            ck_assert_uint_eq(facts.cpus_unreachable, !reachable);
        }
    }
    largest_id = 0xfffffffe;
}
END_TEST

/* The broadcast is no CPU, and none that another mode of the APICs would reach. */
START_TEST(broadcast_is_no_cpu)
{
    for (unsigned x2apic = 0; x2apic < 2; x2apic++) {
        static const uint8_t wide[16] = {9, 16, [4] = 255, 255, 255, 255, [8] = 1};
        static const uint8_t narrow[8] = {0, 8, 0, 255, 1};
        largest_id = x2apic ? 0xfffffffe : 254;
        ck_assert_ptr_null(madt_with(wide, sizeof(wide)));
        ck_assert_uint_eq(facts.cpu_count, 1);
        ck_assert_uint_eq(facts.cpus_unreachable, 0);
        ck_assert_ptr_null(madt_with(narrow, sizeof(narrow)));
        ck_assert_uint_eq(facts.cpu_count, 1);
    }
    largest_id = 0xfffffffe;
}
END_TEST

/* Its four bytes are ports, or it is not used. */
START_TEST(pm_timers_without_ports)
{
    static const struct {
        uint32_t port;
        uint8_t length;
        uint16_t used;
    } timers[] = {{0x608, 4, 0x608}, {0xfffc, 4, 0xfffc}, {0xfffd, 4, 0},
                  {0x10608, 4, 0},   {0x608, 3, 0},       {0x608, 0, 0}};
    for (unsigned i = 0; i < ARRAY_LENGTH(timers); i++) {
        start_tables(true);
        add_madt();
        paddr_t table = begin_table("FACP");
        put32(table + 76, timers[i].port);
        *at(table + 91) = timers[i].length;
        end_table(table + 116);
        finish();
        ck_assert(read_tables(0));
        ck_assert_uint_eq(facts.pm_timer_port, timers[i].used);
    }
}
END_TEST

START_TEST(io_apics_are_all_reserved_or_refused)
{
    static uint8_t entries[65 * 12];
    for (unsigned i = 0; i < 65; i++) {
        uint32_t base = 0xfec00000 + i * 0x400;
        entries[12 * i] = 1;
        entries[12 * i + 1] = 12;
        memcpy(&entries[12 * i + 4], &base, 4);
    }
    ck_assert_ptr_null(madt_with(entries, 64 * 12));
    ck_assert_uint_eq(facts.io_apic_count, 64);
    ck_assert_uint_eq(facts.io_apic[63].base, 0xfec00000 + 63 * 0x400);
    ck_assert_str_eq(madt_with(entries, 65 * 12), "there are more than 64 IOAPICs");
    const char *odd = "the MADT has an IOAPIC at an address that is 0 or no multiple of 16";
    entries[4] = 6;
    ck_assert_str_eq(madt_with(entries, 12), odd);
    memset(entries + 4, 0, 4);
    ck_assert_str_eq(madt_with(entries, 12), odd);
}
END_TEST

START_TEST(padding_is_no_entry)
{
    static const uint8_t entry[11] = {0, 8, 0, 7, 1};
    for (unsigned padding = 0; padding <= 3; padding++) {
        ck_assert_ptr_null(madt_with(entry, 8 + padding));
        ck_assert_uint_eq(facts.cpu_count, 2);
    }
    ck_assert_str_eq(madt_with("\x7f\0\0", 3), "the MADT has an entry of impossible length");
}
END_TEST

/* DMAR units, as many as given, each on its own page. */
static void add_dmar(unsigned units)
{
    paddr_t entry = begin_table("DMAR") + 48;
    for (unsigned i = 0; i < units; i++, entry += 16) {
        put16(entry + 2, 16);
        put64(entry + 8, 0xfed90000 + i * 0x1000);
    }
    end_table(entry);
}

START_TEST(iommus_are_all_reserved_or_refused)
{
    for (unsigned units = 64; units <= 65; units++) {
        start_tables(true);
        add_madt();
        add_dmar(units);
        finish();
        ck_assert_int_eq(read_tables(0), units == 64);
    }
    ck_assert_str_eq(why, "there are more than 64 IOMMUs");
    start_tables(true);
    add_madt();
    paddr_t dmar = next_table;
    add_dmar(2);
    finish();
    ck_assert(read_tables(0));
    ck_assert_uint_eq(facts.iommu_count, 2);
    *at(dmar + 20) ^= 1;
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "the DMAR (the IOMMUs) is damaged");
    put16(dmar + 66, 3);
    seal_table(dmar, 48 + 32);
    ck_assert(!read_tables(0));
    ck_assert_str_eq(why, "the DMAR has an entry of impossible length");
}
END_TEST

/* The XSDT is good, and what it says of the MADT is not: null, or where nothing can be read. */
START_TEST(the_rsdt_has_what_the_xsdt_lacks)
{
    static const uint64_t places[] = {0, 0x123456789abc};
    for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
        start_tables(false);
        add_madt();
        finish();
        paddr_t xsdt = next_table;
        memcpy(at(xsdt), "XSDT", 4);
        put64(xsdt + 36, places[i]);
        seal_table(xsdt, 44);
        *at(RSDP + 15) = 2;
        put64(RSDP + 24, xsdt);
        set_checksum(RSDP, 20, RSDP + 8);
        wide = true;
        ck_assert_msg(read_tables(0), "%s", why);
        ck_assert_uint_eq(facts.cpu_count, 3);
    }
}
END_TEST

START_TEST(the_rsdp_is_found)
{
    start_tables(true);
    finish();
    memcpy(at(MEMORY_BASE + 0x1230), at(RSDP), 36);
    ck_assert_ptr_eq(acpi_find_rsdp(memory_image + 16, sizeof(memory_image) - 16),
                     at(MEMORY_BASE + 0x1230));
    ck_assert_ptr_eq(acpi_find_rsdp(memory_image, sizeof(memory_image)), at(RSDP));
    ck_assert_ptr_null(acpi_find_rsdp(memory_image + 8, 0x1000)); /* only at multiples of 16 */
    ck_assert_ptr_null(acpi_find_rsdp(memory_image, 35));         /* cut */
    ck_assert_ptr_null(acpi_find_rsdp(memory_image, 0));
    *at(RSDP + 33) ^= 1; /* the second checksum counts */
    ck_assert_ptr_null(acpi_find_rsdp(memory_image, 64));
    *at(RSDP + 15) = 0;
    set_checksum(RSDP, 20, RSDP + 8);
    ck_assert_ptr_eq(acpi_find_rsdp(memory_image, 20), at(RSDP));
    *at(RSDP + 3) ^= 1;
    ck_assert_ptr_null(acpi_find_rsdp(memory_image, 64));
}
END_TEST

Suite *acpi_damage_suite(void)
{
    Suite *suite = suite_create("ACPI, damaged");
    TCase *tests = tcase_create("tables");
    tcase_add_test(tests, damage_is_found);
    tcase_add_test(tests, a_bad_xsdt_leaves_the_rsdt);
    tcase_add_test(tests, wide_ids_need_x2apic);
    tcase_add_test(tests, broadcast_is_no_cpu);
    tcase_add_test(tests, pm_timers_without_ports);
    tcase_add_test(tests, io_apics_are_all_reserved_or_refused);
    tcase_add_test(tests, padding_is_no_entry);
    tcase_add_test(tests, iommus_are_all_reserved_or_refused);
    tcase_add_test(tests, the_rsdt_has_what_the_xsdt_lacks);
    tcase_add_test(tests, the_rsdp_is_found);
    suite_add_tcase(suite, tests);
    return suite;
}
