/*
 * Node 0 stops node 1 at many places of its life and starts it again; node 2 works beside them.
 *
 *   lives COUNT STEP      COUNT lives, the one of number N stopped N * STEP time stamp counts after
 *                         its start, modulo LONGEST; then one that must come to its end
 *   lives rules           what Start, Stop and Life say, for nodes that are on, off (node 2 starts
 *                         off), and have devices (node 3)
 */
#include <cmk/cluster.h>
#include <cmk/doorbell.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <cmk/timer.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 60000000ul /* counts: from Start to far into what node 1's program does */

static const struct cmk_cluster *cluster;

static void must(bool good, const char *what)
{
    if (!good) {
        printf("lives: FAILED: %s\n", what);
        exit(1);
    }
}

static seL4_CPtr control_of(seL4_Word node)
{
    seL4_CPtr control = cmk_other_node(node);
    must(control != 0, "there is a control of each node");
    return control;
}

static uint64_t state_of(seL4_Word node)
{
    return __atomic_load_n(&cmk_node_status(node)->state, __ATOMIC_ACQUIRE);
}

static void wait_for_state(seL4_Word node, uint64_t state)
{
    while (state_of(node) != state) {
        __asm__ volatile("pause");
    }
}

static void expect_life(seL4_CPtr control, seL4_Word state, seL4_Word generation)
{
    seL4_Word is_state, is_generation;
    must(cmk_OtherNode_Life(control, &is_state, &is_generation) == seL4_NoError &&
             is_state == state && is_generation == generation,
         "Life says what was done");
}

/* --- stops at many places --- */

static void wait_counts(uint64_t counts)
{
    for (uint64_t end = cmk_now() + counts; cmk_now() < end;) {
        __asm__ volatile("pause");
    }
}

static int start_and_stop(unsigned long count, unsigned long step)
{
    seL4_CPtr control = control_of(1);
    unsigned long seen_running = 0;
    for (unsigned long i = 0; i < count; i++) {
        wait_counts(i * step % LONGEST);
        seen_running += state_of(1) == CMK_STATUS_RUNNING;
        must(cmk_OtherNode_Stop(control) == seL4_NoError, "it can be stopped");
        must(state_of(1) == CMK_STATUS_STOPPED, "its page says so");
        must(cmk_OtherNode_Start(control) == seL4_NoError, "it can be started");
    }
    /* The signal can come too early for the CPU, as at boot. */
    for (unsigned i = 0; state_of(1) == CMK_STATUS_OFF; i++) {
        wait_counts(cmk_from_nanoseconds(10000000));
        (void)cmk_OtherNode_Start(control);
        must(i < 100, "its first CPU comes in");
    }
    wait_for_state(1, CMK_STATUS_EXITED);
    must(cmk_node_status(1)->generation == count + 1, "the last life is the last one");
    must(cmk_node_status(1)->exit_status == 0, "it ends well");
    printf("stopped %lu times, %lu of them after it had booted\n", count, seen_running);
    must(seen_running > 0 && seen_running < count, "it was stopped before and after it had booted");
    return 0;
}

/* What node 1 does until it is stopped: system calls, mappings and lines on all of its CPUs. */

static _Atomic unsigned rounds;

static void make_calls(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Yield();
        (void)seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MaxPrio);
        atomic_fetch_add(&rounds, 1);
    }
}

static unsigned uses_of_this_image = 41;

static int be_stopped(void)
{
    static struct cmk_thread threads[ABI_CMK_MAX_NODE_CPUS];
    bool last = cmk_node_status(1)->generation == strtoul(cluster->argv[1], NULL, 0) + 1;
    must(++uses_of_this_image == 42, "the image is as at the first time");
    for (seL4_Word cpu = 1; cpu < cluster->nodes[1].num_cpus; cpu++) {
        must(cmk_create_thread(&threads[cpu], cpu, 100, make_calls, NULL), "create a thread");
    }
    for (unsigned i = 0; !last || i < 50; i++) {
        unsigned char *page = cmk_alloc_pages(1);
        must(page != NULL && page[0] == 0 && page[4095] == 0, "memory is new");
        page[0] = page[4095] = 1;
        if (i % 10 == 0) {
            printf("life %lu, round %u\n", cmk_node_status(1)->generation, i);
        }
    }
    return 0;
}

