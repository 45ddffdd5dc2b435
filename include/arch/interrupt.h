/*
 * Interrupts as the portable kernel sees them. IRQ numbers below DEVICE_IRQ_COUNT: CPU vector -
 * 0x20 (contract 10.1); from FIRST_TIMER_IRQ on the timers of the node's CPUs, in their order.
 */
#ifndef ARCH_INTERRUPT_H
#define ARCH_INTERRUPT_H

#include <api/limits.h>
#include <kernel/types.h>

enum {
    DEVICE_IRQ_COUNT = 128,
    FIRST_TIMER_IRQ = DEVICE_IRQ_COUNT,
    IRQ_COUNT = FIRST_TIMER_IRQ + ABI_CMK_MAX_NODE_CPUS
};

/* True if an interrupt waits to be taken on this CPU. */
bool is_interrupt_pending(void);

/*
 * Where the source can be masked (IOAPIC pins; for all others these do nothing): masked when it was
 * delivered, before the local APIC is told; unmasked when the handler acknowledges; masked and
 * forgotten when the handler goes away.
 */
void interrupt_mask(word_t irq);
void interrupt_acknowledge(word_t irq);
void interrupt_disable(word_t irq);

/*
 * Signals IPI irq `irq` (1..15) to node `node`, both valid. Coalesces, is never lost, and does not
 * wait: past the sender's budget for that node the signal stays pending here until a later tick
 * (design: "Between nodes").
 */
void interrupt_send_to_node(word_t node, word_t irq);

/*
 * A message that arrives as user vector `vector` (as GetMSI counts them) when PCI function
 * `function` (bus << 8 | device << 3 | function) stores `*data` at `*address`: at CPU `cpu` of this
 * node, or where interrupts are remapped at the node's CPU 0, for functions of this node only.
 */
enum message_problem { MESSAGE_GOOD, MESSAGE_NO_FUNCTION, MESSAGE_NO_VECTOR, MESSAGE_NO_CPU };
MUST_USE enum message_problem interrupt_message(word_t function, word_t vector, word_t cpu,
                                                word_t *address, word_t *data);

#endif
