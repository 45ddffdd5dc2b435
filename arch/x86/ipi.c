/*
 * Signals between nodes. A signal is a fixed-vector IPI to one CPU of the target, which coalesces there until it is
 * taken.
 *
 * The sender limits what it costs the target: each pair of nodes has a budget per tick, and a signal beyond it waits
 * here for the next tick, one bit per target and irq. So a node can take at most a known share of another node's
 * time, and no signal is lost.
 */
#include <arch/interrupt.h>
#include <arch/x86/apic.h>
#include <arch/x86/ipi.h>
#include <boot/global_state.h>
#include <kernel/assert.h>
#include <kernel/cpu.h>

/*
 * What all nodes together may send to one in a tick of 2 ms: at about 1 us each, 10 % of one CPU of the target. Every
 * other node has an equal part of it, because senders share no state.
 */
enum { SIGNALS_PER_TICK = 200, STATUS_IRQ = ABI_CMK_IPI_IRQS };

/* Node state, under the lock. */
static struct {
    uint16_t sent;    /* in this tick */
    uint16_t pending; /* bit i: irq i waits for the next tick */
} target[ABI_CMK_MAX_NODES];

static void send(uint32_t node, unsigned irq)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *plan = &cluster->node[node];
    uint32_t cpu = plan->cpu[irq % plan->cpu_count];
    apic_send(cluster->cpu[cpu].apic_id, (uint8_t)(VECTOR_IRQ_BASE + irq));
}

static unsigned budget(void)
{
    unsigned senders = global_state.cluster.node_count > 1 ? global_state.cluster.node_count - 1 : 1;
    return SIGNALS_PER_TICK / senders;
}

_Static_assert(SIGNALS_PER_TICK / ABI_CMK_MAX_NODES >= 1, "every node can signal every other in each tick");

void interrupt_send_to_node(word_t node, word_t irq)
{
    require(node < global_state.cluster.node_count && irq >= 1 && irq <= ABI_CMK_IPI_IRQS);
    if (target[node].sent < budget()) {
        target[node].sent++;
        send((uint32_t)node, (unsigned)irq);
    } else {
        target[node].pending |= (uint16_t)(1u << irq);
    }
}

void ipi_refill(void)
{
    for (uint32_t node = 0; node < global_state.cluster.node_count; node++) {
        unsigned pending = target[node].pending;
        target[node].pending = 0;
        target[node].sent = 0;
        for (; pending != 0; pending &= pending - 1) {
            send(node, (unsigned)__builtin_ctz(pending));
            target[node].sent++;
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
