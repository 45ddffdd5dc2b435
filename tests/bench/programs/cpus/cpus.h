/*
 * Between the CPUs of one node: for emulators whose CPUs advance together on one clock
 * (docs/benchmarks.md). The main thread and one partner are on CPU 0, the others on CPU 1 and up.
 */
#ifndef CPUS_H
#define CPUS_H

#include "../../support/bench.h"

/* CPUs of this node. */
unsigned cpu_count(void);

/* Lets about so many turns of a loop pass. */
static inline void delay(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        __builtin_ia32_pause();
    }
}

/* Turns after which whoever was about to wait does so, and a CPU that has nothing to do is idle. */
enum { UNTIL_IDLE = 600 };

void measure_cross_cpu_signal(void);
void measure_cross_cpu_call(void);
void measure_unmap(void);
void measure_lock(void);

#endif
