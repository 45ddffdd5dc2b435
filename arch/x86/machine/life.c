/*
 * Node 0 stops and starts other nodes (include/arch/life.h). The protocol, and what each step is
 * for, is tests/models/life.pml.
 */
#include <arch/console.h>
#include <arch/life.h>
#include <x86/apic.h>
#include <x86/ipi.h>
#include <x86/life_words.h>
#include <x86/start_cpu.h>
#include <x86/status.h>
#include <target/instructions.h>
#include <cluster/ranges.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <kernel/string.h>

bool life_is_managed_here(void)
{
    return global_state.cluster.manager && node_id == 0;
}

/* INIT works on a CPU that hangs, or runs with interrupts off (Intel SDM volume 3, 9.4). */
static void reset_cpus(const struct node_plan *plan)
{
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        apic_send_init(global_state.cluster.cpu[plan->cpu[i]].apic_id);
    }
}

static uint32_t first_cpu_of(word_t node)
{
    const struct cluster *cluster = &global_state.cluster;
    return cluster->cpu[cluster->node[node].cpu[0]].apic_id;
}

void life_stop(word_t node)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    uint64_t word = life_load(life_word_of(node));
    uint64_t generation = life_generation(word);
    if (life_state(word) == CMK_LIFE_OFF) {
        return;
    }
    life_store(life_word_of(node), CMK_LIFE_STOPPING, generation);
    full_fence();
    /* A CPU of the node may have started another one just before it was reset: hence twice. */
    reset_cpus(plan);
    delay(LIFE_LANDING_MICROSECONDS);
    reset_cpus(plan);
    delay(LIFE_LANDING_MICROSECONDS);
    if (!status_page_has_ended(status_page_of_node(node))) {
        status_page_stop(status_page_of_node(node), "stopped by node 0");
    }
    status_page_end(status_page_of_node(node));
    life_store(life_word_of(node), CMK_LIFE_OFF, generation);
    console_report_of(node, " is off");
    ipi_announce_status();
}

enum start_outcome life_start(word_t node)
{
    uint64_t word = life_load(life_word_of(node));
    uint64_t generation = life_generation(word);
    if (life_state(word) != CMK_LIFE_OFF) {
        if (status_page_is_claimed(status_page_of_node(node))) {
            return START_IS_ON;
        }
        start_cpu_again(first_cpu_of(node));
        return START_DONE;
    }
    if (generation > 0 && range_bytes(global_state.cluster.node[node].store) == 0) {
        return START_IMPOSSIBLE;
    }
    if (generation == LIFE_LAST_GENERATION) {
        return START_LAST_LIFE;
    }
    /* Before the generation: an earlier life may have written there what the next one would. */
    memset(status_page_of_node(node), 0, BIT(ABI_PAGE_BITS));
    console_report_of(node, " starts, life %lu", generation + 1);
    life_store(life_word_of(node), CMK_LIFE_STARTED, generation + 1);
    start_cpu(first_cpu_of(node));
    return START_DONE;
}

void life_read(word_t node, word_t *state, word_t *generation)
{
    uint64_t word = life_load(life_word_of(node));
    *state = life_state(word);
    *generation = life_generation(word);
}
