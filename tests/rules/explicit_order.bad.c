/* Breaks explicit_order.cocci: the order is left to the default. */
#include <kernel/cpu.h>
#include <stdatomic.h>

bool looks(struct cpu *cpu, _Atomic uint32_t *word)
{
    return atomic_load(word) == 0 && /* breach */
           cpu->mark == CPU_IDLE;    /* breach */
}

bool right(struct cpu *cpu)
{
    return atomic_load_explicit(&cpu->mark, memory_order_acquire) == CPU_IDLE;
}
