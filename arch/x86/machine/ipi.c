/*
 * Signals between nodes. A signal is a fixed-vector IPI to one CPU of the target, which coalesces
 * there until it is taken.
 *
 * The sender limits what it costs the target: each pair of nodes has a budget per tick, and a
 * signal beyond it waits here for a later tick, one bit per target and irq. So all other nodes
 * together can take at most a known share of a node's time, and no signal is lost.
 */
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/ipi.h>
#include <cluster/record.h>
#include <kernel/assert.h>
#include <kernel/cpu.h>

/*
 * All nodes together may take 10 % of one CPU of a node, at 2000 cycles for a signal: 200 signals
 * in a tick at 2 GHz. Were a signal to cost twice as much, the target would still keep four fifths.
 * Every other node has an equal part, because senders share no state. Where that is less than one
 * signal in a tick, as with many nodes on a slow machine, it is one in several ticks.
 */
enum { CYCLES_PER_SIGNAL = 2000, PERCENT_FOR_SIGNALS = 10, STATUS_IRQ = ABI_CMK_IPI_IRQS };

/* Node state, under the lock. Zero at first: signals before the first tick wait for it. */
static struct {
    /* cycles of the target's time that this node may take, before more are earned */
    uint64_t credit;
    uint16_t pending; /* bit i: irq i waits for a later tick */
    uint8_t next;     /* the irq that the next tick begins with, so that none waits forever */
} target[ABI_CMK_MAX_NODES];

/* What one sender earns in a tick, in cycles of a target's time. */
static uint64_t earned_per_tick(void)
{
    uint32_t senders =
        global_state.cluster.node_count > 1 ? global_state.cluster.node_count - 1 : 1;
    uint64_t tick = (uint64_t)global_state.tsc_mhz * 1000 * ABI_TICK_MILLISECONDS;
    return tick * PERCENT_FOR_SIGNALS / 100 / senders;
}

/* Nothing is saved up except part of one signal. */
static void earn(uint32_t node, uint64_t earned)
{
    uint64_t most = MAX(earned, (uint64_t)CYCLES_PER_SIGNAL);
    target[node].credit = MIN(target[node].credit + earned, most);
}

/* Takes one signal's price from the credit, if there is that much. */
static bool pay(uint32_t node)
{
    if (target[node].credit < CYCLES_PER_SIGNAL) {
        return false;
    }
    target[node].credit -= CYCLES_PER_SIGNAL;
    return true;
}

static void send(uint32_t node, unsigned irq)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *plan = &cluster->node[node];
    uint32_t cpu = plan->cpu[irq % plan->cpu_count];
    apic_send(cluster->cpu[cpu].apic_id, (uint8_t)(VECTOR_IRQ_BASE + irq));
}

void interrupt_send_to_node(word_t node, word_t irq)
{
    require(node < global_state.cluster.node_count && irq >= 1 && irq <= ABI_CMK_IPI_IRQS);
    if (pay((uint32_t)node)) {
        send((uint32_t)node, (unsigned)irq);
    } else {
        target[node].pending |= (uint16_t)BIT(irq);
    }
}

/* Sends what waits for a node, as far as the credit goes, each irq in its turn. */
static void send_pending(uint32_t node)
{
    unsigned irq = target[node].next;
    for (unsigned i = 0; i <= ABI_CMK_IPI_IRQS; i++) {
        if (target[node].pending & BIT(irq)) {
            if (!pay(node)) {
                break; /* this irq is the first of the next tick */
            }
            target[node].pending &= (uint16_t)~BIT(irq);
            send(node, irq);
        }
        irq = (irq + 1) % (ABI_CMK_IPI_IRQS + 1);
    }
    target[node].next = (uint8_t)irq;
}

void ipi_refill(void)
{
    uint64_t earned = earned_per_tick();
    for (uint32_t node = 0; node < global_state.cluster.node_count; node++) {
        earn(node, earned);
        if (target[node].pending != 0) {
            send_pending(node);
        }
    }
}

void ipi_announce_status(void)
{
    for (uint32_t node = 0; node < global_state.cluster.node_count; node++) {
        if (node != node_id) {
            send(node, STATUS_IRQ);
        }
    }
}
