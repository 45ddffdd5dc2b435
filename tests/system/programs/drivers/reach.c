/* What each node can reach, and what not. */
#include "suite.h"

#include <cmk/resources.h>
#include <drivers/device_memory.h>
#include <drivers/pci.h>

#define EDU             "00:05.0"
#define SATA            "00:1f.2" /* every q35 machine has it */
#define COM1            0x3f8
#define COM2            0x2f8
#define KEYBOARD        0x60
#define PCI_CONFIG_PORT 0xcf8
#define IO_APIC_PIN     5

static seL4_Error issue(seL4_Word first, seL4_Word last)
{
    return seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, first, last, seL4_CapInitThreadCNode,
                                        cmk_alloc_slot(), seL4_WordBits);
}

static seL4_Error get_pin(void)
{
    return seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, cmk_alloc_slot(),
                                     seL4_WordBits, 0, IO_APIC_PIN, 1, 1, 40);
}

static seL4_Word device_untypeds(void)
{
    const seL4_BootInfo *boot_info = seL4_GetBootInfo();
    seL4_Word count = 0;
    for (seL4_Word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        count += boot_info->untypedList[i].isDevice;
    }
    return count;
}

static bool can_open(const char *name, uint16_t vendor)
{
    struct pci_function function;
    return pci_open(&function, name) && function.vendor == vendor;
}

void test_node_with_all(void)
{
    report("all-has-the-rest", can_open(SATA, 0x8086));
    report("all-lacks-listed-function", !can_open(EDU, 0x1234));
    check_equal("all-lacks-listed-port", issue(COM2, COM2), seL4_RevokeFirst);
    check_equal("all-lacks-range-over-listed-port", issue(COM2 - 8, COM2 + 15), seL4_RevokeFirst);
    check_equal("all-lacks-a-console-that-others-share", issue(COM1, COM1 + 7), seL4_RevokeFirst);
    check_equal("all-has-other-ports", issue(KEYBOARD, KEYBOARD), seL4_NoError);
    check_equal("all-has-configuration-ports", issue(PCI_CONFIG_PORT, PCI_CONFIG_PORT + 7),
                seL4_NoError);
    check_equal("all-has-pins", get_pin(), seL4_NoError);
}

void test_node_with_list(void)
{
    report("list-has-its-function", can_open(EDU, 0x1234));
    report("list-lacks-other-function", !can_open(SATA, 0x8086));
    check_equal("list-lacks-other-port", issue(KEYBOARD, KEYBOARD), seL4_RevokeFirst);
    check_equal("list-lacks-configuration-ports", issue(PCI_CONFIG_PORT, PCI_CONFIG_PORT + 7),
                seL4_RevokeFirst);
    check_equal("list-lacks-more-than-its-ports", issue(COM2, COM2 + 8), seL4_RevokeFirst);
    check_equal("list-has-its-ports", issue(COM2, COM2 + 7), seL4_NoError);
    check_equal("list-gives-ports-once", issue(COM2 + 3, COM2 + 3), seL4_RevokeFirst);
    check_equal("list-lacks-pins", get_pin(), seL4_IllegalOperation);
}

void test_node_without(void)
{
    check_equal("none-has-no-device-memory", device_untypeds(), 0);
    report("none-lacks-functions", !can_open(EDU, 0x1234) && !can_open(SATA, 0x8086));
    report("none-lacks-low-memory", !device_map(0xb8000, 0x1000));
    seL4_Word refused = 0;
    for (seL4_Word port = 0; port < 0x10000; port++) {
        seL4_CPtr slot = cmk_alloc_slot();
        refused +=
            seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, port, port, seL4_CapInitThreadCNode,
                                         slot, seL4_WordBits) == seL4_RevokeFirst;
        cmk_free_slot(slot);
    }
    check_equal("none-lacks-every-port", refused, 0x10000);
    check_equal("none-lacks-the-range-of-all", issue(0, 0xffff), seL4_RevokeFirst);
    check_equal("none-lacks-pins", get_pin(), seL4_IllegalOperation);
}
