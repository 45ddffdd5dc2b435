/*
 * How fast the TSC runs: what the CPU says and what was measured, judged together. No one source is
 * believed alone where there are two. Plain C.
 */
#ifndef BOOT_PLAN_CLOCK_H
#define BOOT_PLAN_CLOCK_H

#include <kernel/types.h>

/* One source's answer. Measured ones are never below the truth: a pause only lengthens a sample. */
struct clock_claim {
    const char *name; /* "CPUID", "HPET", ... */
    uint64_t khz;     /* of the TSC; 0: the source has no answer */
    bool measured;
};

/*
 * Picks the claim that another one confirms, within 1 %: an exact one before measured ones, among
 * these the slower of the two. A claim that is the only one counts if it is plausible (1 MHz to
 * 20 GHz). Null: there is none, or they disagree.
 */
const struct clock_claim *choose_clock(const struct clock_claim *claim, unsigned count);

/*
 * Whether two claims may agree once more samples have been taken: these only lower what was
 * measured. What the CPU states does not change, so where it is above all that was measured, and
 * only one counter counts, there is nothing to wait for.
 */
bool may_agree_later(const struct clock_claim *claim, unsigned count);

/*
 * CPUID leaves 0x15 and 0x16 (Intel SDM volume 2): the ratio of TSC and crystal, the crystal's rate
 * in Hz, and the base frequency in MHz. 0: they do not say.
 */
uint64_t tsc_khz_by_cpuid(uint32_t denominator, uint32_t numerator, uint32_t crystal_hz,
                          uint32_t base_mhz);

/* `tsc` counts while a counter of `hz` counted `ticks`: kHz, rounded. `ticks` is not 0. */
uint64_t tsc_khz_by_counter(uint64_t tsc, uint32_t ticks, uint32_t hz);

#endif
