/* <drivers/hpet.h> */
#include <drivers/device_memory.h>
#include <drivers/hpet.h>
#include <drivers/interrupt_messages.h>

/* Where all PCs have it; ACPI's HPET table could say otherwise. */
#define HPET_ADDRESS 0xfed00000ul
enum { HPET_BYTES = 1024, FEMTOSECONDS_PER_NANOSECOND = 1000000 };

/* Registers, in words of 64 bits, and what is in them. */
enum { CAPABILITIES = 0, CONFIGURATION = 2, COUNTER = 30, TIMER0 = 32, COMPARATOR0 = 33 };
enum {
    ENABLE = 1,
    TIMER_INTERRUPT_ENABLE = 1 << 2,
    TIMER_ROUTE_SHIFT = 9,
    PINS_SHIFT = 32,
    PINS = 0xffffff
};
enum { PERIOD_SHIFT = 32 };

/*
 * The highest pin that the timer reaches, since the low ones belong to the old devices; -1: none.
 */
static int highest_pin(const struct hpet *hpet)
{
    uint64_t pins = hpet->registers[TIMER0] >> PINS_SHIFT & PINS;
    return pins != 0 ? 63 - __builtin_clzl(pins) : -1;
}

bool hpet_open(struct hpet *hpet, seL4_Word vector, seL4_CPtr notification)
{
    hpet->registers = device_map(HPET_ADDRESS, HPET_BYTES);
    if (!hpet->registers || hpet->registers[CAPABILITIES] == UINT64_MAX) {
        return false;
    }
    hpet->femtoseconds = hpet->registers[CAPABILITIES] >> PERIOD_SHIFT;
    int pin = highest_pin(hpet);
    hpet->handler =
        pin >= 0 && hpet->femtoseconds != 0 ? interrupt_pin_handler((seL4_Word)pin, vector) : 0;
    if (hpet->handler == 0 ||
        seL4_IRQHandler_SetNotification(hpet->handler, notification) != seL4_NoError) {
        return false;
    }
    hpet->registers[TIMER0] = (uint64_t)pin << TIMER_ROUTE_SHIFT | TIMER_INTERRUPT_ENABLE;
    hpet->registers[CONFIGURATION] = ENABLE;
    return true;
}

void hpet_start(struct hpet *hpet, uint64_t nanoseconds)
{
    (void)seL4_IRQHandler_Ack(hpet->handler);
    uint64_t delay = nanoseconds * FEMTOSECONDS_PER_NANOSECOND / hpet->femtoseconds;
    hpet->registers[COMPARATOR0] = hpet->registers[COUNTER] + delay;
}

void hpet_stop(struct hpet *hpet)
{
    hpet->registers[TIMER0] = 0;
    hpet->registers[CONFIGURATION] = 0;
    (void)seL4_IRQHandler_Clear(hpet->handler);
}
