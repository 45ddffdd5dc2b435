/*
 * A sum over all nodes: node 0 broadcasts how many numbers there are, every node writes its part of
 * them to the shared region, all come together, every node sums the part of its neighbour, and node
 * 0 adds the parts. Nodes that end meanwhile are seen, not waited for.
 */
#include <cmk/mesh.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBERS 60000ul

static struct cmk_mesh mesh;
static struct cmk_doorbell bell;

struct task {
    uint64_t count;
};

/* Node k's part is [first_of(k), first_of(k + 1)). */
static uint64_t first_of(seL4_Word node, uint64_t count)
{
    return node * count / mesh.num_nodes;
}

static uint64_t sum_part(const uint64_t *numbers, seL4_Word node, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t i = first_of(node, count); i < first_of(node + 1, count); i++) {
        sum += numbers[i];
    }
    return sum;
}

/* Node 0: the others' sums, and its own. False if one is missing. */
static bool collect(uint64_t own, uint64_t *total)
{
    *total = own;
    for (seL4_Word node = 1; node < mesh.num_nodes; node++) {
        struct cmk_message message;
        uint64_t part;
        enum cmk_channel_error error =
            cmk_channel_receive(&mesh.end[node], &message, &part, sizeof(part));
        if (error != CMK_CHANNEL_OK || message.length != sizeof(part)) {
            printf("no sum from node %lu (error %d)\n", node, error);
            return false;
        }
        printf("node %lu sums up to %lu\n", node, part);
        *total += part;
    }
    return true;
}

static int compute(uint64_t *numbers)
{
    struct task task = {NUMBERS};
    if (cmk_mesh_broadcast(&mesh, 0, &task, sizeof(task)) != CMK_CHANNEL_OK ||
        task.count > NUMBERS) {
        return EXIT_FAILURE;
    }
    for (uint64_t i = first_of(mesh.self, task.count); i < first_of(mesh.self + 1, task.count);
         i++) {
        numbers[i] = i * i;
    }
    if (cmk_mesh_barrier(&mesh) != CMK_CHANNEL_OK) {
        return EXIT_FAILURE;
    }
    uint64_t sum = sum_part(numbers, (mesh.self + 1) % mesh.num_nodes, task.count);
    if (mesh.self != 0) {
        return cmk_channel_send(&mesh.end[0], 0, &sum, sizeof(sum)) == CMK_CHANNEL_OK
                   ? EXIT_SUCCESS
                   : EXIT_FAILURE;
    }
    uint64_t total;
    if (!collect(sum, &total)) {
        return EXIT_FAILURE;
    }
    uint64_t expected = (task.count - 1) * task.count / 2 * (2 * task.count - 1) / 3;
    printf("the sum of %lu squares is %lu, %s\n", task.count, total,
           total == expected ? "as it should be" : "WRONG");
    return total == expected ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    static const struct cmk_channel_geometry geometry = {16, 0};
    size_t bytes;
    unsigned char *memory = cmk_shared_program_memory(&bytes);
    size_t mesh_bytes = memory ? cmk_mesh_bytes(cmk_cluster()->num_nodes, geometry) : 0;
    if (!memory || mesh_bytes + NUMBERS * sizeof(uint64_t) > bytes ||
        !cmk_doorbell_create(&bell, 1) || !cmk_mesh_open(&mesh, memory, geometry, &bell)) {
        printf("this needs shared memory\n");
        return EXIT_FAILURE;
    }
    return compute((uint64_t *)(memory + mesh_bytes));
}
