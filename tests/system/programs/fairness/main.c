/*
 * Fairness of the node's lock: every CPU makes system calls in a loop, for as many TSC cycles as
 * the argument says (in millions). Prints how many each made; fails if the most and the least
 * served differ by 10 % or more. Means something only where CPUs advance together: on Bochs.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic unsigned long started;
static _Atomic bool go;
static _Atomic bool finished;
static unsigned long calls[ABI_CMK_MAX_NODE_CPUS][8]; /* a cache line each */

static uint64_t time_stamp(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void call_until_finished(void *argument)
{
    unsigned long *count = argument;
    atomic_fetch_add(&started, 1);
    while (!go) {
        __asm__ volatile("pause");
    }
    while (!finished) {
        seL4_DebugCapIdentify(seL4_CapInitThreadTCB);
        ++*count;
    }
}

int main(int argc, char **argv)
{
    seL4_Word cpus = cmk_cluster()->nodes[cmk_cluster()->node_id].num_cpus;
    uint64_t cycles = 1000000ull * (argc > 1 ? strtoul(argv[1], NULL, 0) : 20);
    static struct cmk_thread threads[ABI_CMK_MAX_NODE_CPUS];
    for (seL4_Word cpu = 1; cpu < cpus; cpu++) {
        if (!cmk_create_thread(&threads[cpu], cpu, 255, call_until_finished, calls[cpu])) {
            return 2;
        }
    }
    while (started < cpus - 1) {
        seL4_Yield();
    }
    go = true;
    for (uint64_t end = time_stamp() + cycles; time_stamp() < end;) {
        seL4_DebugCapIdentify(seL4_CapInitThreadTCB);
        calls[0][0]++;
    }
    finished = true;
    unsigned long least = calls[0][0], most = calls[0][0];
    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        printf("cpu %lu made %lu calls\n", cpu, calls[cpu][0]);
        least = calls[cpu][0] < least ? calls[cpu][0] : least;
        most = calls[cpu][0] > most ? calls[cpu][0] : most;
    }
    printf("fairness: least %lu, most %lu\n", least, most);
    return least > 0 && most * 10 < least * 11 ? 0 : 1;
}
