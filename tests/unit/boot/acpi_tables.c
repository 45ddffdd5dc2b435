/* Writing ACPI tables (acpi_tables.h). */
#include "acpi_tables.h"
#include <string.h>

struct machine_facts facts;
const char *why;
paddr_t next_table;
static unsigned tables;
bool wide;
uint32_t largest_id = 0xfffffffe;

uint8_t *at(paddr_t address)
{
    return memory_image + (address - MEMORY_BASE);
}

void set_checksum(paddr_t start, uint32_t bytes, paddr_t place)
{
    uint8_t sum = 0;
    *at(place) = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        sum = (uint8_t)(sum + *at(start + i));
    }
    *at(place) = (uint8_t)-sum;
}

void seal_table(paddr_t table, uint32_t bytes)
{
    put32(table + 4, bytes);
    set_checksum(table, bytes, table + 9);
}

void start_tables(bool with_xsdt)
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
paddr_t begin_table(const char *signature)
{
    memcpy(at(next_table), signature, 4);
    return next_table;
}

void end_table(paddr_t end)
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

void finish(void)
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

bool read_tables(uint32_t boot_apic_id)
{
    why = NULL;
    return acpi_read_tables(at(RSDP), wide ? 36 : 20, boot_apic_id, largest_id, map_image, NULL,
                            &facts, &why);
}

paddr_t add_local_apic(paddr_t entry, uint32_t apic_id, uint32_t flags)
{
    *at(entry) = 0;
    *at(entry + 1) = 8;
    *at(entry + 3) = (uint8_t)apic_id;
    put32(entry + 4, flags);
    return entry + 8;
}

paddr_t add_x2apic(paddr_t entry, uint32_t apic_id, uint32_t flags)
{
    *at(entry) = 9;
    *at(entry + 1) = 16;
    put32(entry + 4, apic_id);
    put32(entry + 8, flags);
    return entry + 16;
}

paddr_t add_io_apic(paddr_t entry, uint32_t address, uint32_t first_gsi)
{
    *at(entry) = 1;
    *at(entry + 1) = 12;
    put32(entry + 4, address);
    put32(entry + 8, first_gsi);
    return entry + 12;
}

/* CPUs 3, 0, 1 (off), 0x200; two IOAPICs. */
void add_madt(void)
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
