/*
 * PCI functions through their memory-mapped configuration page (PCI Express base specification,
 * 7.2.2), which the node that was given the function has among its device untypeds. No ports are
 * needed, so any node can have devices.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_BAR0 = 0x10,
    PCI_CAPABILITIES = 0x34,

    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_BUS_MASTER = 1 << 2,
    PCI_COMMAND_NO_INTX = 1 << 10,
    PCI_STATUS_HAS_CAPABILITIES = 1 << 4,

    PCI_CAPABILITY_MSI = 0x05,
    PCI_CAPABILITY_VENDOR = 0x09,
    PCI_CAPABILITY_MSIX = 0x11,
};

struct pci_function {
    volatile uint8_t *config; /* its configuration page */
    seL4_Word id;             /* bus << 8 | device << 3 | function: for cmk_msi_message */
    uint16_t vendor, device;
    volatile uint8_t *msix_table; /* null until pci_msix_set */
};

/*
 * Opens the function "BB:DD.F" (hexadecimal, as in nodeK.devices=), and turns its memory registers
 * on. False if the text is no such name, this node was not given the function, or nothing answers
 * there.
 */
bool pci_open(struct pci_function *function, const char *name);

uint8_t pci_read8(const struct pci_function *function, unsigned offset);
uint16_t pci_read16(const struct pci_function *function, unsigned offset);
uint32_t pci_read32(const struct pci_function *function, unsigned offset);
void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value);
void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value);

/* Lets the function read and write memory. Boot turned that off in all functions. */
void pci_enable_dma(const struct pci_function *function);

/*
 * Offset of the function's next capability with this id after the one at `after` (0: from the
 * beginning); 0 if there is none.
 */
unsigned pci_find_capability(const struct pci_function *function, uint8_t id, unsigned after);

/* Physical address of memory register `bar`, 0 to 5; 0 if it is a port register or unused. */
seL4_Word pci_bar_address(const struct pci_function *function, unsigned bar);

/* Maps bytes [offset, offset + bytes) of a memory register; null if that is not possible. */
volatile void *pci_map_bar(const struct pci_function *function, unsigned bar, uint32_t offset,
                           uint32_t bytes);

/*
 * Sets message `entry` of the function's MSI-X table, unmasked, and turns MSI-X on. `address` and
 * `data` are those of <cmk/msi.h>. False if there is no MSI-X, no such entry, or the table is out
 * of reach.
 */
bool pci_msix_set(struct pci_function *function, unsigned entry, seL4_Word address, uint32_t data);

/* Sets the function's one MSI message, and turns MSI on. False if it has no MSI. */
bool pci_msi_set(const struct pci_function *function, seL4_Word address, uint32_t data);

CMK_END_C

#endif
