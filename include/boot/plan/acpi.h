/*
 * ACPI tables: MADT (CPUs, IOAPICs), SRAT (proximity), MCFG, HPET, FADT (PM timer, and with
 * the DSDT how the machine is switched off), DMAR and IVRS
 * (IOMMU register pages). Plain C; every length and checksum is checked, and memory is read only
 * through `map`, so that the parser runs and is fuzzed on the host. A table that is damaged counts
 * as absent; only the MADT has to be there.
 */
#ifndef BOOT_PLAN_ACPI_H
#define BOOT_PLAN_ACPI_H

#include <boot/plan/plan.h>

/* Readable bytes [address, address + size), or null if they are not memory that may be read. */
typedef const uint8_t *map_function(void *context, paddr_t address, uint64_t size);

/*
 * Looks for an RSDP on 16-byte boundaries in `bytes`; null if there is none with a right checksum.
 */
const uint8_t *acpi_find_rsdp(const uint8_t *bytes, uint64_t size);

/*
 * Reads the tables that the RSDP (20 or 36 bytes, `rsdp_size`) leads to into `facts`: cpu
 * (boot_apic_id first), io_apic (pins left 0), proximity, mcfg, hpet_base, pm_timer_port,
 * power_off, iommu.
 * CPUs that are not enabled, or listed twice, do not count; a boot CPU that is not listed does.
 * CPUs whose id is above `largest_apic_id` cannot be sent an interrupt and are counted in
 * cpus_unreachable. False: no usable MADT, or IOAPICs or IOMMUs that could not be kept from
 * programs; *why then says so in one phrase.
 */
bool acpi_read_tables(const uint8_t *rsdp, uint64_t rsdp_size, uint32_t boot_apic_id,
                      uint32_t largest_apic_id, map_function *map, void *context,
                      struct machine_facts *facts, const char **why);

/*
 * Looks for the package \_S5 in a table's AML: its first two numbers are the sleep types for the
 * two control registers. False: it is not there, or not made of constants.
 */
bool acpi_find_sleep_package(const uint8_t *aml, uint64_t bytes, uint8_t type[2]);

#endif
