/* The machine word and the kinds of address. A range is always half-open: [start, end). */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word_t;
typedef uint64_t paddr_t; /* physical address */
typedef uint64_t vaddr_t; /* user virtual address, as a user names it: never dereferenced */

struct range {
    paddr_t start, end; /* [start, end) */
};

#define WORD_BITS 64

#define BIT(n)           (1ull << (n))
#define MASK(n)          (BIT(n) - 1) /* n < 64 */
#define ALIGN_DOWN(x, n) ((x) & ~MASK(n))
#define ALIGN_UP(x, n)   ALIGN_DOWN((x) + MASK(n), n)
#define IS_ALIGNED(x, n) (((x)&MASK(n)) == 0)
#define ARRAY_LENGTH(a)  (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))

/*
 * A function for what happens rarely: kept apart, so that what happens often needs fewer registers
 * and less room.
 */
#define COLD __attribute__((noinline, cold))

/* For functions that must become part of each caller, with its constants. C has no word for it. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* For a result that the caller must look at: refused, or to be repeated, must not be lost. */
#define MUST_USE __attribute__((warn_unused_result))

/* For functions that must not become part of their callers, which are shorter without them. */
#define NEVER_INLINE __attribute__((noinline))

/* Which way a branch of a fast path goes, so that the common one is laid out without jumps. */
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

/*
 * A debug build carries the debug system calls, the assertions and the rule checks. Constant, so
 * dead code goes away.
 */
#ifdef CMK_DEBUG
#define DEBUG_BUILD 1
#else
#define DEBUG_BUILD 0
#endif

#endif
