/* IRQ handlers: from interrupt to notification (contract 4.7, 10). */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <arch/interrupt.h>
#include <kernel/answer.h>
#include <kernel/invocation.h>
#include <kernel/slot.h>

/* True if a handler capability for `irq` exists. */
bool irq_is_active(word_t irq);

/* Makes `irq` active; the capability goes to `slot` as child of IRQ control. */
void irq_issue(word_t irq, struct slot *control, struct slot *slot);

MUST_USE enum outcome irq_control_invoke(struct invocation *call, struct answer *answer);
MUST_USE enum outcome irq_handler_invoke(struct invocation *call, struct answer *answer);

/*
 * The final handler capability is gone, and the handler's slot is empty: `irq` may be issued again.
 */
void irq_retire(word_t irq);

/* An interrupt came: signals its notification. Counted and ignored if it has no handler. */
void irq_deliver(word_t irq);

/* The notification capability of each IRQ, or null. */
extern struct slot irq_slots[IRQ_COUNT];

extern word_t irq_unowned_count; /* interrupts without an owner */

#endif
