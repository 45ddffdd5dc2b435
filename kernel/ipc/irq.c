/*
 * IRQ handlers (contract 4.7, 10.2): a table of slots, one per IRQ, each with the notification capability that the
 * handler set. The slots take part in the derivation tree, so revoking the notification clears the handler.
 */
#include <arch/object.h>
#include <kernel/assert.h>
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

bool irq_handler_finalise(word_t irq)
{
    interrupt_disable(irq);
    if (!delete_step(&irq_slots[irq])) {
        return false;
    }
    irq_active[irq] = false;
    return true;
}

void irq_deliver(word_t irq)
{
    struct capability c = irq < IRQ_COUNT ? irq_slots[irq].capability : capability_null();
    if (capability_type(c) == CAP_NOTIFICATION) {
        signal_notification(capability_notification(c), capability_badge(c));
    } else {
        irq_unowned_count++;
    }
}

static enum outcome set_notification(struct invocation *call, word_t irq, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct slot *source = call->extra[0];
    struct capability c = source->capability;
    if (capability_type(c) != CAP_NOTIFICATION || !(capability_rights(c) & RIGHT_WRITE)) {
        return refuse_capability(answer, 0);
    }
    /* If it was the last capability to a notification, many may have waited for that. */
    if (delete_slot(&irq_slots[irq]) == PREEMPTED) {
        return PREEMPTED;
    }
    insert_derived(c, source, &irq_slots[irq]);
    return DONE;
}

enum outcome irq_handler_invoke(struct invocation *call, struct answer *answer)
{
    word_t irq = irq_handler_capability_irq(call->capability);
    switch (call->label) {
    case LABEL_IRQAckIRQ:
        interrupt_acknowledge(irq);
        return DONE;
    case LABEL_IRQSetIRQHandler:
        return set_notification(call, irq, answer);
    case LABEL_IRQClearIRQHandler:
        return delete_slot(&irq_slots[irq]);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

enum outcome irq_control_invoke(struct invocation *call, struct answer *answer)
{
    switch (call->label) {
    case LABEL_IRQIssueIRQHandler:
        /* Names a pin of the legacy controller, and there is none in use. */
        return refuse(answer, is_truncated(call) ? ERROR_TRUNCATED_MESSAGE : ERROR_ILLEGAL_OPERATION);
    case LABEL_X86IRQIssueIRQHandlerIOAPIC:
    case LABEL_X86IRQIssueIRQHandlerMSI:
        return arch_invoke_irq_control(call, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}
