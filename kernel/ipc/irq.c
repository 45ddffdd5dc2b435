/*
 * IRQ handlers (contract 4.7, 10.2): a table of slots, one per IRQ, each with the notification
 * capability that the handler set. The slots take part in the derivation tree, so revoking the
 * notification clears the handler.
 */
#include <arch/timer.h>
#include <kernel/assert.h>
#include <kernel/cpu.h>
#include <kernel/derivation.h>
#include <kernel/irq.h>
#include <kernel/notification.h>

/* Slots hold a mark in their pointers' low bits: aligned to their size, like those of CNodes. */
_Alignas(BIT(ABI_SLOT_BITS)) struct slot irq_slots[IRQ_COUNT];

static bool irq_active[IRQ_COUNT];

word_t irq_unowned_count;

bool irq_is_active(word_t irq)
{
    return irq_active[irq];
}

void irq_issue(word_t irq, struct slot *control, struct slot *slot)
{
    assert(irq < IRQ_COUNT && !irq_active[irq] && slot_is_empty(&irq_slots[irq]));
    irq_active[irq] = true;
    insert_new(irq_handler_capability(irq), control, slot);
}

void irq_retire(word_t irq)
{
    irq_active[irq] = false;
    if (irq >= FIRST_TIMER_IRQ) {
        timer_arm(cpu_by_index((uint32_t)(irq - FIRST_TIMER_IRQ)), TIMER_NEVER);
    }
}

void irq_deliver(word_t irq)
{
    count_here(CMK_COUNT_ORDINARY_INTERRUPT);
    struct capability c = irq < IRQ_COUNT ? irq_slots[irq].capability : capability_null();
    if (capability_type(c) == CAP_NOTIFICATION) {
        signal_notification(capability_notification(c), capability_badge(c));
    } else {
        irq_unowned_count++;
    }
}
