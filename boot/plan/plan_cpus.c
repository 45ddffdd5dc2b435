/* Which CPUs belong to which node. */
#include <boot/plan/planning.h>

static void assign(struct cluster *cluster, uint32_t cpu, uint32_t node)
{
    cluster->cpu[cpu].node = (uint16_t)node;
    cluster->node[node].cpu_count++;
}

/*
 * Core of a CPU: threads of one core share it, and everything the OS runs on may be slowed down by
 * its sibling.
 */
static uint32_t core_of(const struct machine_facts *facts, uint32_t cpu)
{
    return facts->cpu[cpu].apic_id >> facts->topology.core;
}

/*
 * How many CPUs of `cpu`'s core are still free; 0 if a free CPU with a lower number stands for that
 * core.
 */
static uint32_t free_siblings(const struct planning *planning, uint32_t cpu)
{
    const struct machine_facts *facts = planning->facts;
    uint32_t count = 0;
    for (uint32_t i = 0; i < facts->cpu_count; i++) {
        if (planning->cluster->cpu[i].node == NO_NODE && core_of(facts, i) == core_of(facts, cpu)) {
            if (i < cpu) {
                return 0;
            }
            count++;
        }
    }
    return count;
}

/*
 * The free CPU whose core should go to a node that needs `wanted` more: the largest that fits, else
 * one to be split.
 */
static uint32_t choose_core(const struct planning *planning, uint32_t wanted)
{
    uint32_t first = ABI_CMK_MAX_CPUS;
    uint32_t best = ABI_CMK_MAX_CPUS;
    uint32_t best_siblings = 0;
    for (uint32_t cpu = 0; cpu < planning->facts->cpu_count; cpu++) {
        uint32_t siblings;
        if (planning->cluster->cpu[cpu].node != NO_NODE) {
            continue;
        }
        first = MIN(first, cpu);
        siblings = free_siblings(planning, cpu);
        if (siblings <= wanted && siblings > best_siblings) {
            best = cpu;
            best_siblings = siblings;
        }
    }
    return best_siblings > 0 ? best : first;
}

/* Gives up to `wanted` free CPUs of one core to a node; returns how many. */
static uint32_t assign_core(struct planning *planning, uint32_t cpu, uint32_t wanted, uint32_t node)
{
    uint32_t core = core_of(planning->facts, cpu);
    uint32_t given = 0;
    for (uint32_t i = cpu; i < planning->facts->cpu_count && given < wanted; i++) {
        if (planning->cluster->cpu[i].node == NO_NODE && core_of(planning->facts, i) == core) {
            assign(planning->cluster, i, node);
            given++;
        }
    }
    return given;
}

/*
 * Equal counts, the first nodes take the remainder. Each node gets whole cores as long as they fit.
 */
static void split_evenly(struct planning *planning, uint32_t nodes)
{
    uint32_t count = planning->facts->cpu_count;
    /* With one CPU each there is nothing to keep together, and the order is CPUs' own. */
    for (uint32_t cpu = 0; nodes == count && cpu < count; cpu++) {
        assign(planning->cluster, cpu, cpu);
    }
    for (uint32_t node = 0; nodes < count && node < nodes; node++) {
        uint32_t wanted = count / nodes + (node < count % nodes);
        /* Node 0 begins with the boot CPU, even if another core would fit better. */
        if (node == 0) {
            wanted -= assign_core(planning, 0, wanted, 0);
        }
        while (wanted > 0) {
            wanted -= assign_core(planning, choose_core(planning, wanted), wanted, node);
        }
    }
}

static void plan_counted(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    uint32_t count = planning->facts->cpu_count;
    char shown[SHOWN_BYTES];
    planning->cluster->node_count = configuration->node_count;
    if (configuration->node_count > count) {
        mistake(&planning->complaints, "%s: there %s only %u CPU%s",
                show_word(configuration->nodes_word, shown), count == 1 ? "is" : "are", count,
                count == 1 ? "" : "s");
        return;
    }
    split_evenly(planning, configuration->node_count);
    planning->nodes_known = true;
}

static void plan_per_cpu(struct planning *planning)
{
    uint32_t count = planning->facts->cpu_count;
    if (count > ABI_CMK_MAX_NODES) {
        mistake(&planning->complaints,
                "nodes=percpu: there are %u CPUs, and there can be at most %d nodes", count,
                ABI_CMK_MAX_NODES);
        return;
    }
    planning->cluster->node_count = count;
    for (uint32_t cpu = 0; cpu < count; cpu++) {
        assign(planning->cluster, cpu, cpu);
    }
    planning->nodes_known = true;
}

