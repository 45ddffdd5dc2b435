/* <drivers/pci.h>. Offsets of registers: PCI Local Bus specification 3.0, chapter 6. */
#include <cmk/cluster.h>
#include <ctype.h>
#include <drivers/device_memory.h>
#include <drivers/pci.h>

#define CONFIG_PAGE_BYTES 4096
#define FIRST_CAPABILITY  0x40 /* capabilities lie behind the header */
#define MAX_CAPABILITIES  48   /* as many as fit: the bound of a list that may be circular */
#define CAPABILITY_NEXT   1

enum {
    BAR_IS_PORT = 1 << 0,
    BAR_TYPE_64 = 2 << 1,
    BAR_TYPE_MASK = 3 << 1,

    MSI_CONTROL = 2,
    MSI_CONTROL_ENABLE = 1 << 0,
    MSI_CONTROL_MULTIPLE = 7 << 4, /* how many messages are on: one */
    MSI_CONTROL_64 = 1 << 7,
    MSI_ADDRESS = 4,

    MSIX_CONTROL = 2,
    MSIX_CONTROL_SIZE = 0x7ff,
    MSIX_CONTROL_MASK_ALL = 1 << 14,
    MSIX_CONTROL_ENABLE = 1 << 15,
    MSIX_TABLE = 4,
    MSIX_TABLE_BAR = 7,
    MSIX_ENTRY_BYTES = 16,
    MSIX_ENTRY_DATA = 8,
    MSIX_ENTRY_CONTROL = 12,
};

uint8_t pci_read8(const struct pci_function *function, unsigned offset)
{
    return function->config[offset];
}

uint16_t pci_read16(const struct pci_function *function, unsigned offset)
{
    return *(volatile uint16_t *)(function->config + offset);
}

uint32_t pci_read32(const struct pci_function *function, unsigned offset)
{
    return *(volatile uint32_t *)(function->config + offset);
}

void pci_write16(const struct pci_function *function, unsigned offset, uint16_t value)
{
    *(volatile uint16_t *)(function->config + offset) = value;
}

void pci_write32(const struct pci_function *function, unsigned offset, uint32_t value)
{
    *(volatile uint32_t *)(function->config + offset) = value;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Whether `text` begins with two hexadecimal digits; *value is what they say. */
static bool hex_byte(const char *text, seL4_Word *value)
{
    int high = hex_digit(text[0]);
    int low = high < 0 ? -1 : hex_digit(text[1]);
    *value = (seL4_Word)(high * 16 + low);
    return low >= 0;
}

/*
 * Physical address of the configuration page; 0 if the name is no name, or the machine has no such
 * pages.
 */
static seL4_Word config_address(const char *name)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_Word bus;
    seL4_Word device;
    if (!cluster || !hex_byte(name, &bus) || name[2] != ':' || !hex_byte(name + 3, &device) ||
        device > 31 || name[5] != '.' || name[6] < '0' || name[6] > '7' || name[7] != '\0') {
        return 0;
    }
    const struct cmk_pci_config *config = &cluster->pci_config;
    if (config->base == 0 || bus < config->first_bus || bus > config->last_bus) {
        return 0;
    }
    return config->base + (bus << 20 | device << 15 | (seL4_Word)(name[6] - '0') << 12);
}

bool pci_open(struct pci_function *function, const char *name)
{
    *function = (struct pci_function){0};
    seL4_Word address = config_address(name);
    function->config = address ? device_map(address, CONFIG_PAGE_BYTES) : NULL;
    function->id = address ? (address - cmk_cluster()->pci_config.base) / CONFIG_PAGE_BYTES : 0;
    if (!function->config) {
        return false;
    }
    function->vendor = pci_read16(function, PCI_VENDOR);
    function->device = pci_read16(function, PCI_DEVICE);
    if (function->vendor == 0xffff) {
        return false;
    }
    pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_MEMORY);
    return true;
}

void pci_enable_dma(const struct pci_function *function)
{
    pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_BUS_MASTER);
}

