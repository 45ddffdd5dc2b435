/* How the machine is switched off, as ACPI tables say it. */
#include "acpi_tables.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what;
    uint8_t bytes[20];
    uint8_t count;
    int type[2]; /* -1: not found */
} packages[] = {
    {"QEMU's", {8, '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0}, 12, {0, 0}},
    {"bytes", {8, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 7, 0x0a, 5, 0, 0}, 14, {7, 5}},
    {"from the root", {8, '\\', '_', 'S', '5', '_', 0x12, 4, 2, 1, 0}, 11, {1, 0}},
    {"a length of two bytes", {8, '_', 'S', '5', '_', 0x12, 0x46, 0, 2, 1, 1}, 11, {1, 1}},
    {"a word", {8, '_', 'S', '5', '_', 0x12, 7, 2, 0x0b, 5, 0, 1}, 12, {5, 1}},
    {"a double word", {8, '_', 'S', '5', '_', 0x12, 9, 2, 0x0c, 5, 0, 0, 0, 1}, 14, {5, 1}},
    {"the second is the name",
     {'_', 'S', '5', '_', 8, '_', 'S', '5', '_', 0x12, 4, 2, 1, 0},
     14,
     {1, 0}},
    {"too large", {8, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 8, 0x0a, 5, 0, 0}, 14, {-1, -1}},
    {"too large a word", {8, '_', 'S', '5', '_', 0x12, 7, 2, 0x0b, 5, 1, 1}, 12, {-1, -1}},
    {"one element", {8, '_', 'S', '5', '_', 0x12, 3, 1, 1, 1}, 10, {-1, -1}},
    {"a method", {0x14, 6, '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0}, 13, {-1, -1}},
    {"a name's name", {8, '_', 'S', '5', '_', 'X', 'Y', 'Z', '_', 0x12, 4, 2, 1}, 13, {-1, -1}},
    {"cut", {8, '_', 'S', '5', '_', 0x12, 6, 4, 0}, 9, {-1, -1}},
    {"cut in its length", {8, '_', 'S', '5', '_', 0x12, 0xc6}, 7, {-1, -1}},
    {"cut in a number", {8, '_', 'S', '5', '_', 0x12, 7, 2, 1, 0x0b, 5}, 11, {-1, -1}},
    {"no package", {8, '_', 'S', '5', '_'}, 5, {-1, -1}},
    {"nothing", {0}, 0, {-1, -1}},
};

START_TEST(sleep_packages)
{
    uint8_t type[2] = {0xee, 0xee};
    /* In memory of exactly its size, so that the address sanitizer sees every read beyond it. */
    uint8_t *copy = malloc(packages[_i].count + 1u) + 1;
    memcpy(copy, packages[_i].bytes, packages[_i].count);
    bool found = acpi_find_sleep_package(copy, packages[_i].count, type);
    free(copy - 1);
    ck_assert_msg(found == (packages[_i].type[0] >= 0), "%s", packages[_i].what);
    if (found) {
        ck_assert_int_eq(type[0], packages[_i].type[0]);
        ck_assert_int_eq(type[1], packages[_i].type[1]);
    }
}
END_TEST

static paddr_t add_dsdt(void)
{
    static const uint8_t package[] = {8, '_', 'S', '5', '_', 0x12, 6, 2, 0x0a, 5, 0x0a, 6};
    paddr_t table = begin_table("DSDT");
    memcpy(at(table + 40), package, sizeof(package));
    end_table(table + 56);
    return table;
}

/* A FADT of so many bytes, with its 32-bit fields. */
static paddr_t begin_fadt(paddr_t dsdt)
{
    paddr_t table = begin_table("FACP");
    put32(table + 40, (uint32_t)dsdt);
    put32(table + 48, 0xb2);
    *at(table + 52) = 0xa1;
    put32(table + 64, 0x604);
    put32(table + 68, 0x704);
    return table;
}

static void read_fadt(paddr_t end)
{
    end_table(end);
    finish();
    ck_assert(read_tables(0));
}

START_TEST(how_to_switch_off)
{
    start_tables(true);
    add_madt();
    paddr_t table = begin_fadt(add_dsdt());
    read_fadt(table + 116);
    const struct power_off *off = &facts.power_off;
    ck_assert(off->control_port[0] == 0x604 && off->control_port[1] == 0x704);
    ck_assert(off->sleep_type[0] == 5 && off->sleep_type[1] == 6);
    ck_assert(off->enable_port == 0xb2 && off->enable_value == 0xa1);

    /* The 64-bit fields count where they say something. */
    start_tables(true);
    add_madt();
    paddr_t dsdt = add_dsdt();
    table = begin_fadt(0);
    put32(table + 64, 0);
    put64(table + 140, dsdt);
    *at(table + 172) = 1;
    put64(table + 176, 0x1804);
    *at(table + 184) = 1;
    put64(table + 188, 0x12345);
    put32(table + 68, 0);
    read_fadt(table + 244);
    ck_assert(off->control_port[0] == 0x1804 && off->control_port[1] == 0);

    /* No such registers; a DSDT that is not there; a short FADT. */
    start_tables(true);
    add_madt();
    table = begin_fadt(add_dsdt());
    put32(table + 112, 1 << 20);
    read_fadt(table + 116);
    ck_assert_uint_eq(off->control_port[0], 0);
    start_tables(true);
    add_madt();
    table = begin_fadt(0x10);
    read_fadt(table + 116);
    ck_assert_uint_eq(off->control_port[0], 0);
    start_tables(true);
    add_madt();
    table = begin_fadt(add_dsdt());
    read_fadt(table + 92);
    ck_assert_uint_eq(off->control_port[0], 0);
}
END_TEST

Suite *acpi_power_off_suite(void)
{
    Suite *suite = suite_create("ACPI, switching off");
    TCase *tests = tcase_create("tables");
    tcase_add_test(tests, how_to_switch_off);
    tcase_add_loop_test(tests, sleep_packages, 0, ARRAY_LENGTH(packages));
    suite_add_tcase(suite, tests);
    return suite;
}
