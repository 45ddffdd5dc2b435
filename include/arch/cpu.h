/*
 * The architecture's part of a CPU, `struct arch_cpu`, and where each CPU's `struct cpu`
 * (kernel/cpu.h) lies.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <kernel/types.h>

struct cpu;

/* The CPU of that index in the node, less than node_cpu_count. */
static inline struct cpu *cpu_by_index(uint32_t index);

/* What a TCB says of a CPU, in 32 bits; 0 is no CPU, for which cpu_by_number() gives null. */
static inline uint32_t cpu_number(const struct cpu *cpu);
static inline struct cpu *cpu_by_number(uint32_t number);

#include <target/cpu.h>
#include <target/cpu_block.h>

#endif
