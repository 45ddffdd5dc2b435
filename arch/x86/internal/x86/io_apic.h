/*
 * IOAPICs (Intel 82093AA data sheet): only the node with devices=all owns them. The functions for
 * nodes need the lock.
 */
#ifndef X86_IO_APIC_H
#define X86_IO_APIC_H

#include <kernel/types.h>

/* One 32-bit register of the IOAPIC whose page is mapped at `registers`. */
uint32_t io_apic_read(volatile void *registers, unsigned index);
void io_apic_write(volatile void *registers, unsigned index, uint32_t value);

/*
 * Boot, before any node runs: masks every pin of the IOAPIC with these registers; returns how many
 * it has.
 */
uint32_t io_apic_silence(void *registers);

/*
 * How many IOAPICs this node owns: 0 if it is another node's, or if its CPU 0 cannot be addressed
 * by one.
 */
unsigned io_apic_count(void);

/* Pins of IOAPIC `index`, which is below io_apic_count(). */
unsigned io_apic_pins(unsigned index);

/*
 * Routes a pin to `irq` at this node's CPU 0 and unmasks it: level or edge triggered, active low or
 * high. Whatever irq the pin had before does not get it any more.
 */
void io_apic_route(unsigned index, unsigned pin, word_t irq, bool level, bool active_low);

#endif
