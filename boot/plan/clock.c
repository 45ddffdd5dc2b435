/* The TSC's rate, from several sources. */
#include <boot/plan/clock.h>

enum { LEAST_KHZ = 1000, GREATEST_KHZ = 20000000, TOLERANCE_PERCENT = 1 };

static bool is_plausible(const struct clock_claim *claim)
{
    return claim->khz >= LEAST_KHZ && claim->khz <= GREATEST_KHZ;
}

static bool agree(const struct clock_claim *a, const struct clock_claim *b)
{
    uint64_t less = MIN(a->khz, b->khz), more = MAX(a->khz, b->khz);
    return (more - less) * 100 <= less * TOLERANCE_PERCENT;
}

static const struct clock_claim *better(const struct clock_claim *a, const struct clock_claim *b)
{
    if (a->measured != b->measured) {
        return a->measured ? b : a;
    }
    return a->khz <= b->khz ? a : b;
}

const struct clock_claim *choose_clock(const struct clock_claim *claim, unsigned count)
{
    const struct clock_claim *best = NULL, *only = NULL;
    unsigned answers = 0;
    for (unsigned i = 0; i < count; i++) {
        answers += claim[i].khz != 0;
        if (!is_plausible(&claim[i])) {
            continue;
        }
        only = &claim[i];
        for (unsigned j = 0; j < i; j++) {
            if (is_plausible(&claim[j]) && agree(&claim[i], &claim[j])) {
                const struct clock_claim *pair = better(&claim[i], &claim[j]);
                best = best != NULL ? better(best, pair) : pair;
            }
        }
    }
    return answers == 1 ? only : best;
}

/* A measured rate may come down to the other one; what is stated stays. */
static bool may_come_to_agree(const struct clock_claim *a, const struct clock_claim *b)
{
    return agree(a, b) || (a->khz > b->khz ? a->measured : b->measured);
}

bool may_agree_later(const struct clock_claim *claim, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (claim[i].khz != 0 && claim[j].khz != 0 && may_come_to_agree(&claim[i], &claim[j])) {
                return true;
            }
        }
    }
    return false;
}

uint64_t tsc_khz_by_cpuid(uint32_t denominator, uint32_t numerator, uint32_t crystal_hz,
                          uint32_t base_mhz)
{
    if (denominator == 0 || numerator == 0) {
        return 0;
    }
    if (crystal_hz == 0) {
        return (uint64_t)base_mhz * 1000; /* the TSC of such CPUs runs at the base frequency */
    }
    return (uint64_t)crystal_hz * numerator / denominator / 1000;
}

uint64_t tsc_khz_by_counter(uint64_t tsc, uint32_t ticks, uint32_t hz)
{
    uint64_t divisor = (uint64_t)ticks * 1000, product;
    if (__builtin_mul_overflow(tsc, (uint64_t)hz, &product)) {
        return 0; /* hours passed: no answer */
    }
    return (product + divisor / 2) / divisor;
}
