/*
 * How long the boot takes: from the kernel's entry to the first instruction of this program, on
 * each node. start.asm has read the time; nobody writes to the console before all nodes have come
 * so far, for they may share it, and its line is slow. Nothing of tests/bench/support is linked in:
 * the larger an image, the longer it takes to load.
 */
#include <cmk/cluster.h>
#include <cmk/mesh.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

extern const uint64_t first_stamp; /* by start.asm */

/*
 * In memory shared by all nodes, zero at first. Each adds itself; all read it. Nothing else depends
 * on it: relaxed.
 */
typedef _Atomic uint64_t arrivals;

static void wait_for_all(arrivals *there, seL4_Word nodes)
{
    atomic_fetch_add_explicit(there, 1, memory_order_relaxed);
    /* the run's timeout ends it if a node is missing */
    while (atomic_load_explicit(there, memory_order_relaxed) < nodes) {
        __builtin_ia32_pause();
    }
}

int main(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_Word nodes = cluster->num_nodes, cpus = 0;
    size_t bytes;
    arrivals *there = cmk_shared_program_memory(&bytes);
    if (!there || bytes < sizeof(*there)) {
        printf("boot: failed: no shared memory\n");
        return 1;
    }
    wait_for_all(there, nodes);
    for (seL4_Word node = 0; node < nodes; node++) {
        cpus += cluster->nodes[node].num_cpus;
    }
    printf("bench| Boot of %lu CPU%s as %lu node%s |1| %lu*1\n", cpus, cpus > 1 ? "s" : "", nodes,
           nodes > 1 ? "s" : "", first_stamp - cluster->entry_tsc);
    return 0;
}
