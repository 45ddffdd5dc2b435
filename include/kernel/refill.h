/*
 * How much of a CPU's time a scheduling context may still use, and when (docs/mcs.md). Pure
 * arithmetic: the caller says what time it is, in ticks of the time stamp counter.
 *
 * A refill is an amount of time that may be used from a moment on. A context has a list of them,
 * the earliest first; their amounts always add up to its budget. What is used comes back one period
 * after it could have been used first, so that in no stretch as long as a period more than the
 * budget is used. Of a context without a period ("round robin") everything comes back at once.
 */
#ifndef KERNEL_REFILL_H
#define KERNEL_REFILL_H

#include <kernel/types.h>

struct refill {
    uint64_t time; /* may be used from here on */
    uint64_t amount;
};

/*
 * Between any two there is a gap, and the last one ends at most one period after the first begins;
 * after a change of the budget, until it was used once, at most a budget later.
 * A list that is longer than its user can wish for would take long to go through, so this kernel
 * keeps at most REFILLS_MOST, whatever size the object has; more only make the server react sooner.
 */
enum { REFILLS_LEAST = 2, REFILLS_MOST = 256 };

struct refills {
    uint64_t budget; /* 0: not configured, nothing below counts */
    uint64_t period; /* 0: round robin */
    uint16_t head;   /* in `ring`: the earliest */
    uint16_t count;
    uint16_t most; /* elements of `ring`: REFILLS_LEAST .. REFILLS_MOST */
    struct refill ring[];
};

/*
 * Budgets, periods and refills that are used are at least this: so much that the kernel's own work
 * at the end of one is small beside it. In ticks, not 0; constant after boot.
 */
extern uint64_t least_budget;

/*
 * Later than any machine runs (2^62 ticks): refills for later than this are not told apart. The
 * sum of it and a few periods fits a word.
 */
#define REFILL_LATEST         BIT(62)
#define REFILL_LONGEST_PERIOD BIT(61)

static inline bool is_configured(const struct refills *refills)
{
    return refills->budget != 0;
}

static inline bool is_round_robin(const struct refills *refills)
{
    return refills->period == 0;
}

static inline struct refill *first_refill(struct refills *refills)
{
    return &refills->ring[refills->head];
}

/* True if the earliest refill may be used at `now`. */
static inline bool refill_is_due(struct refills *refills, uint64_t now)
{
    return first_refill(refills)->time <= now;
}

/*
 * True if so much is left of the earliest refill, after `used` of it was used, that going on with
 * it is worth it. Else the slice has ended.
 */
static inline bool refill_lasts(struct refills *refills, uint64_t used)
{
    uint64_t amount = first_refill(refills)->amount;
    return amount >= least_budget && used <= amount - least_budget;
}

/*
 * One refill, of the whole budget, from `now` on. least_budget <= budget; a period of 0, or of no
 * more than the budget, is round robin; others are at most REFILL_LONGEST_PERIOD. `extra`: so many
 * refills more than REFILLS_LEAST are wished for; the ring has room for them, or for REFILLS_MOST.
 */
void refills_start(struct refills *refills, uint64_t budget, uint64_t period, uint64_t extra,
                   uint64_t now);

/*
 * New parameters, as above, for a context in use, which must not gain time by them: what may be
 * used next stays as it is, or is cut to the new budget; the rest of the new budget comes a new
 * period later.
 */
void refills_change(struct refills *refills, uint64_t budget, uint64_t period, uint64_t extra,
                    uint64_t now);

/*
 * `used` was used since the last charge. More than was there is allowed: the debt is paid by the
 * refills that follow. Round robin: only the rest of the slice remains, and if that is too little,
 * the next slice begins. At most REFILLS_MOST steps, however much was used.
 */
void refills_charge(struct refills *refills, uint64_t used);

/*
 * The whole earliest refill was used, or given up: by Yield, or because what is left of it is less
 * than least_budget. It comes back in one piece one period after it could be used first, so the
 * periods of a thread that uses its whole budget stay where they are.
 */
void refills_end_slice(struct refills *refills);

/*
 * What was not used although it could have been is used from now on: it cannot be saved up, since
 * it comes back one period after `now` at the earliest. Nothing changes if the earliest refill is
 * not due, or for round robin. At most REFILLS_MOST steps.
 */
void refills_advance(struct refills *refills, uint64_t now);

#endif
