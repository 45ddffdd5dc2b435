#include <arch/door.h>
#include <arch/interrupt.h>
#include <kernel/preemption.h>

bool has_progressed;

bool preemption_point(void)
{
    if (!has_progressed) {
        has_progressed = true;
        return false; /* no other was let in, so the stretch goes on */
    }
    if (DEBUG_BUILD) {
        preemption_begin_stretch();
    }
    return is_interrupt_pending() || is_any_cpu_at_the_door();
}
