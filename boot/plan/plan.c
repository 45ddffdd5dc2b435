/* From facts and a command line to the plan of a cluster: the order of the steps. */
#include <boot/plan/planning.h>
#include <kernel/format.h>
#include <kernel/string.h>

const char *show_size(uint64_t bytes, char shown[static SIZE_BYTES])
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned i = 0;
    uint64_t whole, tenths;
    while (i + 1 < ARRAY_LENGTH(unit) && bytes >> 10 * i >= 1024) {
        i++;
    }
    whole = bytes >> 10 * i;
    tenths = i == 0 ? 0 : ((bytes >> 10 * (i - 1)) % 1024) * 10 / 1024;
    if (tenths == 0) {
        format_line(shown, SIZE_BYTES, "%lu %s", (unsigned long)whole, unit[i]);
    } else {
        format_line(shown, SIZE_BYTES, "%lu.%lu %s", (unsigned long)whole, (unsigned long)tenths,
                    unit[i]);
    }
    return shown;
}

/* Words about nodes that do not exist. */
static void check_node_words(struct planning *planning)
{
    uint32_t count = planning->cluster->node_count;
    for (uint32_t node = count; node < ABI_CMK_MAX_NODES; node++) {
        const struct node_configuration *configuration = &planning->configuration->node[node];
        const char *words[] = {configuration->cpus_word,    configuration->mem_word,
                               configuration->console_word, configuration->cnode_word,
                               configuration->devices_word, configuration->profile_word,
                               configuration->start_word,   configuration->store_word};
        char shown[SHOWN_BYTES];
        for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
            if (words[i] != NULL) {
                mistake(&planning->complaints, "%s: there is no node %u (%u node%s)",
                        show_word(words[i], shown), node, count, count == 1 ? "" : "s");
            }
        }
    }
}

/* With one_cpu, programs could never use a second CPU: that is a mistake, rather than idle CPUs. */
static void plan_profiles(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        const struct node_configuration *configuration = &planning->configuration->node[node];
        struct node_plan *plan = &planning->cluster->node[node];
        plan->profile = configuration->profile_word != NULL ? configuration->profile
                                                            : planning->configuration->profile;
        const struct profile_fact *profile = &profile_facts[plan->profile];
        if (profile->one_cpu && plan->cpu_count > 1) {
            mistake(&planning->complaints, "api=%s: node %u has %u CPUs, this profile is for one",
                    profile->word, node, plan->cpu_count);
        }
    }
}

static void copy_switches(const struct configuration *configuration, struct cluster *cluster)
{
    cluster->console_mark = configuration->console_mark;
    cluster->plan_only = configuration->plan_only;
    cluster->checks = configuration->checks;
    cluster->balance = configuration->balance;
    cluster->fastpath = configuration->fastpath;
    cluster->power_off = configuration->power_off;
    cluster->missing_cpus_go_on = configuration->missing_cpus_go_on;
    cluster->avx = configuration->avx;
    cluster->manager = configuration->manager;
}

unsigned plan_cluster(const struct machine_facts *facts, struct cluster *cluster,
                      complain_function *complain, void *context)
{
    /* Too large for the stack. Boot runs this once, on one CPU. */
    static struct configuration configuration;
    static struct range room[MAX_RAM_RANGES];
    struct range_list available = {room, 0, MAX_RAM_RANGES};
    struct planning planning = {.facts = facts,
                                .cluster = cluster,
                                .configuration = &configuration,
                                .complaints = {.complain = complain, .context = context},
                                .available = &available};
    memset(cluster, 0, sizeof(*cluster));
    usable_memory(facts, &available);
    read_configuration(facts, &configuration, &planning.complaints);
    copy_switches(&configuration, cluster);
    plan_cpus(&planning);
    if (cluster->node_count > 0) {
        check_node_words(&planning);
        plan_devices(&planning);
        plan_iommu(&planning);
    }
    plan_images(&planning);
    if (planning.nodes_known) {
        plan_profiles(&planning);
        plan_life(&planning);
        plan_cnodes(&planning);
        plan_memory(&planning);
    }
    if (planning.complaints.count == 0) {
        place_images(&planning);
        check_pieces(&planning);
    }
    return planning.complaints.count;
}