unsigned pci_find_capability(const struct pci_function *function, uint8_t id, unsigned after)
{
    if (!(pci_read16(function, PCI_STATUS) & PCI_STATUS_HAS_CAPABILITIES)) {
        return 0;
    }
    unsigned at = pci_read8(function, after ? after + CAPABILITY_NEXT : PCI_CAPABILITIES) & ~3u;
    for (int i = 0; i < MAX_CAPABILITIES && at >= FIRST_CAPABILITY; i++) {
        if (pci_read8(function, at) == id) {
            return at;
        }
        at = pci_read8(function, at + CAPABILITY_NEXT) & ~3u;
    }
    return 0;
}

seL4_Word pci_bar_address(const struct pci_function *function, unsigned bar)
{
    if (bar > 5) {
        return 0;
    }
    uint32_t low = pci_read32(function, PCI_BAR0 + 4 * bar);
    if (low & BAR_IS_PORT) {
        return 0;
    }
    seL4_Word address = low & ~15u;
    if ((low & BAR_TYPE_MASK) == BAR_TYPE_64 && bar < 5) {
        address |= (seL4_Word)pci_read32(function, PCI_BAR0 + 4 * bar + 4) << 32;
    }
    return address;
}

volatile void *pci_map_bar(const struct pci_function *function, unsigned bar, uint32_t offset,
                           uint32_t bytes)
{
    seL4_Word address = pci_bar_address(function, bar);
    return address ? device_map(address + offset, bytes) : NULL;
}

/* From then on the function's interrupts are messages only. */
static void disable_pin_interrupt(const struct pci_function *function)
{
    pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_NO_INTX);
}

bool pci_msix_set(struct pci_function *function, unsigned entry, seL4_Word address, uint32_t data)
{
    unsigned capability = pci_find_capability(function, PCI_CAPABILITY_MSIX, 0);
    if (capability == 0 || address == 0) {
        return false;
    }
    uint16_t control = pci_read16(function, capability + MSIX_CONTROL);
    unsigned entries = (control & MSIX_CONTROL_SIZE) + 1u;
    if (entry >= entries) {
        return false;
    }
    if (!function->msix_table) {
        uint32_t place = pci_read32(function, capability + MSIX_TABLE);
        function->msix_table =
            pci_map_bar(function, place & MSIX_TABLE_BAR, place & ~(uint32_t)MSIX_TABLE_BAR,
                        entries * MSIX_ENTRY_BYTES);
    }
    if (!function->msix_table) {
        return false;
    }
    /* All are masked while one is written, so that no half message leaves. */
    pci_write16(function, capability + MSIX_CONTROL,
                control | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK_ALL);
    volatile uint32_t *message =
        (volatile uint32_t *)(function->msix_table + entry * MSIX_ENTRY_BYTES);
    message[0] = (uint32_t)address;
    message[1] = (uint32_t)(address >> 32);
    message[MSIX_ENTRY_DATA / 4] = data;
    message[MSIX_ENTRY_CONTROL / 4] = 0;
    disable_pin_interrupt(function);
    pci_write16(function, capability + MSIX_CONTROL,
                (control | MSIX_CONTROL_ENABLE) & ~MSIX_CONTROL_MASK_ALL);
    return true;
}

bool pci_msi_set(const struct pci_function *function, seL4_Word address, uint32_t data)
{
    unsigned capability = pci_find_capability(function, PCI_CAPABILITY_MSI, 0);
    if (capability == 0 || address == 0) {
        return false;
    }
    uint16_t control = pci_read16(function, capability + MSI_CONTROL) &
                       ~(MSI_CONTROL_ENABLE | MSI_CONTROL_MULTIPLE);
    bool wide = control & MSI_CONTROL_64;
    pci_write16(function, capability + MSI_CONTROL, control);
    pci_write32(function, capability + MSI_ADDRESS, (uint32_t)address);
    if (wide) {
        pci_write32(function, capability + MSI_ADDRESS + 4, (uint32_t)(address >> 32));
    }
    pci_write16(function, capability + MSI_ADDRESS + (wide ? 8 : 4), (uint16_t)data);
    disable_pin_interrupt(function);
    pci_write16(function, capability + MSI_CONTROL, control | MSI_CONTROL_ENABLE);
    return true;
}
