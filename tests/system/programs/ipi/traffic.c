/* Signals under way: each arrives where it should, they coalesce, and none is lost. */
#include "ipi.h"

#include <stdio.h>

#define BURST_SIZE 250 /* more than the kernel's budget in a tick */

/* This node's signal is the only one under way. */
static bool exchange_with(seL4_Word sender, seL4_Word target, seL4_Word irq, unsigned long turn)
{
    bool good = true;
    if (cluster->node_id == target && sender != target) {
        seL4_Word badge = 0;
        seL4_Wait(notification, &badge);
        seL4_IRQHandler_Ack(handlers[irq]);
        good = badge == 1ul << irq;
        atomic_store(&board->done.value, turn);
    } else if (cluster->node_id == sender) {
        seL4_CPtr signal = signal_to(target, irq);
        seL4_Signal(signal);
        if (sender == target) {
            seL4_Word badge = 0;
            seL4_Wait(notification, &badge);
            good = badge == 1ul << irq;
            atomic_store(&board->done.value, turn);
        }
        while (atomic_load(&board->done.value) < turn) {
            relax();
        }
        seL4_CNode_Delete(seL4_CapInitThreadCNode, signal, seL4_WordBits);
        cmk_free_slot(signal);
    }
    return good;
}

void test_every_pair(void)
{
    bool good = true;
    unsigned long turn = 0;
    for (seL4_Word sender = 0; sender < cluster->num_nodes; sender++) {
        for (seL4_Word target = 0; target < cluster->num_nodes; target++) {
            for (seL4_Word irq = 1; irq <= IRQS; irq++) {
                good = exchange_with(sender, target, irq, ++turn) && good;
            }
            meet();
        }
    }
    check(good, "every node reaches every node, itself too, with every irq, and only that one");
}

/* While the target does not take them, many signals are one. */
void test_coalescing(void)
{
    seL4_Word badge = 0;
    if (cluster->node_id == 1) {
        seL4_CPtr signals[2] = {signal_to(0, 2), signal_to(0, 9)};
        for (unsigned i = 0; i < 50; i++) {
            seL4_Signal(signals[i % 2]);
        }
    }
    meet();
    if (cluster->node_id == 0) {
        do { /* ends: the second irq arrives too */
            seL4_Word more = 0;
            seL4_Wait(notification, &more);
            badge |= more;
        } while (badge != (1ul << 2 | 1ul << 9));
        for (unsigned i = 0; i < 2000; i++) { /* whatever was under way has arrived */
            relax();
        }
        seL4_Poll(notification, &badge);
        seL4_Poll(notification, &badge);
        check(badge == 0, "signals that were not taken in between are one");
    }
    meet();
}

static void send_bursts(seL4_CPtr signal, unsigned long bursts)
{
    atomic_ulong *produced = &board->produced[cluster->node_id].value;
    for (unsigned long burst = 1; burst <= bursts; burst++) {
        for (unsigned i = 0; i < BURST_SIZE; i++) {
            atomic_fetch_add(produced, 1);
            seL4_Signal(signal);
        }
        while (atomic_load(&board->seen[cluster->node_id].value) < burst * BURST_SIZE) {
            relax();
        }
    }
}

/*
 * Looks only after a signal: if the last one of a burst were lost, the sender would wait for ever.
 */
static void receive_bursts(unsigned long bursts)
{
    unsigned long wakings = 0;
    for (bool all = false; !all;) {
        seL4_Wait(notification, NULL);
        wakings++;
        all = true;
        for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
            unsigned long produced = atomic_load(&board->produced[node].value);
            atomic_store(&board->seen[node].value, produced);
            all = all && produced == bursts * BURST_SIZE;
        }
    }
    printf("%lu signals from each node, %lu wakings\n", bursts * BURST_SIZE, wakings);
    check(true, "no signal is lost when all others send more than their budget");
}

void test_none_lost(unsigned long bursts)
{
    meet();
    if (cluster->node_id == 0) {
        receive_bursts(bursts);
    } else {
        send_bursts(signal_to(0, 4), bursts);
    }
    meet();
}
