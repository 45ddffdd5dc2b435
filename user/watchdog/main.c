/*
 * A watchdog: node 0 looks at the status pages of all other nodes and says whenever one ends, falls
 * silent or comes back. The other nodes work for `SECONDS` and exit. To see what happens, a node
 * can be told to go wrong after a while: with the arguments "NODE hang" its CPU hangs in the kernel
 * with interrupts off, with "NODE assert" its kernel stops by a failed assertion (debug kernels),
 * with "NODE fault" its program faults.
 *
 *   tools/cmk run --smp 3 --config nodes=3 --until "nobody is left" "build/user/watchdog.elf
 *   node=all 2 hang"
 *
 * (A node that hangs never ends, so the run is told when to.) The watchdog ends when no other node
 * is left to watch: with the number of those that failed.
 */
#include <cmk/cluster.h>
#include <cmk/doorbell.h>
#include <cmk/node_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKS_PER_SECOND = 500,
    SECONDS = 1,
    PATIENCE = TICKS_PER_SECOND / 2, /* so long may a node stand still */
};

static const struct cmk_cluster *cluster;

static void work(unsigned ticks)
{
    const struct cmk_status_page *page = cmk_node_status(cluster->node_id);
    uint64_t end = cmk_node_ticks(page) + ticks;
    while (cmk_node_ticks(page) < end) {
        seL4_Yield();
    }
}

static void go_wrong(const char *how)
{
    printf("about to %s\n", how);
    if (strcmp(how, "fault") == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    }
    if (strcmp(how, "hang") == 0) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_HANG, 0);
    } else if (strcmp(how, "assert") == 0) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    }
}

static void report(seL4_Word node, enum cmk_node_health health, const struct cmk_status_page *page)
{
    if (health == CMK_NODE_WELL) {
        printf("node %lu is well\n", node);
    } else if (health == CMK_NODE_SILENT) {
        printf("node %lu is silent: its ticks stand still at %lu\n", node, cmk_node_ticks(page));
    } else if (page->state == CMK_STATUS_EXITED) {
        printf("node %lu exited with status %lu\n", node, page->exit_status);
    } else {
        printf("node %lu stopped: %s\n", node, page->reason);
    }
}

/* Returns how many nodes did not simply exit. */
static int watch_all(void)
{
    struct cmk_node_watch watch[ABI_CMK_MAX_NODES];
    enum cmk_node_health health[ABI_CMK_MAX_NODES];
    for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
        cmk_node_watch(&watch[node], node);
        health[node] = CMK_NODE_WELL;
    }
    int failed;
    seL4_Word well;
    do {
        work(10);
        failed = 0;
        well = 0;
        for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
            enum cmk_node_health now = cmk_node_look(&watch[node], PATIENCE);
            if (now != health[node]) {
                report(node, now, watch[node].page);
                health[node] = now;
            }
            well += now == CMK_NODE_WELL;
            failed += now == CMK_NODE_SILENT ||
                      (now == CMK_NODE_ENDED && watch[node].page->state == CMK_STATUS_STOPPED);
        }
    } while (well > 0);
    printf("nobody is left to watch; %d nodes failed\n", failed);
    return failed;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    /* the guardian ends the node should its program fault */
    if (!cluster || !cmk_guardian_start()) {
        return EXIT_FAILURE;
    }
    if (cluster->node_id == 0) {
        return watch_all();
    }
    work(SECONDS * TICKS_PER_SECOND / 2);
    if (argc > 2 && strtoul(argv[1], NULL, 0) == cluster->node_id) {
        go_wrong(argv[2]);
    }
    work(SECONDS * TICKS_PER_SECOND / 2);
    return EXIT_SUCCESS;
}
