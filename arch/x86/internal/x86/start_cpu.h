/* Starting CPUs, while the machine boots and when node 0 starts a node again. */
#ifndef X86_START_CPU_H
#define X86_START_CPU_H

#include <kernel/types.h>

/*
 * Starts the CPU with this APIC id at the trampoline. Everything written before is visible to it: a
 * fence comes first (thesis 5.3.6). Once for each CPU and life, because INIT resets a CPU that
 * runs. It need not answer: callers wait, bounded, for a sign of life.
 */
void start_cpu(uint32_t apic_id);

/*
 * For a CPU that has not answered: the start alone, in case that it came while the CPU could not
 * take it. A CPU that runs ignores it (Intel SDM volume 3, 9.4.3), so that a late answer does no
 * harm.
 */
void start_cpu_again(uint32_t apic_id);

/*
 * How long a CPU may take before it is started again, and after that before it counts as missing.
 */
enum { FIRST_ANSWER_MILLISECONDS = 10, LAST_ANSWER_MILLISECONDS = 1000 };

/* Waits at least `microseconds`, by the TSC, whose rate is in the record. */
void delay(uint32_t microseconds);

#endif
