/* Attempts from ring 3: pieces of code, what each should end in, and the thread that runs them. */
#ifndef RING_3_H
#define RING_3_H

#include <stdbool.h>
#include <stdint.h>

/* How a piece of code can end; a set of them is what it may end in. */
enum {
    COMPLETED = 1 << 0,  /* it came to its end */
    INVALID = 1 << 1,    /* #UD in it */
    PROTECTION = 1 << 2, /* #GP */
    PAGE = 1 << 3,
    DEBUG = 1 << 4,
    BREAKPOINT = 1 << 5,
    UNKNOWN_CALL = 1 << 6,
    OTHER = 1 << 7
};

/* From `start` up to `end`, where a UD2 is. */
struct piece {
    const char *name;
    const char *start, *end;
    unsigned expected;
};

/* What the body of a loop does with what it refuses; the second kind uses the stack for it. */
enum loop_kind { FAULTS, STACK_FAULTS, ANSWERS };

/*
 * A loop over all ports or selectors below R13, by steps. Its body faults, or counts itself in R15,
 * and goes on at `next`. Ends with UD2 at `end`.
 */
struct loop {
    const char *name;
    const char *start, *faulting, *next, *end;
    uint64_t step;
    uint64_t completed; /* so often without a fault, and with #GP at `faulting` otherwise */
    enum loop_kind kind;
};

/* pieces.c; fills in what depends on this CPU's features. The list ends with a null name. */
struct piece *all_pieces(void);
struct piece *software_interrupts(void);
struct loop *all_loops(void);

/*
 * True on CPUs of QEMU 7.2 with SMAP: far calls and returns from ring 3 to ring 3 use the stack
 * with the kernel's rights there, and always fault.
 */
bool far_stack_is_broken(void);

#endif
