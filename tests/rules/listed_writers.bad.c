/* Breaks listed_writers.cocci: writes words that are others' to write. */
#include <kernel/cpu.h>
#include <stdatomic.h>

void run_here(struct cpu *cpu, struct tcb *thread)
{
    cpu->current = thread; /* breach */
}

void pretend(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->mark, CPU_IDLE, memory_order_release); /* breach */
    cpu->arch.loaded_root = 0;                                         /* breach */
    cpu->threshold.word |= THRESHOLD_LOOK;                             /* breach */
}
