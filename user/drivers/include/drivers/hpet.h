/*
 * Timer 0 of the HPET (IA-PC HPET specification 1.0a, 2.3), which interrupts once, after a given
 * time, by a pin of the first IOAPIC, edge triggered. One user at a time; the node must have the
 * device.
 */
#ifndef DRIVERS_HPET_H
#define DRIVERS_HPET_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

struct hpet {
    volatile uint64_t *registers;
    uint64_t femtoseconds; /* per count of its counter */
    seL4_CPtr handler;
};

/*
 * Interrupts signal `notification`, with CPU vector `vector`. False: this node has no HPET, or not
 * the pin or vector.
 */
bool hpet_open(struct hpet *hpet, seL4_Word vector, seL4_CPtr notification);

/*
 * Acknowledges the last interrupt. The next one comes in so many nanoseconds; other ones are
 * forgotten. If the program is stopped here for longer than that, a real device does not interrupt
 * before its counter wraps; emulated ones do at once.
 */
void hpet_start(struct hpet *hpet, uint64_t nanoseconds);

/* No more interrupts. */
void hpet_stop(struct hpet *hpet);

CMK_END_C

#endif
