#include <arch/door.h>
#include <arch/interrupt.h>
#include <kernel/preemption.h>

/* Whether this kernel entry has come to a preemption point before: then it has finished a unit of work. */
static bool has_progressed;

void preemption_reset(void)
{
    has_progressed = false;
}

bool preemption_point(void)
{
    if (!has_progressed) {
        has_progressed = true;
        return false;
    }
    return is_interrupt_pending() || is_anybody_at_the_door();
}
