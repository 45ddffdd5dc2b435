/* PCI functions by their configuration page, and the addresses of message signalled interrupts. */
#include "world.h"

#include <cmk/msi.h>
#include <drivers/pci.h>
#include <string.h>

static void put16(unsigned at, uint16_t value)
{
    memcpy(config_page + at, &value, 2);
}

static void put32(unsigned at, uint32_t value)
{
    memcpy(config_page + at, &value, 4);
}

static uint16_t get16(unsigned at)
{
    uint16_t value;
    memcpy(&value, config_page + at, 2);
    return value;
}

/* A function with MSI at 0x40 and MSI-X at 0x50, whose table is at 0x100 of register 4. */
static struct pci_function open_function(void)
{
    struct pci_function function;
    memset(config_page, 0, sizeof(config_page));
    memset(register_page, 0, sizeof(register_page));
    put16(PCI_VENDOR, 0x1af4);
    put16(PCI_DEVICE, 0x1041);
    put16(PCI_STATUS, 1 << 4);
    put32(PCI_BAR0, 0xfe000001); /* a port */
    put32(PCI_BAR0 + 4, 0xfe001000);
    put32(PCI_BAR0 + 16, 0xfe00000c); /* 64 bits, prefetchable */
    put32(PCI_BAR0 + 20, 0x12);
    config_page[PCI_CAPABILITIES] = 0x40;
    config_page[0x40] = PCI_CAPABILITY_MSI;
    config_page[0x41] = 0x50;
    config_page[0x50] = PCI_CAPABILITY_MSIX;
    put16(0x52, 3); /* four entries */
    put32(0x54, 0x104);
    ck_assert(pci_open(&function, "00:03.0"));
    return function;
}

START_TEST(names)
{
    static const char *const wrong[] = {"",        "0",       "00",       "00:",     "00:03",
                                        "00:03.",  "00:03.8", "00:03.00", "00:20.0", "0g:03.0",
                                        "00-03.0", "00:03,0", "40:03.0",  "00:03.0 "};
    struct pci_function function = open_function();
    ck_assert_uint_eq(function.vendor, 0x1af4);
    ck_assert_uint_eq(function.device, 0x1041);
    ck_assert_uint_eq(get16(PCI_COMMAND), PCI_COMMAND_MEMORY);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!pci_open(&function, wrong[i]), "%s", wrong[i]);
    }
    put16(PCI_VENDOR, 0xffff);
    ck_assert(!pci_open(&function, "00:03.0"));
}
END_TEST

START_TEST(registers)
{
    struct pci_function function = open_function();
    ck_assert_uint_eq(pci_bar_address(&function, 0), 0);
    ck_assert_uint_eq(pci_bar_address(&function, 1), 0xfe001000);
    ck_assert_uint_eq(pci_bar_address(&function, 3), 0);
    ck_assert_uint_eq(pci_bar_address(&function, 4), 0x12fe000000);
    ck_assert_uint_eq(pci_bar_address(&function, 6), 0);
    ck_assert_ptr_null((void *)pci_map_bar(&function, 0, 0, 4));
}
END_TEST

START_TEST(capability_lists)
{
    struct pci_function function = open_function();
    ck_assert_uint_eq(pci_find_capability(&function, PCI_CAPABILITY_MSIX, 0), 0x50);
    ck_assert_uint_eq(pci_find_capability(&function, PCI_CAPABILITY_MSI, 0x40), 0);
    config_page[0x51] = 0x40; /* a circle */
    ck_assert_uint_eq(pci_find_capability(&function, PCI_CAPABILITY_VENDOR, 0), 0);
    config_page[0x51] = 0x10; /* into the header */
    ck_assert_uint_eq(pci_find_capability(&function, PCI_CAPABILITY_VENDOR, 0), 0);
    put16(PCI_STATUS, 0);
    ck_assert_uint_eq(pci_find_capability(&function, PCI_CAPABILITY_MSI, 0), 0);
}
END_TEST

START_TEST(msix)
{
    struct pci_function function = open_function();
    uint32_t entry[4];
    memset(register_page, 0xff, sizeof(register_page));
    ck_assert(!pci_msix_set(&function, 4, 0xfee00000, 0x30));
    ck_assert(!pci_msix_set(&function, 0, 0, 0x30));
    ck_assert(pci_msix_set(&function, 2, 0xfee04000, 0x31));
    ck_assert_uint_eq(mapped_paddr, 0x12fe000100);
    memcpy(entry, register_page + 2 * 16, 16);
    ck_assert_uint_eq(entry[0], 0xfee04000);
    ck_assert_uint_eq(entry[1], 0);
    ck_assert_uint_eq(entry[2], 0x31);
    ck_assert_uint_eq(entry[3], 0);
    ck_assert_uint_eq(get16(0x52), 0x8003);
    ck_assert_uint_eq(get16(PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX);
}
END_TEST

START_TEST(msi)
{
    struct pci_function function = open_function();
    put16(0x42, 0x0070); /* 32 bits; eight messages were on */
    ck_assert(pci_msi_set(&function, 0xfee04000, 0x31));
    ck_assert_uint_eq(get16(0x42), 1);
    ck_assert_uint_eq(get16(0x44), 0x4000);
    ck_assert_uint_eq(get16(0x48), 0x31);
    put16(0x42, 0x0080); /* 64 bits */
    put32(0x48, 0xffffffff);
    ck_assert(pci_msi_set(&function, 0xfee04000, 0x32));
    ck_assert_uint_eq(get16(0x48), 0);
    ck_assert_uint_eq(get16(0x4c), 0x32);
    config_page[0x40] = 0;
    ck_assert(!pci_msi_set(&function, 0xfee04000, 0x32));
}
END_TEST

START_TEST(message_addresses)
{
    ck_assert_uint_eq(cmk_msi_address(0), 0xfee00000);
    ck_assert_uint_eq(cmk_msi_address(1), 0xfee04000);
    ck_assert_uint_eq(cmk_msi_address(2), 0); /* APIC id 255, the broadcast */
    ck_assert_uint_eq(cmk_msi_address(3), 0xfeefe000);
    ck_assert_uint_eq(cmk_msi_address(4), 0); /* no such CPU */
    ck_assert_uint_eq(cmk_msi_data(0), 0x30);
    ck_assert_uint_eq(cmk_msi_data(107), 0x9b);
}
END_TEST

Suite *pci_suite(void)
{
    Suite *suite = suite_create("pci");
    TCase *cases = tcase_create("pci");
    tcase_add_test(cases, names);
    tcase_add_test(cases, registers);
    tcase_add_test(cases, capability_lists);
    tcase_add_test(cases, msix);
    tcase_add_test(cases, msi);
    tcase_add_test(cases, message_addresses);
    suite_add_tcase(suite, cases);
    return suite;
}
