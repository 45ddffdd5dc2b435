/*
 * CMK's capabilities: IPI control, IPI signal, node control. What they can do is in
 * docs/abi-additions.md.
 */
#ifndef KERNEL_CLUSTER_H
#define KERNEL_CLUSTER_H

#include <kernel/answer.h>
#include <kernel/invocation.h>

/*
 * SendIPI: MR0 node, MR1 irq, MR2 index, MR3 depth; extra capability 0: root CNode. Checks in
 * order: TruncatedMessage; irq not 1..15: RangeError; node of no such number: RangeError; the
 * errors of a destination slot. Makes an IPI signal capability. GetHandler: MR0 irq, MR1 index, MR2
 * depth; extra capability 0: root CNode. Checks in order: TruncatedMessage; irq: RangeError; a
 * handler exists: RevokeFirst; destination slot. Makes the IRQ handler capability of that IPI irq.
 * GetTimer: the same for the timer of a CPU of this node: MR0 is its index.
 *
 * Cluster control (manager=on, node 0): GetNode: MR0 node, MR1 index, MR2 depth; extra capability
 * 0: root CNode. Checks in order: TruncatedMessage; no such other node: RangeError; destination
 * slot. Makes the control of that node.
 */
MUST_USE enum outcome ipi_control_invoke(struct invocation *call, struct answer *answer);
/*
 * Any label, length and extra capabilities: sends the signal (contract 14.5). The control of
 * another node: Start: on already: DeleteFirst; cannot be started again: InvalidArgument 0; the
 * last generation was used: InvalidArgument 1. Stop. Life: answers CMK_LIFE_* and the generation.
 */
MUST_USE enum outcome ipi_signal_invoke(struct invocation *call, struct answer *answer);
/*
 * Exit: MR0 status; does not return. Write: MR0 length in bytes, then the bytes, eight to a word,
 * the first in the lowest bits; no more of them than the message holds are written.
 */
MUST_USE enum outcome node_control_invoke(struct invocation *call, struct answer *answer);

#endif
