/*
 * How long the boot takes: from the kernel's entry to the first instruction of this program, on
 * each node. start.asm has read the time; nobody writes to the console before all nodes have come
 * so far, for they may share it, and its line is slow. Nothing of tests/bench/support is linked in:
 * the larger an image, the longer it takes to load.
 *
 * With the arguments "restart" and how much memory node 1 has (manager=on, two nodes): how long
 * node 1 is away, from before node 0 stops it to its first instruction, several times.
 */
#include <cmk/cluster.h>
#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

/* --- restarts --- */

enum { RESTARTS = 8 };

/* In memory shared by both nodes: each life of node 1 leaves when it began. Relaxed. */
typedef _Atomic uint64_t beginnings[RESTARTS + 2];

static uint64_t stamp(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t wait_for(beginnings *began, uint64_t life)
{
    uint64_t when;
    while ((when = atomic_load_explicit(&(*began)[life], memory_order_relaxed)) == 0) {
        __builtin_ia32_pause();
    }
    return when;
}

static int restart(const struct cmk_cluster *cluster, beginnings *began, const char *memory)
{
    if (cluster->node_id == 1) {
        uint64_t life = cmk_node_status(1)->generation;
        atomic_store_explicit(&(*began)[life], first_stamp, memory_order_relaxed);
        while (life <= RESTARTS) {
            __builtin_ia32_pause();
        }
        return 0;
    }
    seL4_CPtr control = cmk_other_node(1);
    if (control == 0) {
        return 1;
    }
    seL4_Word cpus = cluster->nodes[1].num_cpus;
    uint64_t away[RESTARTS], stopping[RESTARTS];
    for (uint64_t i = 0; i < RESTARTS; i++) {
        wait_for(began, i + 1);
        uint64_t begin = stamp();
        if (cmk_OtherNode_Stop(control) != seL4_NoError) {
            return 1;
        }
        stopping[i] = stamp() - begin;
        if (cmk_OtherNode_Start(control) != seL4_NoError) {
            return 1;
        }
        away[i] = wait_for(began, i + 2) - begin;
    }
    printf("bench| Restart of a node of %lu CPU%s and %s, Stop alone |1|", cpus,
           cpus > 1 ? "s" : "", memory);
    for (unsigned i = 0; i < RESTARTS; i++) {
        printf(" %lu*1", stopping[i]);
    }
    printf("\nbench| Restart of a node of %lu CPU%s and %s, to its first instruction |1|", cpus,
           cpus > 1 ? "s" : "", memory);
    for (unsigned i = 0; i < RESTARTS; i++) {
        printf(" %lu*1", away[i]);
    }
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_Word nodes = cluster->num_nodes, cpus = 0;
    size_t bytes;
    arrivals *there = cmk_shared_program_memory(&bytes);
    if (!there || bytes < sizeof(beginnings)) {
        printf("boot: failed: no shared memory\n");
        return 1;
    }
    if (argc > 2 && strcmp(argv[1], "restart") == 0) {
        return restart(cluster, (beginnings *)there, argv[2]);
    }
    wait_for_all(there, nodes);
    for (seL4_Word node = 0; node < nodes; node++) {
        cpus += cluster->nodes[node].num_cpus;
    }
    printf("bench| Boot of %lu CPU%s as %lu node%s |1| %lu*1\n", cpus, cpus > 1 ? "s" : "", nodes,
           nodes > 1 ? "s" : "", first_stamp - cluster->entry_tsc);
    return 0;
}
