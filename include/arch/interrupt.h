/* Interrupts as the portable kernel sees them. IRQ numbers: CPU vector - 0x20 (contract 10.1). */
#ifndef ARCH_INTERRUPT_H
#define ARCH_INTERRUPT_H

#include <kernel/types.h>

enum { IRQ_COUNT = 128 };

/* True if an interrupt waits to be taken on this CPU. */
bool is_interrupt_pending(void);

/* Ack by the handler, and removal of a handler: unmask or mask where the source can be masked. */
void interrupt_acknowledge(word_t irq);
void interrupt_disable(word_t irq);

#endif
