/*
 * Two IOAPICs (Intel 82093AA data sheet, 3.2.4) and the local APIC they send to, as far as pins,
 * masks, edges, levels and the end of an interrupt go. And what else interrupts lead to in the
 * kernel, which is only counted.
 */
#ifndef MODEL_H
#define MODEL_H

#include <kernel/types.h>

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
    model_handled[128];
extern bool model_in_service;

/* What a fast path for interrupts answers: null if it is never taken. */
extern struct user_context *model_fast;

/* Whether ticks interrupt this CPU, and what is ready for it. */
extern bool model_ticking;
extern struct tcb *model_ready;

#endif
