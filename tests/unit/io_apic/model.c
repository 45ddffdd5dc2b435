#include "model.h"
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/io_apic.h>
#include <x86/ipi.h>
#include <x86/layout.h>
#include <x86/status.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <kernel/fastpath.h>
#include <kernel/irq.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <check.h>

enum { PINS = 24, VERSION = 1, REDIRECTION = 0x10, NONE = -1 };

static struct model_io_apic {
    struct model_entry entry[PINS];
    /* the low half was written, and the high half belongs to what was there before */
    bool low_is_new[PINS];
} io_apics[MODEL_IO_APICS];

static bool requested[256];
static int in_service = NONE;
static char boot_window[MODEL_IO_APICS]; /* boot reaches them at other addresses */

bool model_dispatch, model_in_service;
struct timer_due model_due = {.tick = true};
unsigned model_timer_goes_on, model_ticks_resumed;
struct tcb *model_ready;
struct user_context *model_fast;
unsigned model_writes, model_torn_writes, model_ends, model_ends_unmasked, model_ticks,
    model_handled[IRQ_COUNT];

struct global_state global_state;
uint32_t node_id;

/* --- IOAPICs --- */

void *model_registers(unsigned io_apic)
{
    return &boot_window[io_apic];
}

unsigned model_pins(unsigned io_apic)
{
    return io_apic == 0 ? PINS : PINS - 8;
}

const struct model_entry *model_entry(unsigned io_apic, unsigned pin)
{
    return &io_apics[io_apic].entry[pin];
}

static unsigned number_of(volatile void *registers)
{
    volatile char *at = registers;
    if (at >= boot_window && at < boot_window + MODEL_IO_APICS) {
        return (unsigned)(at - boot_window);
    }
    unsigned number = (unsigned)(((word_t)registers - IO_APICS) / 4096);
    ck_assert_uint_lt(number, MODEL_IO_APICS);
    ck_assert_uint_eq((word_t)registers % 4096, global_state.io_apic[number].base % 4096);
    return number;
}

static void send(struct model_entry *entry)
{
    requested[entry->vector] = true;
    entry->waiting = entry->level;
}

/* A level is sent whenever it may; an edge only at the moment when it comes. */
static void look_at_level(struct model_entry *entry)
{
    if (entry->level && entry->raised && !entry->masked && !entry->waiting) {
        send(entry);
    }
}

void model_raise(unsigned io_apic, unsigned pin)
{
    struct model_entry *entry = &io_apics[io_apic].entry[pin];
    bool edge = !entry->raised;
    entry->raised = true;
    if (!entry->level && edge && !entry->masked) {
        send(entry);
    }
    look_at_level(entry);
}

void model_lower(unsigned io_apic, unsigned pin)
{
    io_apics[io_apic].entry[pin].raised = false;
}

static void write_low(struct model_io_apic *io_apic, unsigned pin, uint32_t value)
{
    struct model_entry *entry = &io_apic->entry[pin];
    unsigned vector = value & 0xff;
    entry->words[0] = value;
    io_apic->low_is_new[pin] |= vector != entry->vector;
    entry->vector = vector;
    entry->delivery_mode = value >> 8 & 7;
    entry->logical = value >> 11 & 1;
    entry->active_low = value >> 13 & 1;
    entry->level = value >> 15 & 1;
    entry->masked = value >> 16 & 1;
    model_torn_writes += !entry->masked && io_apic->low_is_new[pin];
    look_at_level(entry);
}

void io_apic_write(volatile void *registers, unsigned index, uint32_t value)
{
    unsigned number = number_of(registers), pin = (index - REDIRECTION) / 2;
    model_writes++;
    if (index < REDIRECTION || pin >= model_pins(number)) {
        model_torn_writes++; /* nothing is there to be written */
    } else if (index % 2 == 0) {
        write_low(&io_apics[number], pin, value);
    } else {
        io_apics[number].entry[pin].destination = value >> 24;
        io_apics[number].entry[pin].words[1] = value;
        io_apics[number].low_is_new[pin] = false;
    }
}

uint32_t io_apic_read(volatile void *registers, unsigned index)
{
    unsigned number = number_of(registers);
    if (index == VERSION) {
        return (model_pins(number) - 1) << 16 | 0x20;
    }
    const struct model_entry *entry = &io_apics[number].entry[(index - REDIRECTION) / 2];
    if (index % 2 == 1) {
        return (uint32_t)entry->destination << 24;
    }
    return entry->vector | entry->delivery_mode << 8 | (uint32_t)entry->logical << 11 |
           (uint32_t)entry->active_low << 13 | (uint32_t)entry->waiting << 14 |
           (uint32_t)entry->level << 15 | (uint32_t)entry->masked << 16;
}

/* --- the local APIC --- */

int model_take_vector(void)
{
    for (int vector = 255; model_dispatch && vector >= 16; vector--) {
        if (requested[vector]) {
            requested[vector] = false;
            in_service = vector;
            return vector;
        }
    }
    return NONE;
}

/* Ends what is in service; a level's IOAPIC hears of it, and sends it again if it may. */
void apic_end_of_interrupt(void)
{
    model_ends++;
    for (unsigned i = 0; i < MODEL_IO_APICS && in_service != NONE; i++) {
        for (unsigned pin = 0; pin < model_pins(i); pin++) {
            struct model_entry *entry = &io_apics[i].entry[pin];
            if ((int)entry->vector == in_service) {
                model_ends_unmasked += !entry->masked;
                entry->waiting = false;
                look_at_level(entry);
            }
        }
    }
    in_service = NONE;
}

bool apic_is_in_service(uint8_t vector)
{
    (void)vector;
    return model_in_service;
}

bool apic_is_interrupt_waiting(void)
{
    return false;
}

/* --- the kernel --- */

void irq_deliver(word_t irq)
{
    model_handled[irq]++;
}

struct user_context *fast_interrupt(word_t irq, struct cpu *cpu)
{
    (void)cpu;
    model_handled[irq] += model_fast != NULL;
    return model_fast;
}

struct timer_due timer_take_due(struct cpu *cpu)
{
    (void)cpu;
    return model_due;
}

void timer_go_on(struct cpu *cpu)
{
    cpu->arch.timer.changed = false;
    model_timer_goes_on++;
}

void timer_resume_ticks(struct cpu *cpu)
{
    cpu->arch.timer.ticks_stopped = false;
    model_ticks_resumed++;
}

struct tcb *ready_best(const struct cpu *cpu)
{
    (void)cpu;
    return model_ready;
}

void scheduler_tick(void)
{
    model_ticks++;
}

void status_tick(void)
{
}

void ipi_refill(void)
{
}
