/* Faults: from a thread to its handler, and the handler's reply (contract 5). */
#ifndef KERNEL_FAULT_H
#define KERNEL_FAULT_H

#include <kernel/objects.h>

/*
 * What is passed on of the CPU's words (contract 5.2); VMFault: and the bit that says "instruction
 * fetch".
 */
enum { VM_FAULT_STATUS_BITS = 5, VM_FAULT_FETCH_BIT = 4, USER_EXCEPTION_ERROR_BITS = 28 };

/*
 * A capability fault of `thread`, which is current, goes to its handler; without a usable one the
 * thread becomes inactive, with a printed report. (The other faults: kernel/entry.h.)
 */
void raise_capability_fault(struct tcb *thread, word_t pointer, bool receive_phase,
                            const struct lookup_failure *why);

/* Writes the fault message of `sender` to `receiver`; returns its length in words. */
word_t copy_fault_message(struct tcb *sender, struct tcb *receiver);

/*
 * The handler `sender` replied: takes registers from its message as the fault allows; true if the
 * thread restarts.
 */
bool apply_fault_reply(struct tcb *sender, struct tcb *faulted);

#endif
