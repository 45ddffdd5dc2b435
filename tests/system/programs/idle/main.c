/*
 * Threads run on every CPU for a while, with this program's page table, and end; then all CPUs but the first are idle,
 * and this program says so and goes on for some seconds. run_idle_cpus.py looks at them meanwhile.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { SECONDS = 8, PRIORITY = 100 };

static _Atomic unsigned ended;

static uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void work(void *argument)
{
    (void)argument;
    for (volatile unsigned i = 0; i < 100000; i++) {}
    atomic_fetch_add(&ended, 1);
}

static void spin(uint64_t milliseconds)
{
    size_t bytes;
    uint32_t megahertz = 1000;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    if (chunk != NULL) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    for (uint64_t start = cycles(); (int64_t)(cycles() - start) < (int64_t)(milliseconds * megahertz * 1000);) {}
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
    spin(500);
    printf("%u CPUs are idle\n", cpus - 1);
    spin(SECONDS * 1000);
    return 0;
}
