/*
 * Containment: one node goes wrong while the others work, and they neither lose anything nor stop.
 * Arguments: the node, and what becomes of it:
 *
 *   fault     its program faults, and nobody handles it: its kernel runs on
 *   assert    an assertion of its kernel fails
 *   write P   its kernel writes where its window would have the physical address P
 *   hang      its CPU hangs in the kernel with interrupts off
 *   check     somebody outside signals a machine check to one of its CPUs
 *   check-all somebody outside signals one to all CPUs: no node goes on, so none has anything to
 *             see, and each waits for its end
 *   nmi       somebody outside sends NMIs: it must go on working
 *
 * "Outside" waits for the line "ready for it". The others exchange numbered messages in rounds,
 * from before it happens until some time after each of them has seen it in the status page.
 */
#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_BEFORE = 100, ROUNDS_AFTER = 200, PATIENCE = 200, LONG_ENOUGH = 100 /* ticks */ };

static const struct cmk_channel_geometry geometry = {16, 0};
static const struct cmk_cluster *cluster;
static struct cmk_mesh mesh;
static struct cmk_doorbell bell;
static seL4_Word victim;
static const char *how;

/* Behind the mesh; zero at first. Counted up by every survivor, read by all. */
static struct {
    atomic_ulong ready; /* are at work */
    atomic_ulong done;  /* have seen it, and worked on */
} * board;

static bool is(const char *word)
{
    return strcmp(how, word) == 0;
}

static void wait_for(const atomic_ulong *word, unsigned long value)
{
    while (atomic_load(word) < value) { /* bounded by the test's time limit */
        seL4_Yield();
    }
}

/* --- the victim --- */

static int work_under_nmis(void)
{
    volatile double sum = 0;
    unsigned long calls = 0;
    while (atomic_load(&board->done) < cluster->num_nodes - 1) {
        sum = 0;
        for (int i = 1; i <= 1000; i++) {
            sum = sum + i;
        }
        if (sum != 500500) {
            printf("wrong: the sum is another\n");
            return 1;
        }
        seL4_Yield();
        calls++;
    }
    printf("the victim has worked on, %s\n", calls > 0 ? "undisturbed" : "never");
    return calls > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int go_wrong(char **arguments)
{
    wait_for(&board->ready, cluster->num_nodes - 1);
    printf("ready for it\n");
    if (is("fault")) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    } else if (is("assert")) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    } else if (is("write")) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_WRITE,
                                strtoul(arguments[3], NULL, 0));
    } else if (is("hang")) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_HANG, 0);
    } else if (is("nmi") || is("check") || is("check-all")) {
        return work_under_nmis();
    }
    printf("wrong: still here\n");
    return EXIT_FAILURE;
}

/* --- the survivors --- */

static uint64_t content(uint64_t round, seL4_Word from, seL4_Word to)
{
    return round * 0x9e3779b97f4a7c15ul + from * 64 + to;
}

struct round {
    uint64_t content;
    uint64_t enough; /* 1: the sender has seen enough */
};

/*
 * One message to each survivor and one from each; false if anything is wrong. *enough, this node's
 * word in the round, becomes true if all say so: everybody gets the same words, so all end in the
 * same round.
 */
static bool exchange(uint64_t number, bool *enough)
{
    bool own_word = *enough;
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        struct round round = {content(number, mesh.self, node), own_word};
        if (node != mesh.self && node != victim &&
            cmk_channel_send(&mesh.end[node], number, &round, sizeof(round)) != CMK_CHANNEL_OK) {
            printf("wrong: round %lu cannot be sent to node %lu\n", number, node);
            return false;
        }
    }
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        struct round round = {0, 0};
        struct cmk_message message;
        if (node == mesh.self || node == victim) {
            continue;
        }
        if (cmk_channel_receive(&mesh.end[node], &message, &round, sizeof(round)) !=
                CMK_CHANNEL_OK ||
            message.tag != number || round.content != content(number, node, mesh.self)) {
            printf("wrong: round %lu from node %lu\n", number, node);
            return false;
        }
        *enough = *enough && round.enough == 1;
    }
    return true;
}

/* Whether what was to happen can be seen. */
static bool has_happened(struct cmk_node_watch *watch, uint64_t first_ticks)
{
    enum cmk_node_health health = cmk_node_look(watch, PATIENCE);
    if (is("hang")) {
        return health == CMK_NODE_SILENT && watch->page->state == CMK_STATUS_RUNNING;
    }
    if (is("fault") || is("nmi")) { /* the kernel of the node does not fail: its ticks go on */
        return health == CMK_NODE_WELL && cmk_node_ticks(watch->page) > first_ticks + LONG_ENOUGH;
    }
    return health == CMK_NODE_ENDED && watch->page->state == CMK_STATUS_STOPPED;
}

/* A survivor that saw the victim stop and left could be gone before its own machine check came. */
static _Noreturn void wait_for_the_end(void)
{
    for (;;) {
        __asm__ volatile("pause");
    }
}

static bool work(uint64_t *rounds)
{
    struct cmk_node_watch watch;
    cmk_node_watch(&watch, victim);
    uint64_t first_ticks = 0, seen = 0;
    bool over = false;
    for (*rounds = 0; !over; ++*rounds) {
        over = seen != 0 && *rounds >= seen + ROUNDS_AFTER;
        if (!exchange(*rounds, &over)) {
            return false;
        }
        if (*rounds == ROUNDS_BEFORE) {
            first_ticks = cmk_node_ticks(watch.page);
            atomic_fetch_add(&board->ready, 1);
            if (is("check-all")) {
                wait_for_the_end();
            }
        }
        if (seen == 0 && *rounds > ROUNDS_BEFORE &&
            atomic_load(&board->ready) == mesh.num_nodes - 1 && has_happened(&watch, first_ticks)) {
            seen = *rounds;
        }
    }
    atomic_fetch_add(&board->done, 1);
    return true;
}

static void report(uint64_t rounds)
{
    const struct cmk_status_page *page = cmk_node_status(victim);
    if (page->state == CMK_STATUS_STOPPED) {
        printf("survived %lu rounds; node %lu stopped: %s\n", rounds, victim, page->reason);
    } else {
        printf("survived %lu rounds; node %lu says that it runs\n", rounds, victim);
    }
}

static int survive(void)
{
    uint64_t rounds;
    if (!work(&rounds)) {
        return EXIT_FAILURE;
    }
    report(rounds);
    struct cmk_message message;
    if (cmk_node_has_ended(cmk_node_status(victim)) &&
        cmk_channel_receive(&mesh.end[victim], &message, NULL, 0) != CMK_CHANNEL_DEAD) {
        printf("wrong: a channel to it does not say that it is dead\n");
        return EXIT_FAILURE;
    }
    if (mesh.self == (victim == 0 ? 1 : 0)) { /* the last word, for a victim that never ends */
        wait_for(&board->done, mesh.num_nodes - 1);
        printf("all survivors are well\n");
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    size_t bytes;
    cluster = cmk_cluster();
    unsigned char *memory = cmk_shared_program_memory(&bytes);
    if (argc < 3 || !memory || cluster->num_nodes < 3) {
        return EXIT_FAILURE;
    }
    victim = strtoul(argv[1], NULL, 0);
    how = argv[2];
    board = (void *)(memory + cmk_mesh_bytes(cluster->num_nodes, geometry));
    if (cluster->node_id == victim) {
        return go_wrong(argv); /* no guardian: nobody handles its faults */
    }
    return cmk_doorbell_create(&bell, 1) && cmk_mesh_open(&mesh, memory, geometry, &bell)
               ? survive()
               : EXIT_FAILURE;
}
