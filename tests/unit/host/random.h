/*
 * Random numbers for tests that take many steps: xorshift (G. Marsaglia, "Xorshift RNGs", 2003).
 * The same state, which must not be 0, is followed by the same numbers.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* States for runs 0, 1, 2, ... that have nothing to do with one another. */
static inline uint64_t random_start(unsigned run)
{
    return (run + 1ull) * 0x9e3779b97f4a7c15;
}

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* 0 .. bound - 1. */
static inline unsigned next_below(uint64_t *state, unsigned bound)
{
    return (unsigned)((next_random(state) >> 20) % bound);
}

#endif
