/* See cpus.h. */
#include "cpus.h"

#include <cmk/cluster.h>

unsigned cpu_count(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    return (unsigned)cluster->nodes[cluster->node_id].num_cpus;
}

int main(void)
{
    bench_begin();
    must(cpu_count() > 1, "this node has more than one CPU");
    measure_cross_cpu_signal();
    measure_cross_cpu_call();
    measure_unmap();
    measure_lock();
    return 0;
}
