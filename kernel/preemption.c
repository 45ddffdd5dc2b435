#include <arch/door.h>
#include <arch/interrupt.h>
#include <arch/machine.h>
#include <kernel/preemption.h>

/* Whether this kernel entry has come to a preemption point before: then it has finished a unit of work. */
static bool has_progressed;

/* --- how long others wait: debug builds measure it --- */

static word_t stretch_start;
static word_t longest_stretch;

static void begin_stretch(void)
{
    if (DEBUG_BUILD) {
        stretch_start = machine_time_stamp();
    }
}

static void end_stretch(void)
{
    if (DEBUG_BUILD) {
        longest_stretch = MAX(longest_stretch, machine_time_stamp() - stretch_start);
    }
}

word_t preemption_longest_stretch(void)
{
    word_t longest = longest_stretch;
    longest_stretch = 0;
    return longest;
}

/* --- the points --- */

void preemption_reset(void)
{
    has_progressed = false;
    begin_stretch();
}

void preemption_end(void)
{
    end_stretch();
}

bool preemption_point(void)
{
    if (!has_progressed) {
        has_progressed = true;
        return false; /* nobody was let in, so the stretch goes on */
    }
    end_stretch();
    begin_stretch();
    return is_interrupt_pending() || is_anybody_at_the_door();
}