/* Node 2 counts what must not be disturbed, until the last life of node 1 has ended. */
static int work_beside(void)
{
    const struct cmk_status_page *own = cmk_node_status(2);
    const struct cmk_status_page *other = cmk_node_status(1);
    unsigned long last = strtoul(cluster->argv[1], NULL, 0) + 1;
    unsigned long lines = 0, ticks = 0;
    for (uint64_t seen = 0; other->generation != last || state_of(1) != CMK_STATUS_EXITED;) {
        uint64_t now = cmk_node_ticks(own);
        must(now >= seen, "its own time goes on");
        if (now / 50 != seen / 50) {
            printf("works on, %lu\n", lines++);
        }
        ticks += now - seen;
        seen = now;
        seL4_Yield();
    }
    must(lines > 0 && ticks > 0, "it has worked");
    printf("was not disturbed\n");
    return 0;
}

/* --- rules --- */

static int try_rules(void)
{
    struct cmk_doorbell bell;
    seL4_CPtr one = control_of(1), two = control_of(2), three = control_of(3);
    must(cmk_doorbell_create(&bell, 1), "there is a doorbell");
    expect_life(two, CMK_LIFE_OFF, 0);
    must(state_of(2) == CMK_STATUS_OFF, "a node that starts off has not run");
    must(cmk_OtherNode_Stop(two) == seL4_NoError, "to stop it again changes nothing");
    expect_life(two, CMK_LIFE_OFF, 0);
    must(cmk_OtherNode_Start(two) == seL4_NoError, "it is started");
    wait_for_state(2, CMK_STATUS_EXITED);
    must(cmk_node_status(2)->generation == 1, "that is its first life");
    expect_life(two, CMK_LIFE_STARTED, 1);
    must(cmk_OtherNode_Start(two) == seL4_DeleteFirst, "it must be stopped before the next");
    must(cmk_OtherNode_Stop(two) == seL4_NoError && state_of(2) == CMK_STATUS_EXITED,
         "how it ended is still to be seen");
    expect_life(two, CMK_LIFE_OFF, 1);

    wait_for_state(1, CMK_STATUS_RUNNING);
    must(cmk_OtherNode_Start(one) == seL4_DeleteFirst, "a node that is on is not started");
    (void)seL4_Poll(bell.notification, NULL);
    must(cmk_OtherNode_Stop(one) == seL4_NoError, "it is stopped");
    must(state_of(1) == CMK_STATUS_STOPPED && cmk_node_status(1)->silent == 1 &&
             strcmp(cmk_node_status(1)->reason, "stopped by node 0") == 0,
         "its page says why");
    must(cmk_OtherNode_Start(one) == seL4_NoError, "and started again");
    while (cmk_node_status(1)->generation != 2 || state_of(1) != CMK_STATUS_EXITED) {
        cmk_doorbell_sleep(&bell); /* its doorbell rings when a node comes back, or ends */
    }

    wait_for_state(3, CMK_STATUS_RUNNING);
    must(cmk_OtherNode_Stop(three) == seL4_NoError, "a node with devices can be stopped");
    must(cmk_OtherNode_Start(three) == seL4_InvalidArgument && seL4_GetMR(0) == 0,
         "and not started again");
    expect_life(three, CMK_LIFE_OFF, 1);
    printf("the rules hold\n");
    return 0;
}

static int live_by_rules(void)
{
    if (cluster->node_id == 1 && cmk_node_status(1)->generation == 1) {
        for (;;) {
            seL4_Yield();
        }
    }
    while (cluster->node_id == 3) {
        seL4_Yield();
    }
    return 0;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    must(cluster != NULL && argc > 1, "there is a cluster");
    if (strcmp(argv[1], "rules") == 0) {
        return cluster->node_id == 0 ? try_rules() : live_by_rules();
    }
    must(argc == 3, "there is a step");
    return cluster->node_id == 0
               ? start_and_stop(strtoul(argv[1], NULL, 0), strtoul(argv[2], NULL, 0))
           : cluster->node_id == 1 ? be_stopped()
                                   : work_beside();
}
