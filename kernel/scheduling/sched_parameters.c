/* Budgets and periods as users say them. */
#include <kernel/assert.h>
#include <kernel/sched_parameters.h>

static uint64_t ticks_per_microsecond;

void sched_parameters_init(uint64_t megahertz)
{
    ticks_per_microsecond = megahertz;
    least_budget = LEAST_BUDGET_MICROSECONDS * megahertz;
}

uint64_t longest_period(void)
{
    return UINT64_MAX / ticks_per_microsecond / 8;
}

uint64_t ticks_from_microseconds(uint64_t microseconds)
{
    assert(microseconds <= longest_period());
    return microseconds * ticks_per_microsecond;
}

uint64_t microseconds_from_ticks(uint64_t ticks)
{
    return ticks / ticks_per_microsecond;
}

enum outcome check_budget_and_period(uint64_t budget, uint64_t period, struct answer *answer)
{
    uint64_t longest = longest_period();
    if (budget > longest || period > longest || budget < LEAST_BUDGET_MICROSECONDS ||
        period < LEAST_BUDGET_MICROSECONDS) {
        return refuse_range(answer, LEAST_BUDGET_MICROSECONDS, longest);
    }
    if (budget > period) {
        return refuse_range(answer, LEAST_BUDGET_MICROSECONDS, period);
    }
    return DONE;
}

uint64_t extra_refills_limit(unsigned size_bits)
{
    assert(size_bits >= LEAST_SCHED_CONTEXT_BITS && size_bits <= ABI_MAX_UNTYPED_BITS);
    return (BIT(size_bits) - BIT(LEAST_SCHED_CONTEXT_BITS)) / REFILL_BYTES;
}

enum outcome check_extra_refills(uint64_t extra, unsigned size_bits, struct answer *answer)
{
    uint64_t limit = extra_refills_limit(size_bits);
    return extra > limit ? refuse_range(answer, 0, limit) : DONE;
}