/* Whether a proximity domain has RAM that nodes may own. */
static bool has_memory(const struct planning *planning, uint32_t proximity)
{
    const struct machine_facts *facts = planning->facts;
    for (uint32_t i = 0; i < facts->proximity_count; i++) {
        for (uint32_t j = 0;
             facts->proximity[i].proximity == proximity && j < planning->available->count; j++) {
            if (ranges_meet(facts->proximity[i].range, planning->available->range[j])) {
                return true;
            }
        }
    }
    return false;
}

/* CPUs of domains without memory, and CPUs of no domain, stay off. */
static void plan_numa(struct planning *planning)
{
    const struct machine_facts *facts = planning->facts;
    uint32_t domain[ABI_CMK_MAX_NODES];
    uint32_t count = 0;
    if (facts->proximity_count == 0 || facts->cpu[0].proximity == NO_PROXIMITY) {
        mistake(&planning->complaints, "nodes=numa: the firmware describes no proximity domains");
        return;
    }
    if (!has_memory(planning, facts->cpu[0].proximity)) {
        mistake(&planning->complaints,
                "nodes=numa: proximity domain %u, where CPU 0 is, has no memory",
                facts->cpu[0].proximity);
        return;
    }
    for (uint32_t cpu = 0; cpu < facts->cpu_count; cpu++) {
        uint32_t proximity = facts->cpu[cpu].proximity;
        uint32_t node = 0;
        if (proximity == NO_PROXIMITY || !has_memory(planning, proximity)) {
            continue;
        }
        while (node < count && domain[node] != proximity) {
            node++;
        }
        if (node == ABI_CMK_MAX_NODES) {
            mistake(&planning->complaints,
                    "nodes=numa: more than %d proximity domains have CPUs and memory",
                    ABI_CMK_MAX_NODES);
            return;
        }
        if (node == count) {
            domain[count++] = proximity;
        }
        assign(planning->cluster, cpu, node);
    }
    planning->cluster->node_count = count;
    planning->nodes_known = true;
}

/* One node for the CPUs that share something: whose APIC ids agree above `shift` bits. */
static void plan_sharing(struct planning *planning, uint32_t shift, const char *what)
{
    const struct machine_facts *facts = planning->facts;
    uint32_t group[ABI_CMK_MAX_NODES];
    uint32_t count = 0;
    char shown[SHOWN_BYTES];
    show_word(planning->configuration->nodes_word, shown);
    if (shift >= TOPOLOGY_UNKNOWN) {
        mistake(&planning->complaints, "%s: this CPU does not say which CPUs share a %s", shown,
                what);
        return;
    }
    for (uint32_t cpu = 0; cpu < facts->cpu_count; cpu++) {
        uint32_t number = facts->cpu[cpu].apic_id >> shift;
        uint32_t node = 0;
        while (node < count && group[node] != number) {
            node++;
        }
        if (node == ABI_CMK_MAX_NODES) {
            mistake(&planning->complaints, "%s: more than %d groups of CPUs share a %s", shown,
                    ABI_CMK_MAX_NODES, what);
            return;
        }
        if (node == count) {
            group[count++] = number;
        }
        assign(planning->cluster, cpu, node);
    }
    planning->cluster->node_count = count;
    planning->nodes_known = true;
}

static void plan_by_kind(struct planning *planning)
{
    const struct topology *topology = &planning->facts->topology;
    switch (planning->configuration->nodes_kind) {
    case NODES_COUNTED:
        plan_counted(planning);
        break;
    case NODES_PER_CPU:
        plan_per_cpu(planning);
        break;
    case NODES_NUMA:
        plan_numa(planning);
        break;
    case NODES_LLC:
        plan_sharing(planning, topology->last_level_cache, "last-level cache");
        break;
    case NODES_PACKAGE:
        plan_sharing(planning, topology->package, "package");
        break;
    }
}

/*
 * Gives a node the CPUs that its word names; complains about those that another node named first.
 */
static bool assign_named(struct planning *planning, uint32_t node)
{
    const struct node_configuration *configuration = &planning->configuration->node[node];
    char shown[SHOWN_BYTES];
    bool right = true;
    for (uint32_t cpu = 0; cpu < planning->facts->cpu_count; cpu++) {
        uint32_t owner = planning->cluster->cpu[cpu].node;
        if (!(configuration->cpus[cpu / 64] & BIT(cpu % 64))) {
            continue;
        }
        if (owner != NO_NODE) {
            mistake(&planning->complaints, "%s: CPU %u is in node %u already",
                    show_word(configuration->cpus_word, shown), cpu, owner);
            right = false;
        } else if (cpu == 0 && node != 0) {
            mistake(&planning->complaints, "%s: CPU 0 is the boot CPU and belongs to node 0",
                    show_word(configuration->cpus_word, shown));
            right = false;
        } else {
            assign(planning->cluster, cpu, node);
        }
    }
    return right;
}

