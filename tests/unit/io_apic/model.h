/*
 * Two IOAPICs (Intel 82093AA data sheet, 3.2.4) and the local APIC they send to, as far as pins,
 * masks, edges, levels and the end of an interrupt go. And what else interrupts lead to in the
 * kernel, which is only counted.
 */
#ifndef MODEL_H
#define MODEL_H

#include <arch/interrupt.h>
#include <x86/timer.h>

enum { MODEL_IO_APICS = 2 };

struct model_entry {
    unsigned vector, delivery_mode, destination;
    uint32_t words[2]; /* as they were written */
    bool logical, active_low, level, masked;
    bool raised;  /* the device wants something */
    bool waiting; /* remote IRR: a level was sent, its end has not come back */
};

void *model_registers(unsigned io_apic);
unsigned model_pins(unsigned io_apic);
const struct model_entry *model_entry(unsigned io_apic, unsigned pin);

void model_raise(unsigned io_apic, unsigned pin);
void model_lower(unsigned io_apic, unsigned pin);

/* The vector that the local APIC delivers next, now in service; -1: none. */
int model_take_vector(void);

/* The local APIC only sends vectors on once this is set. */
extern bool model_dispatch;

/* What was done. Torn: a pin was unmasked with a vector and a destination of different times. */
extern unsigned model_writes, model_torn_writes, model_ends, model_ends_unmasked, model_ticks,
    model_handled[IRQ_COUNT];
extern bool model_in_service;

/* What a fast path for interrupts answers: null if it is never taken. */
extern struct user_context *model_fast;

/* What the timer says has come due; how often it was told to go on, and to tick again. */
extern struct timer_due model_due;
extern unsigned model_timer_goes_on, model_ticks_resumed;

/* What is ready for the CPU. */
extern struct tcb *model_ready;

#endif
