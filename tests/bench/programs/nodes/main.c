/*
 * See nodes.h. With the argument "streams": messages per second, for emulators whose CPUs run in
 * parallel.
 */
#include "nodes.h"

#include <string.h>

struct cmk_mesh mesh;
struct cmk_doorbell bell;

static const struct cmk_channel_geometry geometry = {.lines = 64, .bulk_bytes = 0x10000};

void meet(void)
{
    unsigned spins = peer()->spins;
    peer()->spins = NEVER_NAPS;
    must(cmk_mesh_barrier(&mesh) == CMK_CHANNEL_OK, "both nodes meet");
    peer()->spins = spins;
}

void delay(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        __builtin_ia32_pause();
    }
}

int main(int argc, char **argv)
{
    size_t bytes;
    measure_overhead();
    void *memory = cmk_shared_program_memory(&bytes);
    must(memory && cmk_cluster()->num_nodes == 2, "two nodes and shared memory");
    must(cmk_mesh_bytes(2, geometry) <= bytes, "room for the channel");
    must(cmk_doorbell_create(&bell, 1) && cmk_mesh_open(&mesh, memory, geometry, &bell),
         "a channel");
    peer()->spins = NEVER_NAPS;
    if (argc > 1 && strcmp(argv[1], "streams") == 0) {
        measure_streams();
        return 0;
    }
    measure_lines();
    measure_ipi();
    measure_bulk();
    return 0;
}
