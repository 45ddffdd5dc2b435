/*
 * What a victim keeps of its own time while all other nodes signal it in loops: the work it does in a number of its own
 * ticks, without and with the flood. A figure means something only where time is the same for all, as in Bochs or on
 * hardware. The victim has no handler bound: what it loses is what it cannot avoid.
 */
#include "ipi.h"

#include <stdio.h>
#include <stdlib.h>

#define TICKS 100

enum { PREPARING, FLOOD, OVER };

static uint64_t read_tsc(void)
{
    return __builtin_ia32_rdtsc();
}

/* Units of work in `cycles` of the TSC. */
static unsigned long work(uint64_t cycles)
{
    unsigned long units = 0;
    uint64_t end = read_tsc() + cycles;
    while (read_tsc() < end) {
        for (volatile unsigned i = 0; i < 100; i++) {
        }
        units++;
    }
    return units;
}

static uint64_t tsc_of_ticks(unsigned ticks)
{
    const struct cmk_status_page *page = cmk_node_status(cluster->node_id);
    uint64_t first = cmk_node_ticks(page);
    uint64_t start = read_tsc();
    while (cmk_node_ticks(page) < first + ticks) {
        __builtin_ia32_pause();
    }
    return read_tsc() - start;
}

static int suffer(void)
{
    uint64_t cycles = tsc_of_ticks(TICKS);
    work(cycles / 10);
    unsigned long quiet = work(cycles);
    atomic_store(&board->phase.value, FLOOD);
    while (atomic_load(&board->turn.value) < cluster->num_nodes - 1) {
        __builtin_ia32_pause();
    }
    unsigned long flooded = work(cycles);
    atomic_store(&board->phase.value, OVER);
    unsigned long percent = flooded * 100 / quiet;
    printf("the victim keeps %lu percent of its own work (%lu of %lu units)\n", percent, flooded, quiet);
    check(percent >= 80, "a victim of all other nodes keeps at least 80 percent of its work");
    return percent >= 80 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int flood(void)
{
    seL4_CPtr signals[IRQS];
    for (seL4_Word irq = 1; irq < IRQS; irq++) {
        signals[irq] = signal_to(0, irq);
    }
    while (atomic_load(&board->phase.value) == PREPARING) {
        relax();
    }
    atomic_fetch_add(&board->turn.value, 1);
    unsigned long sent = 0;
    while (atomic_load(&board->phase.value) != OVER) {
        seL4_Signal(signals[1 + sent++ % (IRQS - 1)]);
    }
    printf("%lu signals sent\n", sent);
    return EXIT_SUCCESS;
}

int measure_flood(void)
{
    return cluster->node_id == 0 ? suffer() : flood();
}
