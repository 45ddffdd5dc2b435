/*
 * The local APIC of the CPU that calls (Intel SDM volume 3, chapter 11): one set of functions for
 * memory-mapped (xAPIC) and MSR access (x2APIC), chosen by global_state.features.x2apic. Needs no
 * node state; in xAPIC mode the page at LOCAL_APIC must be mapped. Interrupts are off in every
 * caller, so that no IPI comes between the two halves of a command.
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <api/apic_ids.h>
#include <kernel/assert.h>
#include <kernel/types.h>

/* CPU vectors. IRQ numbers are vector - VECTOR_IRQ_BASE (contract 10.1). */
enum {
    VECTOR_IRQ_BASE = 0x20,
    VECTOR_DOOR = 0x20,       /* lowest priority of all, see docs/locking.md */
    VECTOR_IPI_LAST = 0x2f,   /* 0x21..0x2f: IPIs between nodes */
    VECTOR_USER_FIRST = 0x30, /* 0x30..0x9b: devices */
    VECTOR_USER_LAST = 0x9b,
    VECTOR_TIMER = 0x9d,
    VECTOR_SOFTWARE_FIRST =
        160, /* 160..254: users' `int n`, an unknown system call (contract 5.2) */
    VECTOR_SOFTWARE_LAST = 254,
    VECTOR_SPURIOUS = 0xff
};

/*
 * For the stubs: the first of eight in-service registers, 0x10 apart; and where registers lie in
 * x2APIC mode.
 */
enum { APIC_IN_SERVICE = 0x100, X2APIC_FIRST_MSR = 0x800 };

/*
 * The CPU with APIC id `id` in the high word of an xAPIC's interrupt command or an IOAPIC's entry.
 */
static inline uint32_t xapic_destination(uint32_t id)
{
    enum { DESTINATION_SHIFT = 24 };
    assert(id <= ABI_LARGEST_XAPIC_ID);
    return id << DESTINATION_SHIFT;
}

/*
 * Puts this CPU's APIC into the mode that all use. On every CPU before anything else here; may be
 * repeated.
 */
void apic_enable_early(void);

/*
 * Every register that firmware or INIT may have left otherwise: all sources masked, nothing in
 * service.
 */
void apic_set_state(void);

/*
 * This CPU's timer, from now on a source of VECTOR_TIMER: one for each call of one of the next two.
 * If `tsc_deadline` (global_state.features) it is the second, else the first.
 */
void apic_timer_begin(bool tsc_deadline);

/* Interrupts after `count` at divider 1. 0 stops it. */
void apic_timer_set_count(uint32_t count);

/* Interrupts when the time stamp counter reaches `tsc`, at once if it has. 0 stops it. */
void apic_timer_set_deadline(uint64_t tsc);

/*
 * This CPU's timer as a stopwatch: counts down from `count` once, at divider 1, without an
 * interrupt. 0 stops it.
 */
void apic_timer_start_once(uint32_t count);
uint32_t apic_timer_count(void);

/* The highest-priority interrupt in service is done. */
void apic_end_of_interrupt(void);

/* True if the APIC has given `vector` to this CPU, and it is not ended yet. */
bool apic_is_in_service(uint8_t vector);

/* True if a device interrupt, tick or IPI waits for this CPU to take it. */
bool apic_is_interrupt_waiting(void);

/*
 * IPIs to the CPU with APIC id `id`. Each first waits until the APIC has sent the previous one,
 * bounded by some thousand reads of its status; whatever happened, it then goes on. All stores made
 * before are visible to the receiver.
 */
void apic_send(uint32_t id, uint8_t vector);
void apic_send_nmi(uint32_t id);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, uint8_t page);

#endif
