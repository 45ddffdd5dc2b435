/*
 * A manager: node 0 looks after all other nodes, and starts again what stops, falls silent or exits
 * with a status other than 0, each time after twice as long a wait; after LIMIT failures in a row
 * it gives a node up. The other nodes, if they run this image, too, work for half a second; in
 * their first two lives they go wrong as the argument says: their program faults ("fault"), or
 * their CPU hangs in the kernel with interrupts off ("hang"), or their kernel stops by a failed
 * assertion ("assert"; the last two in debug kernels).
 *
 *   tools/cmk run --smp 3 --config "nodes=3 manager=on" "build/user/manager.elf node=all hang"
 *
 * The manager ends when every other node has exited with 0 or was given up: with the number of
 * those.
 */
#include <cmk/cluster.h>
#include <cmk/doorbell.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <cmk/timer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT = 4,
    FIRST_WAIT_MILLISECONDS = 20,
    LOOK_MILLISECONDS = 10,
    PATIENCE = 500, /* so many of this node's ticks may another stand still: 1 s */
    LIVES_THAT_FAIL = 2,
    WORK_MILLISECONDS = 500,
};

#define MILLISECONDS 1000000ull /* nanoseconds */

struct managed {
    cmk_OtherNode control;
    struct cmk_node_watch watch;
    unsigned failures; /* in a row: one second without them forgets them */
    uint64_t since;    /* the moment of its last start */
    uint64_t start_at; /* the moment of its next start, if it is stopped */
    enum { RUNS, STOPPED, DONE, GIVEN_UP } state;
};

static const struct cmk_cluster *cluster;
static struct managed managed[ABI_CMK_MAX_NODES];

/* --- the manager --- */

static bool take_over(seL4_Word node)
{
    struct managed *m = &managed[node];
    m->control = cmk_other_node(node);
    m->since = cmk_now();
    return m->control != 0 && cmk_node_watch(&m->watch, node);
}

static void stop(seL4_Word node, const char *why)
{
    struct managed *m = &managed[node];
    if (cmk_now() - m->since > cmk_from_nanoseconds(1000 * MILLISECONDS)) {
        m->failures = 0;
    }
    (void)cmk_OtherNode_Stop(m->control);
    if (++m->failures == LIMIT) {
        printf("node %lu %s: given up\n", node, why);
        m->state = GIVEN_UP;
        return;
    }
    uint64_t wait = FIRST_WAIT_MILLISECONDS << (m->failures - 1);
    printf("node %lu %s: starts again in %lu ms\n", node, why, wait);
    m->start_at = cmk_moment_in(wait * MILLISECONDS);
    m->state = STOPPED;
}

static void look_at(seL4_Word node)
{
    struct managed *m = &managed[node];
    char why[300];
    switch (cmk_node_look(&m->watch, PATIENCE)) {
    case CMK_NODE_WELL:
        break;
    case CMK_NODE_SILENT:
        stop(node, "is silent");
        break;
    case CMK_NODE_ENDED:
        if (m->watch.page->state == CMK_STATUS_STOPPED) {
            snprintf(why, sizeof(why), "stopped: %s", m->watch.page->reason);
            stop(node, why);
        } else if (m->watch.page->exit_status != 0) {
            snprintf(why, sizeof(why), "exited with status %lu", m->watch.page->exit_status);
            stop(node, why);
        } else {
            m->state = DONE;
        }
        break;
    }
}

static void start(seL4_Word node)
{
    struct managed *m = &managed[node];
    seL4_Error error = cmk_OtherNode_Start(m->control);
    if (error != seL4_NoError) {
        printf("node %lu cannot be started again: %s\n", node, cmk_error_name(error));
        m->state = GIVEN_UP;
        return;
    }
    cmk_node_watch(&m->watch, node);
    m->since = cmk_now();
    m->state = RUNS;
}

static int manage(void)
{
    if (!cluster->cluster_control) {
        printf("there is no cluster control: manager=on is missing\n");
        return EXIT_FAILURE;
    }
    for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
        if (!take_over(node)) {
            printf("node %lu cannot be managed\n", node);
            return EXIT_FAILURE;
        }
    }
    for (;;) {
        unsigned busy = 0;
        int lost = 0;
        for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
            if (managed[node].state == RUNS) {
                look_at(node);
            } else if (managed[node].state == STOPPED && cmk_now() >= managed[node].start_at) {
                start(node);
            }
            busy += managed[node].state == RUNS || managed[node].state == STOPPED;
            lost += managed[node].state == GIVEN_UP;
        }
        if (busy == 0) {
            printf("all other nodes are done; %d were given up\n", lost);
            return lost;
        }
        cmk_sleep(LOOK_MILLISECONDS * MILLISECONDS);
    }
}

/* --- the managed --- */

static void go_wrong(const char *how)
{
    if (strcmp(how, "fault") == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    } else if (strcmp(how, "hang") == 0) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_HANG, 0);
    } else if (strcmp(how, "assert") == 0) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    }
}

static unsigned lives_of_this_image; /* in data that a life changes, and the next one finds new */

static int be_managed(const char *how)
{
    uint64_t life = cmk_node_generation(cmk_node_status(cluster->node_id));
    if (++lives_of_this_image != 1) {
        printf("this image has been used before\n");
        return EXIT_FAILURE;
    }
    printf("life %lu begins\n", life);
    cmk_sleep(WORK_MILLISECONDS * MILLISECONDS / 5);
    if (life <= LIVES_THAT_FAIL) {
        go_wrong(how);
    }
    cmk_sleep(WORK_MILLISECONDS * MILLISECONDS);
    printf("life %lu ends well\n", life);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    /* the guardian ends the node should its program fault */
    if (!cluster || !cmk_guardian_start()) {
        return EXIT_FAILURE;
    }
    if (cluster->node_id != 0) {
        return be_managed(argc > 1 ? argv[1] : "");
    }
    (void)cmk_clock_start(0, seL4_MaxPrio);
    return manage();
}