/* How many nodes there are: nodes= says it, or the greatest K of nodeK.cpus=. */
static uint32_t count_named(const struct configuration *configuration)
{
    uint32_t count = 0;
    if (configuration->nodes_word != NULL) {
        return configuration->node_count;
    }
    for (uint32_t node = 0; node < ABI_CMK_MAX_NODES; node++) {
        count = configuration->node[node].cpus_word != NULL ? node + 1 : count;
    }
    return count;
}

/* nodeK.cpus= for every node. */
static void plan_named(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    char shown[SHOWN_BYTES];
    bool right = !configuration->cpus_bad;
    if (configuration->nodes_kind != NODES_COUNTED) {
        mistake(&planning->complaints, "%s: nodeK.cpus= goes with nodes= and a number, or without",
                show_word(configuration->nodes_word, shown));
        return;
    }
    uint32_t nodes = count_named(configuration);
    planning->cluster->node_count = nodes;
    for (uint32_t node = 0; node < nodes; node++) {
        if (configuration->node[node].cpus_word == NULL) {
            mistake(&planning->complaints,
                    "node%u.cpus= is missing: when one node names its CPUs, all do", node);
            right = false;
        }
    }
    /* With a word that could not be read, what others say of the same CPUs is no mistake. */
    if (!right) {
        return;
    }
    for (uint32_t node = 0; node < nodes; node++) {
        right &= assign_named(planning, node);
    }
    if (right && planning->cluster->cpu[0].node != 0) {
        mistake(&planning->complaints, "%s: CPU 0, the boot CPU, must be in node 0",
                show_word(configuration->node[0].cpus_word, shown));
        right = false;
    }
    planning->nodes_known = right;
}

/* Node limits, and the lists of CPUs in ascending order. */
static void number_cpus(struct planning *planning)
{
    struct cluster *cluster = planning->cluster;
    uint32_t filled[ABI_CMK_MAX_NODES] = {0};
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        if (cluster->node[node].cpu_count > ABI_CMK_MAX_NODE_CPUS) {
            mistake(&planning->complaints,
                    "node %u would have %u CPUs, and a node can have at most %d: use nodes=", node,
                    cluster->node[node].cpu_count, ABI_CMK_MAX_NODE_CPUS);
            planning->nodes_known = false;
        }
    }
    for (uint32_t cpu = 0; planning->nodes_known && cpu < cluster->cpu_count; cpu++) {
        uint32_t node = cluster->cpu[cpu].node;
        if (node != NO_NODE) {
            cluster->cpu[cpu].index = (uint16_t)filled[node];
            cluster->node[node].cpu[filled[node]++] = (uint16_t)cpu;
        }
    }
}

void plan_cpus(struct planning *planning)
{
    const struct configuration *configuration = planning->configuration;
    struct cluster *cluster = planning->cluster;
    bool named = false;
    if (planning->facts->cpu_count == 0 || planning->facts->cpu_count > ABI_CMK_MAX_CPUS) {
        mistake(&planning->complaints, "the firmware lists no CPUs");
        return;
    }
    cluster->cpu_count = planning->facts->cpu_count;
    for (uint32_t cpu = 0; cpu < cluster->cpu_count; cpu++) {
        cluster->cpu[cpu].apic_id = planning->facts->cpu[cpu].apic_id;
        cluster->cpu[cpu].node = NO_NODE;
    }
    if (configuration->nodes_bad) {
        return;
    }
    for (uint32_t node = 0; node < ABI_CMK_MAX_NODES; node++) {
        named |= configuration->node[node].cpus_word != NULL;
    }
    if (named) {
        plan_named(planning);
    } else {
        plan_by_kind(planning);
    }
    if (planning->nodes_known) {
        number_cpus(planning);
    }
}

void plan_without_cpus(struct cluster *cluster, const bool is_missing[ABI_CMK_MAX_CPUS])
{
    for (uint32_t node = 0; node < cluster->node_count; node++) {
        struct node_plan *plan = &cluster->node[node];
        uint32_t kept = 1;
        for (uint32_t i = 1; i < plan->cpu_count; i++) {
            uint16_t cpu = plan->cpu[i];
            if (is_missing[cpu]) {
                cluster->cpu[cpu].node = NO_NODE;
                continue;
            }
            cluster->cpu[cpu].index = (uint16_t)kept;
            plan->cpu[kept++] = cpu;
        }
        plan->missing_cpus += plan->cpu_count - kept;
        plan->cpu_count = kept;
    }
}
