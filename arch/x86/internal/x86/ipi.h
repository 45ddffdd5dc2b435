/*
 * Signals between nodes (design: "Between nodes"); interrupt_send_to_node() is in arch/interrupt.h.
 * Under the lock.
 */
#ifndef X86_IPI_H
#define X86_IPI_H

#include <kernel/types.h>

/*
 * A tick has passed: a new budget for every target, and what was kept pending goes out as far as it
 * reaches.
 */
void ipi_refill(void);

/* This node's state changed for good: IPI irq 15 to every other node, at once. Needs no lock. */
void ipi_announce_status(void);

#endif
