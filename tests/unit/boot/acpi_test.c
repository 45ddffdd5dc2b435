/* ACPI tables: what they say, and what happens when they are damaged. */
#include "memory_image.h"
#include "suites.h"
#include <boot/plan/acpi.h>
#include <stdlib.h>
#include <string.h>

enum {
    RSDP = MEMORY_BASE,
    ROOT = MEMORY_BASE + 0x100,
    FIRST_TABLE = MEMORY_BASE + 0x200,
    ROOT_ENTRIES = ROOT + 36
};

static struct machine_facts facts;
static const char *why;
static paddr_t next_table;
static unsigned tables;
static bool wide; /* XSDT */
static uint32_t largest_id = 0xfffffffe;

static uint8_t *at(paddr_t address)
{
    return memory_image + (address - MEMORY_BASE);
}

static void set_checksum(paddr_t start, uint32_t bytes, paddr_t place)
{
    uint8_t sum = 0;
    *at(place) = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        sum = (uint8_t)(sum + *at(start + i));
    }
    *at(place) = (uint8_t)-sum;
}

static void seal_table(paddr_t table, uint32_t bytes)
{
    put32(table + 4, bytes);
    set_checksum(table, bytes, table + 9);
}

static void start_tables(bool with_xsdt)
{
    wide = with_xsdt;
    memset(memory_image, 0, sizeof(memory_image));
    memset(&facts, 0, sizeof(facts));
    memcpy(at(RSDP), "RSD PTR ", 8);
    memcpy(at(ROOT), wide ? "XSDT" : "RSDT", 4);
    next_table = FIRST_TABLE;
    tables = 0;
}

/* Starts a table; the caller writes after the header and calls end_table. */
static paddr_t begin_table(const char *signature)
{
    memcpy(at(next_table), signature, 4);
    return next_table;
}

static void end_table(paddr_t end)
{
    seal_table(next_table, (uint32_t)(end - next_table));
    if (wide) {
        put64(ROOT_ENTRIES + 8 * tables, next_table);
    } else {
        put32(ROOT_ENTRIES + 4 * tables, next_table);
    }
    tables++;
    next_table = (end + 15) & ~15ull;
}

static void finish(void)
{
    seal_table(ROOT, 36 + tables * (wide ? 8 : 4));
    *at(RSDP + 15) = wide ? 2 : 0;
    if (wide) {
        put32(RSDP + 20, 36);
        put64(RSDP + 24, ROOT);
    } else {
        put32(RSDP + 16, ROOT);
    }
    set_checksum(RSDP, 20, RSDP + 8);
    set_checksum(RSDP, 36, RSDP + 32);
}

static bool read_tables(uint32_t boot_apic_id)
{
    why = NULL;
    return acpi_read_tables(at(RSDP), wide ? 36 : 20, boot_apic_id, largest_id, map_image, NULL,
                            &facts, &why);
}

static paddr_t add_local_apic(paddr_t entry, uint32_t apic_id, uint32_t flags)
{
    *at(entry) = 0;
    *at(entry + 1) = 8;
    *at(entry + 3) = (uint8_t)apic_id;
    put32(entry + 4, flags);
    return entry + 8;
}

static paddr_t add_x2apic(paddr_t entry, uint32_t apic_id, uint32_t flags)
{
    *at(entry) = 9;
    *at(entry + 1) = 16;
    put32(entry + 4, apic_id);
    put32(entry + 8, flags);
    return entry + 16;
}

static paddr_t add_io_apic(paddr_t entry, uint32_t address, uint32_t first_gsi)
{
    *at(entry) = 1;
    *at(entry + 1) = 12;
    put32(entry + 4, address);
    put32(entry + 8, first_gsi);
    return entry + 12;
}

/* CPUs 3, 0, 1 (off), 0x200; two IOAPICs. */
static void add_madt(void)
{
    paddr_t entry = begin_table("APIC") + 44;
    entry = add_local_apic(entry, 3, 1);
    entry = add_io_apic(entry, 0xfec00000, 0);
    entry = add_local_apic(entry, 0, 1);
    entry = add_local_apic(entry, 1, 0);
    entry = add_local_apic(entry, 255, 1);
    entry = add_local_apic(entry, 3, 1);
    *at(entry) = 200;
    *at(entry + 1) = 2;
    entry += 2;
    entry = add_x2apic(entry, 0x200, 1);
    entry = add_x2apic(entry, 0x201, 2);
    entry = add_io_apic(entry, 0xfec01000, 24);
    end_table(entry);
}

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

/* --- switching the machine off --- */

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
     {'_', 'S', '5', '_', 8, '_', 'S', '5', '_', 0x12, 4, 2, 1, 0}, 14, {1, 0}},
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

Suite *acpi_suite(void)
{
    Suite *suite = suite_create("ACPI");
    TCase *tests = tcase_create("tables");

    tcase_add_test(tests, cpus_and_io_apics);
    tcase_add_test(tests, more_cpus_than_there_can_be);
    tcase_add_test(tests, proximity);
    tcase_add_test(tests, the_other_tables);
    tcase_add_test(tests, how_to_switch_off);
    tcase_add_loop_test(tests, sleep_packages, 0, ARRAY_LENGTH(packages));
    tcase_add_test(tests, damage_is_found);
    tcase_add_test(tests, a_bad_xsdt_leaves_the_rsdt);
    tcase_add_test(tests, wide_ids_need_x2apic);
    tcase_add_test(tests, io_apics_are_all_reserved_or_refused);
    tcase_add_test(tests, padding_is_no_entry);
    tcase_add_test(tests, iommus_are_all_reserved_or_refused);
    tcase_add_test(tests, the_rsdt_has_what_the_xsdt_lacks);
    tcase_add_test(tests, the_rsdp_is_found);
    suite_add_tcase(suite, tests);
    return suite;
}
