/*
 * With missing-cpus=go-on: which CPUs answer, before the record of the cluster is complete. Other
 * nodes send interrupts to the CPUs that the record has, so one that is missing must not be there.
 *
 * A CPU that answers after boot has given it up is in no table: it halts, whether it finds the roll
 * call (answer_roll_call) or the nodes' start (cpu_arrival).
 */
#include <arch/memory.h>
#include <x86/start_cpu.h>
#include <boot/machine/machine.h>
#include <node/node.h>

/* For answer_roll_call: constant while CPUs are called, except `present`. */
struct called_cpu called_cpus[ABI_CMK_MAX_CPUS];
uint32_t called_cpu_count;

/*
 * In start.asm, below 4 GiB: where CPUs go when they come in. Written by boot alone, before it
 * starts CPUs and after the roll call; read by every CPU.
 */
extern const char arrival_code[], enter_roll_call[], enter_arrival[];

static void send_cpus_to(const char *code)
{
    __atomic_store_n((uint32_t *)window((paddr_t)arrival_code), (uint32_t)(word_t)code,
                     __ATOMIC_RELEASE);
}

static bool has_answered(const struct called_cpu *called)
{
    return __atomic_load_n(&called->present, __ATOMIC_ACQUIRE) != 0;
}

static bool have_all_answered(void)
{
    for (uint32_t i = 0; i < called_cpu_count; i++) {
        if (!has_answered(&called_cpus[i])) {
            return false;
        }
    }
    return true;
}

/* Bounded by `milliseconds`. */
static bool wait_for_answers(unsigned milliseconds)
{
    for (unsigned waited = 0; waited < milliseconds * 10 && !have_all_answered(); waited++) {
        delay(100);
    }
    return have_all_answered();
}

static void list_cpus(const struct cluster *cluster)
{
    for (uint32_t cpu = 0; cpu < cluster->cpu_count; cpu++) {
        if (cluster->cpu[cpu].node != NO_NODE && cluster->cpu[cpu].index != 0) {
            called_cpus[called_cpu_count++] =
                (struct called_cpu){.apic_id = cluster->cpu[cpu].apic_id, .cpu = cpu};
        }
    }
}

static void start_cpus(void)
{
    for (uint32_t i = 0; i < called_cpu_count; i++) {
        start_cpu(called_cpus[i].apic_id);
    }
    if (wait_for_answers(FIRST_ANSWER_MILLISECONDS)) {
        return;
    }
    for (uint32_t i = 0; i < called_cpu_count; i++) {
        if (!has_answered(&called_cpus[i])) {
            start_cpu_again(called_cpus[i].apic_id);
        }
    }
    wait_for_answers(LAST_ANSWER_MILLISECONDS);
}

void call_roll(struct cluster *cluster)
{
    bool is_missing[ABI_CMK_MAX_CPUS] = {false};
    list_cpus(cluster);
    send_cpus_to(enter_roll_call);
    start_cpus();
    send_cpus_to(enter_arrival);
    for (uint32_t i = 0; i < called_cpu_count; i++) {
        uint32_t cpu = called_cpus[i].cpu;
        is_missing[cpu] = !has_answered(&called_cpus[i]);
        if (is_missing[cpu]) {
            boot_print("node %u: CPU %u (APIC id %u) does not answer: the node starts without it",
                       cluster->cpu[cpu].node, cpu, called_cpus[i].apic_id);
        }
    }
    plan_without_cpus(cluster, is_missing);
}
