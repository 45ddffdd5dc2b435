/* What arch/cpu.h promises of a CPU's place: CPU blocks lie in a row (target/cpu.h). */
#ifndef TARGET_CPU_BLOCK_H
#define TARGET_CPU_BLOCK_H

#include <target/cpu.h>

#define CPU_BLOCKS 0xffffffffc0020000

static inline struct cpu *cpu_by_index(uint32_t index)
{
    return (struct cpu *)(CPU_BLOCKS + ((word_t)index << CPU_BLOCK_SIZE_BITS));
}

/*
 * What a TCB says of a CPU: the low half of its block's address, whose upper half is all ones. 0 is
 * none.
 */
static inline uint32_t cpu_number(const struct cpu *cpu)
{
    return (uint32_t)(word_t)cpu;
}

static inline struct cpu *cpu_by_number(uint32_t number)
{
    return (struct cpu *)(word_t)(int64_t)(int32_t)number;
}

#endif
