/*
 * Running threads are moved between the CPUs of a node, MOVES times: each move takes a thread from
 * the CPU that runs it, and the next one waits until it runs elsewhere. Ends with the count. Says
 * how far it is, so that only a hang is silent for long. Argument: another number of moves.
 */
#include <cmk/resources.h>
#include <sel4/sel4.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOVES = 400, STEP = 20, MAX_THREADS = 8, PRIORITY = 100 };

static _Atomic uint64_t counters[MAX_THREADS][8]; /* a cache line each */

static void count(void *argument)
{
    _Atomic uint64_t *counter = argument;
    for (;;) {
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
        __asm__ volatile("pause");
    }
}

static void wait_for_progress(_Atomic uint64_t *counter)
{
    uint64_t before = atomic_load(counter);
    while (atomic_load(counter) == before) {
        __asm__ volatile("pause");
    }
}

int main(int argc, char **argv)
{
    unsigned cpus = (unsigned)seL4_GetBootInfo()->numNodes;
    unsigned moves = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : MOVES;
    struct cmk_thread threads[MAX_THREADS];
    unsigned where[MAX_THREADS];
    if (cpus < 2 || cpus > MAX_THREADS) {
        return 1;
    }
    for (unsigned i = 1; i < cpus; i++) {
        where[i] = i;
        if (!cmk_create_thread(&threads[i], i, PRIORITY, count, &counters[i][0])) {
            return 2;
        }
        wait_for_progress(&counters[i][0]);
    }
    /* Never to this CPU, whose own thread does not give it away. */
    for (unsigned move = 0; move < moves; move++) {
        unsigned i = 1 + move % (cpus - 1);
        where[i] = 1 + where[i] % (cpus - 1);
        if (seL4_TCB_SetAffinity(threads[i].tcb, where[i]) != seL4_NoError) {
            return 3;
        }
        wait_for_progress(&counters[i][0]);
        if (move % STEP == STEP - 1) {
            printf("%u moves\n", move + 1);
        }
    }
    printf("all %u moves are done\n", moves);
    return 0;
}
