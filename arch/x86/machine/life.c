/*
 * Node 0 stops and starts other nodes (include/arch/life.h). The protocol, and what each step is
 * for, is tests/models/life.pml.
 */
#include <arch/console.h>
#include <arch/life.h>
#include <arch/machine.h>
#include <x86/apic.h>
#include <x86/ipi.h>
#include <x86/layout.h>
#include <x86/status.h>
#include <target/instructions.h>
#include <cluster/life.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <kernel/string.h>

enum { INIT_MICROSECONDS = 10 }; /* between INIT and SIPI, as at boot (node/start_cpu.c) */

bool life_is_managed_here(void)
{
    return global_state.cluster.manager && node_id == 0;
}

static struct life_word *life_of(word_t node)
{
    return (struct life_word *)LIFE_PAGE + node;
}

static struct cmk_status_page *status_of(word_t node)
{
    return (struct cmk_status_page *)(STATUS_PAGES + node * BIT(ABI_PAGE_BITS));
}

static void wait(uint64_t microseconds)
{
    uint64_t end = read_tsc() + microseconds * global_state.tsc_mhz;
    while (read_tsc() < end) {
        spin_pause();
    }
}

/* INIT works on a CPU that hangs, or runs with interrupts off (Intel SDM volume 3, 9.4). */
static void reset_cpus(const struct node_plan *plan)
{
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        apic_send_init(global_state.cluster.cpu[plan->cpu[i]].apic_id);
    }
}

static void start_first_cpu(word_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    apic_send_startup(cluster->cpu[cluster->node[node].cpu[0]].apic_id,
                      (uint8_t)(cluster->trampoline >> ABI_PAGE_BITS));
}

void life_stop(word_t node)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    uint64_t generation = life_generation(life_load(life_of(node)));
    if (life_state(life_load(life_of(node))) == CMK_LIFE_OFF) {
        return;
    }
    life_store(life_of(node), CMK_LIFE_STOPPING, generation);
    full_fence();
    /* A CPU of the node may have started another one just before it was reset: hence twice. */
    reset_cpus(plan);
    wait(LIFE_LANDING_MICROSECONDS);
    reset_cpus(plan);
    wait(LIFE_LANDING_MICROSECONDS);
    if (!status_page_has_ended(status_of(node))) {
        status_page_stop(status_of(node), "stopped by node 0");
    }
    status_page_end(status_of(node));
    life_store(life_of(node), CMK_LIFE_OFF, generation);
    console_report_of(node, " is off");
    ipi_announce_status();
}

enum start_outcome life_start(word_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    const struct node_plan *plan = &cluster->node[node];
    uint64_t word = life_load(life_of(node));
    uint64_t generation = life_generation(word);
    if (life_state(word) != CMK_LIFE_OFF) {
        if (status_page_is_claimed(status_of(node))) {
            return START_IS_ON;
        }
        full_fence();
        start_first_cpu(node);
        return START_DONE;
    }
    if (generation > 0 && plan->store.start == plan->store.end) {
        return START_IMPOSSIBLE;
    }
    if (generation == LIFE_LAST_GENERATION) {
        return START_LAST_LIFE;
    }
    /* Before the generation: an earlier life may have written there what the next one would. */
    memset(status_of(node), 0, BIT(ABI_PAGE_BITS));
    console_report_of(node, " starts, life %lu", generation + 1);
    life_store(life_of(node), CMK_LIFE_STARTED, generation + 1);
    full_fence();
    apic_send_init(cluster->cpu[plan->cpu[0]].apic_id);
    wait(INIT_MICROSECONDS);
    start_first_cpu(node);
    return START_DONE;
}

void life_read(word_t node, word_t *state, word_t *generation)
{
    uint64_t word = life_load(life_of(node));
    *state = life_state(word);
    *generation = life_generation(word);
}
