/* No device interrupts until a program asks for it: the 8259s and every IOAPIC pin are masked. */
#include <arch/memory.h>
#include <x86/io_apic.h>
#include <x86/port.h>
#include <boot/machine/machine.h>

enum { PIC1_COMMAND = 0x20, PIC1_DATA = 0x21, PIC2_COMMAND = 0xa0, PIC2_DATA = 0xa1 };

/* Initialization words 1 to 4 (Intel 8259A data sheet). */
enum {
    INITIALIZE_CASCADE = 0x11,
    LAST_VECTORS = 0xf8,
    PIC2_AT_PIN_2 = 1 << 2,
    PIC2_IS_2 = 2,
    MODE_8086 = 1
};

/*
 * Also moved away from the exceptions' vectors, where firmware leaves them: a masked 8259 still
 * answers when a CPU asks it for a vector (a message of the kind ExtINT does that), with its last
 * one. Here that is the spurious vector, 0xff.
 */
static void silence_8259s(void)
{
    port_write8(PIC1_COMMAND, INITIALIZE_CASCADE);
    port_write8(PIC2_COMMAND, INITIALIZE_CASCADE);
    port_write8(PIC1_DATA, LAST_VECTORS);
    port_write8(PIC2_DATA, LAST_VECTORS);
    port_write8(PIC1_DATA, PIC2_AT_PIN_2);
    port_write8(PIC2_DATA, PIC2_IS_2);
    port_write8(PIC1_DATA, MODE_8086);
    port_write8(PIC2_DATA, MODE_8086);
    port_write8(PIC1_DATA, 0xff);
    port_write8(PIC2_DATA, 0xff);
}

void silence_interrupt_controllers(struct machine_facts *facts)
{
    silence_8259s();
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        facts->io_apic[i].pins = io_apic_silence(window(facts->io_apic[i].base));
    }
}
