/* What arch/cpu.h promises of a CPU's place, on the host: tests have their CPUs where they like. */
#ifndef TARGET_CPU_BLOCK_H
#define TARGET_CPU_BLOCK_H

#include <kernel/types.h>

struct cpu *host_cpu_by_index(uint32_t index);
uint32_t host_cpu_number(const struct cpu *cpu);
struct cpu *host_cpu_by_number(uint32_t number);

static inline struct cpu *cpu_by_index(uint32_t index)
{
    return host_cpu_by_index(index);
}

static inline uint32_t cpu_number(const struct cpu *cpu)
{
    return host_cpu_number(cpu);
}

static inline struct cpu *cpu_by_number(uint32_t number)
{
    return host_cpu_by_number(number);
}

#endif
