/*
 * The control: no system calls, no sharing. An operation is 500 rounds of a pseudo-random generator
 * in registers.
 */
#include "scale.h"

#define ROUNDS 500

static bool prepare(struct worker *worker)
{
    (void)worker;
    return true;
}

static void run(struct worker *worker)
{
    uint64_t x = 88172645463325252ull + worker->cpu;
    while (!is_over(worker)) {
        for (int i = 0; i < ROUNDS; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        worker->operations++;
    }
    worker->failed = x == 0; /* never: but the compiler must compute it */
}

const struct workload compute = {"compute", "user mode only", prepare, run, NULL};
