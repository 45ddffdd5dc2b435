/*
 * What users may ask of a scheduling context, and the time they are told: microseconds for them,
 * ticks of the time stamp counter for the kernel (docs/mcs.md).
 */
#ifndef KERNEL_SCHED_PARAMETERS_H
#define KERNEL_SCHED_PARAMETERS_H

#include <kernel/answer.h>
#include <kernel/refill.h>

enum {
    LEAST_BUDGET_MICROSECONDS = 20,
    LEAST_SCHED_CONTEXT_BITS = 7, /* log2 of the bytes of one with REFILLS_LEAST refills */
    REFILL_BYTES = sizeof(struct refill)
};

/*
 * `megahertz`: whole ticks of the time stamp counter in a microsecond, not 0. Boot only. Sets
 * least_budget.
 */
void sched_parameters_init(uint64_t megahertz);

/* The longest period, in microseconds; as ticks it is at most REFILL_LONGEST_PERIOD. */
uint64_t longest_period(void);

/* At most longest_period(). */
uint64_t ticks_from_microseconds(uint64_t microseconds);

/* Whole microseconds: what is left over is lost. */
uint64_t microseconds_from_ticks(uint64_t ticks);

/*
 * ConfigureFlags, before it looks at the context: RangeError if budget or period, in microseconds,
 * is longer than the longest or shorter than the least; else if the budget is longer than the
 * period.
 */
MUST_USE enum outcome check_budget_and_period(uint64_t budget, uint64_t period,
                                              struct answer *answer);

/*
 * Refills beyond REFILLS_LEAST for which a context of BIT(size_bits) bytes, size_bits >=
 * LEAST_SCHED_CONTEXT_BITS, has room.
 */
uint64_t extra_refills_limit(unsigned size_bits);

/* ConfigureFlags, last of all: RangeError if more extra refills are wished for than have room. */
MUST_USE enum outcome check_extra_refills(uint64_t extra, unsigned size_bits,
                                          struct answer *answer);

#endif
