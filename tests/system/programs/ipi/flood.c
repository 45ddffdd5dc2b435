/*
 * What a victim keeps of its own time while all other nodes signal it in loops, on every irq: the
 * work it does in a number of its own ticks, without and with the flood. First with no handler
 * bound, so that what it loses is what it cannot avoid; then while a thread of higher priority
 * takes every signal. A figure means something only where time is the same for all, as in Bochs or
 * on hardware. Afterwards no signal may be lost.
 */
#include "ipi.h"

#include <stdio.h>
#include <stdlib.h>

#define TICKS 100

enum { PREPARING, FLOOD, OVER };

static volatile unsigned long signals_taken;

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
        for (volatile unsigned i = 0; i < 100; i++) {}
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

/* Takes every signal, for ever. */
static void listen(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Word badge = 0;
        seL4_Wait(notification, &badge);
        for (seL4_Word irq = 1; irq <= IRQS; irq++) {
            if (badge >> irq & 1) {
                (void)seL4_IRQHandler_Ack(handlers[irq]);
            }
        }
        signals_taken++;
    }
}

static void compare(unsigned long quiet, unsigned long flooded, const char *name)
{
    unsigned long percent = flooded * 100 / quiet;
    printf("%lu nodes: the victim keeps %lu percent of its own work (%lu of %lu units)\n",
           cluster->num_nodes, percent, flooded, quiet);
    check(percent >= 80, name);
}

static void suffer(void)
{
    static struct cmk_thread listener;
    uint64_t cycles = tsc_of_ticks(TICKS);
    work(cycles / 10);
    unsigned long quiet = work(cycles);
    atomic_store(&board->phase.value, FLOOD);
    while (atomic_load(&board->turn.value) < cluster->num_nodes - 1) {
        __builtin_ia32_pause();
    }
    compare(quiet, work(cycles),
            "a victim of all other nodes keeps at least 80 percent of its work");

    make_handlers();
    bool listening =
        cmk_create_thread(&listener, 0, 255, listen, NULL) &&
        seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, 200) == seL4_NoError;
    compare(quiet, work(cycles), "and also while it takes every signal");
    check(listening && signals_taken > 0, "it did take signals");
    atomic_store(&board->phase.value, OVER);
    (void)seL4_TCB_Suspend(listener.tcb);
}

static void flood(void)
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
}

void measure_flood(void)
{
    if (cluster->node_id == 0) {
        suffer();
    } else {
        flood();
    }
    test_none_lost(20);
}
