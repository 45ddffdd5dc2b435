/* Nothing interrupts until somebody asks for it: the 8259s and every IOAPIC pin are masked. */
#include <arch/memory.h>
#include <arch/x86/io_apic.h>
#include <arch/x86/port.h>
#include <boot/boot.h>

enum { PIC1_DATA = 0x21, PIC2_DATA = 0xa1 };

void silence_interrupt_controllers(struct machine_facts *facts)
{
    port_write8(PIC1_DATA, 0xff);
    port_write8(PIC2_DATA, 0xff);
    for (uint32_t i = 0; i < facts->io_apic_count; i++) {
        facts->io_apic[i].pins = io_apic_silence(window(facts->io_apic[i].base));
    }
}
