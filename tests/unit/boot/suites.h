#ifndef TEST_BOOT_SUITES_H
#define TEST_BOOT_SUITES_H

#include <check.h>

Suite *words_suite(void);
Suite *mistakes_suite(void);
Suite *bad_images_suite(void);
Suite *shapes_suite(void);
Suite *devices_suite(void);
Suite *iommu_suite(void);
Suite *random_suite(void);
Suite *elf_suite(void);
Suite *acpi_suite(void);
Suite *acpi_damage_suite(void);
Suite *acpi_power_off_suite(void);
Suite *multiboot_suite(void);
Suite *clock_suite(void);
Suite *topology_suite(void);

#endif
