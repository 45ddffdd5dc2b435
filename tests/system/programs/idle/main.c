/*
 * Threads run on every CPU for a while, with this program's page table, and end; then all CPUs but
 * the first are idle, and this program says so and goes on for ever. run_idle_cpus.py looks at them
 * and ends it.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>

enum { PRIORITY = 100 };

static _Atomic unsigned ended;

static void work(void *argument)
{
    (void)argument;
    for (volatile unsigned i = 0; i < 100000; i++) {}
    atomic_fetch_add(&ended, 1);
}

int main(void)
{
    unsigned cpus = (unsigned)cmk_cluster()->nodes[cmk_cluster()->node_id].num_cpus;
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        static struct cmk_thread threads[ABI_CMK_MAX_NODE_CPUS];
        if (!cmk_create_thread(&threads[cpu], cpu, PRIORITY, work, NULL)) {
            return 2;
        }
    }
    while (ended < cpus - 1) {
        __asm__ volatile("pause");
    }
    printf("%u CPUs are idle\n", cpus - 1);
    for (;;) {
        __asm__ volatile("pause");
    }
}
