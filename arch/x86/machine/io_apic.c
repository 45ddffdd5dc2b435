/*
 * IOAPICs (Intel 82093AA data sheet, section 3): routing pins, masking, and what acknowledging an
 * interrupt means.
 *
 * A pin is masked from the moment its interrupt was delivered until the handler acknowledges it,
 * edge and level alike (contract 10.2). Message-signalled interrupts and IPIs have no pin: for them
 * masking and acknowledging do nothing here.
 */
#include <api/apic_ids.h>
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/io_apic.h>
#include <x86/layout.h>
#include <cluster/record.h>
#include <kernel/cpu.h>

enum {
    /* Registers. */
    VERSION = 0x01,
    REDIRECTION = 0x10, /* two for each pin */
    /* Redirection entry, low word; delivery mode fixed and destination mode physical are 0. */
    ACTIVE_LOW = 1 << 13,
    LEVEL_TRIGGERED = 1 << 15,
    MASKED = 1 << 16,
    REMAPPED = 1 << 16, /* in the high word: above it, an entry of the IOMMU's table */
    REMAPPED_SHIFT = 17,
    REMAPPED_TOP = 1 << 15, /* the entry's number has this bit in the low word, at bit 11 */
    REMAPPED_TOP_IN_LOW = 1 << 11
};

/*
 * Which pin an irq comes from, and what its redirection entry is, so that masking need not read it
 * from the IOAPIC. Node state, under the lock. `registers` is null for irqs that have no pin.
 */
struct pin {
    volatile void *registers;
    uint32_t low;   /* index of the entry's low word */
    uint32_t entry; /* that word, not masked */
};

static struct pin pins[DEVICE_IRQ_COUNT];

static volatile void *registers_of(unsigned io_apic)
{
    word_t offset = global_state.io_apic[io_apic].base % BIT(ABI_PAGE_BITS);
    return (volatile void *)(IO_APICS + (word_t)io_apic * BIT(ABI_PAGE_BITS) + offset);
}

uint32_t io_apic_silence(void *registers)
{
    uint32_t count = (io_apic_read(registers, VERSION) >> 16 & 0xff) + 1;
    for (unsigned pin = 0; pin < count; pin++) {
        io_apic_write(registers, REDIRECTION + 2 * pin, MASKED);
        io_apic_write(registers, REDIRECTION + 2 * pin + 1, 0);
    }
    return count;
}

static uint32_t first_cpu_apic_id(void)
{
    const struct cluster *cluster = &global_state.cluster;
    return cluster->cpu[cluster->node[node_id].cpu[0]].apic_id;
}

unsigned io_apic_count(void)
{
    bool owned =
        global_state.cluster.node[node_id].all_devices &&
        (global_state.cluster.interrupts.on || first_cpu_apic_id() <= ABI_LARGEST_XAPIC_ID);
    return owned ? global_state.io_apic_count : 0;
}

unsigned io_apic_pins(unsigned index)
{
    return global_state.io_apic[index].pins;
}

/* A pin has one irq: the one it had before loses it. */
static void forget_pin(volatile void *registers, unsigned low)
{
    for (unsigned irq = 0; irq < DEVICE_IRQ_COUNT; irq++) {
        if (pins[irq].registers == registers && pins[irq].low == low) {
            pins[irq].registers = NULL;
        }
    }
}

/*
 * Where the pin's interrupt goes, in the two words of its entry: to this node's CPU 0. With
 * remapping they name an entry of the IOMMU's table, which boot wrote; the vector stays, since that
 * is how the IOAPIC knows what the end of a level triggered interrupt is for.
 */
static uint32_t destination(unsigned index, word_t irq, bool level, uint32_t *low)
{
    const struct interrupt_remapping *interrupts = &global_state.cluster.interrupts;
    if (!interrupts->on) {
        return xapic_destination(first_cpu_apic_id());
    }
    uint32_t group = interrupts->source_count + 2 * index + level;
    uint32_t entry = group * INTERRUPT_GROUP + (uint32_t)irq;
    *low |= entry & REMAPPED_TOP ? REMAPPED_TOP_IN_LOW : 0;
    return (entry & (REMAPPED_TOP - 1)) << REMAPPED_SHIFT | REMAPPED;
}

void io_apic_route(unsigned index, unsigned pin, word_t irq, bool level, bool active_low)
{
    uint32_t entry = (uint32_t)(VECTOR_IRQ_BASE + irq) | (level ? LEVEL_TRIGGERED : 0) |
                     (active_low ? ACTIVE_LOW : 0);
    volatile void *base = registers_of(index);
    unsigned low = REDIRECTION + 2 * pin;
    uint32_t high = destination(index, irq, level, &entry);
    forget_pin(base, low);
    pins[irq] = (struct pin){.registers = base, .low = low, .entry = entry};
    /* Masked while the two halves disagree. */
    io_apic_write(base, low, entry | MASKED);
    io_apic_write(base, low + 1, high);
    io_apic_write(base, low, entry);
}

void interrupt_mask(word_t irq)
{
    if (irq < DEVICE_IRQ_COUNT && pins[irq].registers != NULL) {
        io_apic_write(pins[irq].registers, pins[irq].low, pins[irq].entry | MASKED);
    }
}

void interrupt_acknowledge(word_t irq)
{
    if (irq < DEVICE_IRQ_COUNT && pins[irq].registers != NULL) {
        io_apic_write(pins[irq].registers, pins[irq].low, pins[irq].entry);
    }
}

void interrupt_disable(word_t irq)
{
    interrupt_mask(irq);
    if (irq < DEVICE_IRQ_COUNT) {
        pins[irq].registers = NULL;
    }
}
