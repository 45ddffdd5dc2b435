/* Finding slots: capability pointers to slots (contract 7.2, 7.3). */
#ifndef KERNEL_CSPACE_H
#define KERNEL_CSPACE_H

#include <kernel/answer.h>
#include <kernel/invocation.h>
#include <kernel/slot.h>

/*
 * Resolves the low `bits` (1..64) bits of `pointer` from `root`. True: *slot is the slot reached (perhaps empty), and
 * *bits_left how many bits were not used. False: *failure says why. Time: at most 64 levels.
 */
bool lookup_slot(struct capability root, word_t pointer, unsigned bits, struct slot **slot, unsigned *bits_left,
                 struct lookup_failure *failure);

/* The full-depth lookup of a thread's own capability pointers; bits left over are ignored. */
bool lookup_thread_slot(const struct tcb *thread, word_t pointer, struct slot **slot, struct lookup_failure *failure);

/* The lookup of CNode operations, retype and issue methods: exact, with its errors as an answer. False: refused. */
bool lookup_operation_slot(struct capability root, word_t index, word_t depth, bool source_side, struct slot **slot,
                           struct answer *answer);

/* lookup_operation_slot() for a destination that must be empty: DeleteFirst otherwise. False: refused. */
bool lookup_empty_slot(struct capability root, word_t index, word_t depth, struct slot **slot, struct answer *answer);

#endif
