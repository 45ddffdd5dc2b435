/*
 * PCI discovery through configuration mechanism 1 (PCI Local Bus specification 3.0, 3.2.2.3): every
 * function's address registers, and bus mastering off, so that no device that firmware left running
 * writes memory that has a new owner.
 */
#include <x86/port.h>
#include <boot/machine/machine.h>

enum {
    CONFIG_ADDRESS = 0xcf8,
    CONFIG_DATA = 0xcfc,
    REGISTER_ID = 0x00,
    REGISTER_COMMAND = 0x04,
    REGISTER_CLASS = 0x08,
    REGISTER_HEADER = 0x0c,
    REGISTER_BAR0 = 0x10,
    REGISTER_BUSES = 0x18, /* of a bridge: primary, secondary and subordinate bus */
    REGISTER_CAPABILITIES = 0x34,
    FIRST_CAPABILITY = 0x40,
    MOST_CAPABILITIES = 48, /* as many as fit: the bound of a list that may be circular */
    CAPABILITY_EXPRESS = 0x10,
    STATUS_HAS_CAPABILITIES = 1 << 20, /* in the command register's upper half */
    HEADER_BRIDGE = 1,
    COMMAND_IO = 1,
    COMMAND_MEMORY = 2,
    COMMAND_BUS_MASTER = 4,
    HEADER_TYPE_MASK = 0x7f,
    HEADER_MULTI_FUNCTION = 0x80
};

static uint32_t config_address(const struct pci_fact *f, unsigned reg)
{
    return 0x80000000u | (uint32_t)f->bus << 16 | (uint32_t)f->device << 11 |
           (uint32_t)f->function << 8 | reg;
}

static uint32_t config_read(const struct pci_fact *f, unsigned reg)
{
    port_write32(CONFIG_ADDRESS, config_address(f, reg));
    return port_read32(CONFIG_DATA);
}

static void config_write(const struct pci_fact *f, unsigned reg, uint32_t value)
{
    port_write32(CONFIG_ADDRESS, config_address(f, reg));
    port_write32(CONFIG_DATA, value);
}

/* Which bits of a register can be set: its size, as the specification's 6.2.5.1 says. */
static uint32_t probe(const struct pci_fact *f, unsigned reg, uint32_t old)
{
    config_write(f, reg, 0xffffffff);
    uint32_t mask = config_read(f, reg);
    config_write(f, reg, old);
    return mask;
}

/* Reads address register `i`; returns how many registers it takes (64-bit ones take two). */
static unsigned read_bar(struct pci_fact *f, unsigned i, unsigned count)
{
    struct pci_bar_fact *bar = &f->bar[i];
    unsigned reg = REGISTER_BAR0 + 4 * i;
    uint32_t low = config_read(f, reg);
    uint32_t mask = probe(f, reg, low);
    if (mask == 0) {
        return 1;
    }
    bar->is_port = low & 1;
    if (bar->is_port) {
        bar->base = low & 0xfffc;
        bar->size = (~(mask & 0xfffcu) & 0xffff) + 1;
        return 1;
    }
    bar->base = low & ~15u;
    uint64_t wide_mask = mask & ~15u;
    if ((low >> 1 & 3) != 2 || i + 1 == count) {
        wide_mask |= 0xffffffff00000000;
        bar->size = ~wide_mask + 1;
        return 1;
    }
    uint32_t high = config_read(f, reg + 4);
    wide_mask |= (uint64_t)probe(f, reg + 4, high) << 32;
    bar->base |= (uint64_t)high << 32;
    bar->size = ~wide_mask + 1;
    return 2;
}

/* PCI Express base specification 5.0, 7.5.3.2: what kind of device or port a function is. */
static bool find_express_type(const struct pci_fact *f, unsigned *type)
{
    if (!(config_read(f, REGISTER_COMMAND) & STATUS_HAS_CAPABILITIES)) {
        return false;
    }
    unsigned at = config_read(f, REGISTER_CAPABILITIES) & 0xfc;
    for (unsigned i = 0; i < MOST_CAPABILITIES && at >= FIRST_CAPABILITY; i++) {
        uint32_t header = config_read(f, at);
        if ((header & 0xff) == CAPABILITY_EXPRESS) {
            *type = header >> 20 & 15;
            return true;
        }
        at = header >> 8 & 0xfc;
    }
    return false;
}

static void read_bridge(struct pci_fact *f)
{
    enum { ROOT_PORT = 4, DOWNSTREAM_PORT = 6, EXPRESS_TO_PCI = 7 };
    unsigned type;
    uint32_t buses = config_read(f, REGISTER_BUSES);
    f->secondary_bus = (uint8_t)(buses >> 8);
    f->subordinate_bus = (uint8_t)(buses >> 16);
    if (!find_express_type(f, &type)) {
        f->bridge = PCI_CONVENTIONAL;
    } else if (type >= ROOT_PORT && type <= DOWNSTREAM_PORT) {
        f->bridge = PCI_PORT;
    } else {
        f->bridge = type == EXPRESS_TO_PCI ? PCI_TO_CONVENTIONAL : PCI_CONVENTIONAL;
    }
}

static void read_function(struct pci_fact *f, unsigned header_type)
{
    uint32_t command = config_read(f, REGISTER_COMMAND) & 0xffff;
    unsigned count = header_type == 0 ? 6 : header_type == HEADER_BRIDGE ? 2 : 0;
    if (header_type == HEADER_BRIDGE) {
        read_bridge(f);
    }
    /* Decoding is off while the registers hold probe values. */
    config_write(f, REGISTER_COMMAND,
                 command & ~(uint32_t)(COMMAND_IO | COMMAND_MEMORY | COMMAND_BUS_MASTER));
    for (unsigned i = 0; i < count;) {
        i += read_bar(f, i, count);
    }
    /*
     * A bridge passes its own secondary side's transactions on only as a bus master: off as well,
     * drivers turn it on.
     */
    config_write(f, REGISTER_COMMAND, command & ~(uint32_t)COMMAND_BUS_MASTER);
}

void pci_discover(struct machine_facts *facts)
{
    for (unsigned bus = 0; bus < 256; bus++) {
        for (unsigned device = 0; device < 32; device++) {
            unsigned functions = 1;
            for (unsigned function = 0; function < functions; function++) {
                struct pci_fact f = {
                    .bus = (uint8_t)bus, .device = (uint8_t)device, .function = (uint8_t)function};
                if ((config_read(&f, REGISTER_ID) & 0xffff) == 0xffff) {
                    continue;
                }
                unsigned header = config_read(&f, REGISTER_HEADER) >> 16 & 0xff;
                if (function == 0 && (header & HEADER_MULTI_FUNCTION)) {
                    functions = 8;
                }
                f.vendor = (uint16_t)config_read(&f, REGISTER_ID);
                f.product = (uint16_t)(config_read(&f, REGISTER_ID) >> 16);
                f.class = config_read(&f, REGISTER_CLASS) >> 8;
                read_function(&f, header & HEADER_TYPE_MASK);
                if (facts->pci_count == MAX_PCI_FUNCTIONS) {
                    boot_refuse("there are more than %d PCI functions", MAX_PCI_FUNCTIONS);
                }
                facts->pci[facts->pci_count++] = f;
            }
        }
    }
}
