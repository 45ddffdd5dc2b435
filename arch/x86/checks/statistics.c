/*
 * What debug builds count: how each CPU of a node of several uses the lock (written by its own CPU,
 * entry_lock.asm), and events that no part of the kernel expects. A node with one CPU has no lock,
 * and counts zero.
 */
#include <api/debug.h>
#include <arch/console.h>
#include <arch/machine.h>
#include <kernel/cpu.h>
#include <kernel/irq.h>

static bool read_statistic(const struct arch_cpu *cpu, word_t which, word_t *value)
{
    switch (which) {
    case CMK_LOCK_ACQUISITIONS:
        *value = cpu->lock_entries;
        return true;
    case CMK_LOCK_CONTENDED:
        *value = cpu->lock_contended;
        return true;
    case CMK_LOCK_LONGEST_QUEUE:
        *value = cpu->lock_longest_queue;
        return true;
    case CMK_LOCK_HELD:
        *value = cpu->lock_held_cycles;
        return true;
    case CMK_LOCK_LONGEST_HOLD:
        *value = cpu->lock_longest_hold;
        return true;
    case CMK_LOCK_WAITED:
        *value = cpu->lock_wait_cycles;
        return true;
    case CMK_LOCK_LONGEST_WAIT:
        *value = cpu->lock_longest_wait;
        return true;
    default:
        return false;
    }
}

bool machine_lock_statistic(word_t which_and_cpu, word_t *value)
{
    word_t cpu_index = which_and_cpu & MASK(CMK_LOCK_STATISTIC_CPU_BITS);
    return cpu_index < node_cpu_count &&
           read_statistic(&cpu_by_index((uint32_t)cpu_index)->arch,
                          which_and_cpu >> CMK_LOCK_STATISTIC_CPU_BITS, value);
}

void machine_dump_cpus(void)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct arch_cpu *cpu = &cpu_by_index(i)->arch;
        console_print("cpu %u: lock entries %lu, contended %lu, longest queue %lu\n", i,
                      cpu->lock_entries, cpu->lock_contended, cpu->lock_longest_queue);
        console_print("cpu %u: cycles waited %lu, longest %lu; held %lu, longest %lu\n", i,
                      cpu->lock_wait_cycles, cpu->lock_longest_wait, cpu->lock_held_cycles,
                      cpu->lock_longest_hold);
        console_print("cpu %u: unowned interrupts %lu, NMIs %lu, stray debug traps %lu\n", i,
                      cpu->unowned_interrupts, cpu->nmis, cpu->stray_debug_traps);
    }
    console_print("node: interrupts without a handler's notification %lu\n", irq_unowned_count);
}
