/* The methods of IRQ handlers and IRQ control (contract 4.7). */
#include <arch/object.h>
#include <arch/timer.h>
#include <kernel/derivation.h>
#include <kernel/irq.h>

static MUST_USE enum outcome set_notification(struct invocation *call, word_t irq,
                                              struct answer *answer)
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

static MUST_USE enum outcome arm_timer(struct invocation *call, word_t irq, struct answer *answer)
{
    if (irq < FIRST_TIMER_IRQ) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    timer_arm(cpu_by_index((uint32_t)(irq - FIRST_TIMER_IRQ)), message_word(call, 0));
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
    case LABEL_CMKTimerArm:
        return arm_timer(call, irq, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

enum outcome irq_control_invoke(struct invocation *call, struct answer *answer)
{
    if (call->label == LABEL_IRQIssueIRQHandler) {
        /* Names a pin of the legacy controller, and there is none in use. */
        return refuse(answer,
                      is_truncated(call) ? ERROR_TRUNCATED_MESSAGE : ERROR_ILLEGAL_OPERATION);
    }
    return arch_invoke_irq_control(call, answer);
}
