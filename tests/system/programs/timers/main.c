/*
 * Timers: the kernel's, by capability; the clock; and waits between nodes that end in time. With
 * the argument "precision" only how late they are, with "share" what a loop of past moments takes.
 */
#include "timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmk_cluster *cluster;
seL4_Word cpus;
static int failures;

void check(bool good, const char *name)
{
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
    failures += !good;
}

seL4_CPtr badged(seL4_CPtr notification, seL4_Word badge)
{
    seL4_CPtr slot = cmk_alloc_slot();
    if (slot == 0 || seL4_CNode_Mint(ROOT, slot, seL4_WordBits, ROOT, notification, seL4_WordBits,
                                     seL4_AllRights, badge) != seL4_NoError) {
        exit(2);
    }
    return slot;
}

uint64_t microseconds(uint64_t count)
{
    return cmk_from_nanoseconds(count * 1000);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    cluster = cmk_cluster();
    cpus = cluster->nodes[cluster->node_id].num_cpus;
    if (strcmp(what, "precision") == 0) {
        measure_precision();
        measure_clock();
        return 0;
    }
    if (strcmp(what, "share") == 0) {
        test_share_beside_flood();
        return failures;
    }
    test_refusals();
    test_each_cpu();
    test_arming();
    test_units();
    test_without_clock();
    if (!cmk_clock_start(0, 255) || cmk_clock_start(0, 255)) {
        return 3;
    }
    test_many_timers();
    test_interval();
    test_sleepers();
    if (cluster->num_nodes == 2) {
        test_between_nodes();
    }
    return failures;
}
