/*
 * How an IOAPIC's registers are reached (Intel 82093AA data sheet, 3.1): an index goes to SELECT,
 * then it is at WINDOW.
 */
#include <x86/io_apic.h>

enum { SELECT = 0x00, WINDOW = 0x10 };

static volatile uint32_t *at(volatile void *registers, unsigned offset)
{
    return (volatile uint32_t *)((volatile uint8_t *)registers + offset);
}

uint32_t io_apic_read(volatile void *registers, unsigned index)
{
    *at(registers, SELECT) = index;
    return *at(registers, WINDOW);
}

void io_apic_write(volatile void *registers, unsigned index, uint32_t value)
{
    *at(registers, SELECT) = index;
    *at(registers, WINDOW) = value;
}
