/* manager=on: which nodes start at boot, and which can be started again. */
#include <boot/plan/planning.h>

/* Words that only a manager gives a meaning, and only for the nodes that it manages. */
static void check_words(struct planning *planning, uint32_t node)
{
    const struct node_configuration *wanted = &planning->configuration->node[node];
    const char *words[] = {wanted->start_word, wanted->store_word};
    char shown[SHOWN_BYTES];
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
        if (words[i] == NULL) {
            continue;
        }
        if (!planning->configuration->manager) {
            mistake(&planning->complaints, "%s: only with manager=on", show_word(words[i], shown));
        } else if (node == 0) {
            mistake(&planning->complaints, "%s: node 0 is the manager's: it starts at boot, once",
                    show_word(words[i], shown));
        }
    }
}

/* How large the node's image store is; its place comes with that of all memory. */
static void plan_store(struct planning *planning, uint32_t node)
{
    const struct node_configuration *wanted = &planning->configuration->node[node];
    struct node_plan *plan = &planning->cluster->node[node];
    char shown[SHOWN_BYTES], size[SIZE_BYTES];
    uint64_t least = range_bytes(plan->image);
    /* What devices do with the memory of an earlier life cannot be ended. */
    if (node_has_devices(planning->facts, planning->cluster, node)) {
        if (wanted->store_word != NULL) {
            mistake(&planning->complaints, "%s: node %u has devices, and cannot be started again",
                    show_word(wanted->store_word, shown), node);
        }
        return;
    }
    if (wanted->store_word != NULL && wanted->store_bytes < least) {
        mistake(&planning->complaints, "%s: its image and data take %s",
                show_word(wanted->store_word, shown), show_size(least, size));
    }
    plan->store = (struct range){0, MAX(least, ALIGN_UP(wanted->store_bytes, ABI_PAGE_BITS))};
}

void plan_life(struct planning *planning)
{
    for (uint32_t node = 0; node < planning->cluster->node_count; node++) {
        check_words(planning, node);
        if (planning->configuration->manager && node != 0) {
            planning->cluster->node[node].starts_off =
                planning->configuration->node[node].starts_off;
            plan_store(planning, node);
        }
    }
}
