/*
 * Lets the node's kernel break one of its rules, the one whose number is the argument, and ends: a
 * kernel that checks its rules must not come so far. Before, it makes what a mutant may need: an
 * inactive thread, a sender that waits, and with a second CPU a thread that runs there.
 */
#include <cmk/cluster.h>
#include <cmk/cmk.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>

static seL4_CPtr endpoint;
static volatile bool runs_elsewhere;

static void send(void *argument)
{
    (void)argument;
    seL4_Send(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void run(void *argument)
{
    (void)argument;
    runs_elsewhere = true;
    for (;;) {}
}

/* Started at once. */
static void start(void (*function)(void *), seL4_Word priority, seL4_Word cpu)
{
    static struct cmk_thread threads[2];
    static unsigned count;
    if (!cmk_create_thread(&threads[count++], cpu, priority, function, NULL)) {
        printf("rule-mutants: no thread\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_Word which = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    if (endpoint == 0 || cmk_alloc_object(seL4_TCBObject, 0) == 0) {
        return 2;
    }
    start(send, 255, 0);
    seL4_Yield();
    if (seL4_GetBootInfo()->numNodes > 1) {
        start(run, 100, 1);
        while (!runs_elsewhere) {}
    }
    seL4_Error error =
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_BREAK_RULE, which);
    printf("rule-mutants: mutant %lu: %s\n", which,
           error == seL4_NoError ? "made" : "could not be made");
    return error == seL4_NoError ? 0 : 2;
}
