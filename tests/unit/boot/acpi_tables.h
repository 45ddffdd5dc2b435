/*
 * ACPI tables for tests, in memory_image: start_tables(), then begin_table() and end_table() for
 * each, then finish() and read_tables().
 */
#ifndef TEST_ACPI_TABLES_H
#define TEST_ACPI_TABLES_H

#include "memory_image.h"
#include <boot/plan/acpi.h>

enum {
    RSDP = MEMORY_BASE,
    ROOT = MEMORY_BASE + 0x100,
    FIRST_TABLE = MEMORY_BASE + 0x200,
    ROOT_ENTRIES = ROOT + 36
};

extern struct machine_facts facts; /* what read_tables() found */
extern const char *why;            /* or why it did not */
extern paddr_t next_table;         /* where the next table begins */
extern bool wide;                  /* the root is an XSDT */
extern uint32_t largest_id;        /* that this machine's CPUs can have */

uint8_t *at(paddr_t address);
/* Makes the bytes from `start` add up to 0, by the one at `place`. */
void set_checksum(paddr_t start, uint32_t bytes, paddr_t place);
void seal_table(paddr_t table, uint32_t bytes);
void start_tables(bool with_xsdt);
paddr_t begin_table(const char *signature);
void end_table(paddr_t end);
void finish(void);
bool read_tables(uint32_t boot_apic_id);
paddr_t add_local_apic(paddr_t entry, uint32_t apic_id, uint32_t flags);
paddr_t add_x2apic(paddr_t entry, uint32_t apic_id, uint32_t flags);
paddr_t add_io_apic(paddr_t entry, uint32_t address, uint32_t first_gsi);
void add_madt(void);

#endif
