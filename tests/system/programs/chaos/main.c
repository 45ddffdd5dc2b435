/*
 * Chaos: all nodes exchange numbered operations with all others, while some are killed. Arguments:
 * the number of operations to each peer, then for each node to be killed NODE:HOW:AFTER, the number
 * of operations received after which it dies. Survivors lose and duplicate nothing, finish, and say
 * so; what came from the dead is without gaps too.
 */
#include "chaos.h"

#include <cmk/node_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmk_cluster *cluster;
struct cmk_mesh mesh;
static struct stream streams[ABI_CMK_MAX_NODES];
static struct cmk_doorbell bell;

struct plan {
    const char *how; /* null: survives */
    uint64_t after;
};

static struct plan plans[ABI_CMK_MAX_NODES];

static struct plan find_plan(seL4_Word node, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        char *rest;
        if (strtoul(argv[i], &rest, 10) == node && *rest == ':') {
            return (struct plan){rest + 1, strtoul(strchr(rest + 1, ':') + 1, NULL, 10)};
        }
    }
    return (struct plan){NULL, 0};
}

static uint64_t total_received(void)
{
    uint64_t total = 0;
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        total += streams[node].received;
    }
    return total;
}

/* Complete with everybody, and everybody who lives knows it. */
static bool is_over(uint64_t operations)
{
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        const struct stream *stream = &streams[node];
        if (node != mesh.self && !stream->dead &&
            !(stream_is_complete(stream, operations) && stream->said_done && stream->heard_done)) {
            return false;
        }
    }
    return true;
}

/* Nobody but those who were to be killed went away before its time. */
static bool is_plausible(uint64_t operations)
{
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        struct stream stream = streams[node];
        stream.dead = false;
        if (node != mesh.self && !plans[node].how && !stream_is_complete(&stream, operations)) {
            printf("wrong: node %lu was to live, and is dead\n", node);
            return false;
        }
    }
    return true;
}

static int run(uint64_t operations)
{
    struct plan plan = plans[mesh.self];
    while (!is_over(operations)) {
        bool progress = false;
        for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
            if (node != mesh.self && !stream_step(&streams[node], node, operations, &progress)) {
                return EXIT_FAILURE;
            }
        }
        if (plan.how && total_received() >= plan.after) {
            die(plan.how);
        }
        if (!progress) {
            seL4_Yield();
        }
    }
    if (!is_plausible(operations)) {
        return EXIT_FAILURE;
    }
    printf("survived: nothing lost, nothing twice; %lu operations received\n", total_received());
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct cmk_channel_geometry geometry = {64, 0};
    size_t bytes;
    cluster = cmk_cluster();
    void *memory = cmk_shared_program_memory(&bytes);
    if (argc < 2 || !cluster || cmk_mesh_bytes(cluster->num_nodes, geometry) > bytes ||
        !cmk_doorbell_create(&bell, 1) || !cmk_mesh_open(&mesh, memory, geometry, &bell)) {
        printf("cannot start\n");
        return EXIT_FAILURE;
    }
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        streams[node].end = &mesh.end[node];
        plans[node] = find_plan(node, argc, argv);
    }
    return run(strtoul(argv[1], NULL, 10) / 4 * 4);
}
