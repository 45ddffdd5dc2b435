/* The node's physical memory and its CPUs. */
#include "host.h"
#include <arch/memory.h>
#include <kernel/check.h>
#include <kernel/preemption.h>
#include <stdlib.h>

static _Alignas(1 << HOST_MEMORY_BITS) unsigned char memory[1 << HOST_MEMORY_BITS];
word_t host_window;

static struct cpu cpus[HOST_CPUS];

/* Before main(): tables of tests may hold window addresses. */
__attribute__((constructor)) static void open_window(void)
{
    host_window = (word_t)memory - HOST_MEMORY_BASE;
}

struct cpu *host_cpu_by_index(uint32_t index)
{
    if (index >= HOST_CPUS) {
        abort();
    }
    return &cpus[index];
}

void host_start(unsigned count)
{
    for (unsigned i = 0; i < HOST_CPUS; i++) {
        cpus[i] = (struct cpu){.index = i, .mark = CPU_IDLE, .root_epoch = 1};
    }
    node_cpu_count = count;
    node_id = 0;
    host_interrupt_after = HOST_NEVER;
    host_enter(0);
}

void host_enter(unsigned cpu)
{
    this_cpu = cpu_by_index(cpu);
    preemption_reset();
    check_entry();
}
