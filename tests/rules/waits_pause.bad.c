/* Breaks waits_pause.cocci. */
#include <target/instructions.h>
#include <stdatomic.h>

void spin(_Atomic uint32_t *word)
{
    while (atomic_load_explicit(word, memory_order_acquire) == 0) { /* breach */
    }
}

void spin_politely(_Atomic uint32_t *word)
{
    while (atomic_load_explicit(word, memory_order_acquire) == 0) {
        spin_pause();
    }
}
