/* Each CPU's timer, as the interrupt path uses it; see also arch/timer.h. Under the lock. */
#ifndef X86_TIMER_H
#define X86_TIMER_H

#include <kernel/cpu.h>

/* The calling CPU's timer begins: ticks every ABI_TICK_MILLISECONDS from now on. */
void timer_start(struct cpu *cpu);

/* What has come due on the calling CPU since it was asked last. */
struct timer_due {
    bool tick;
    bool armed; /* what timer_arm() was called for */
};
MUST_USE struct timer_due timer_take_due(struct cpu *cpu);

/* Waits for the next moment. After timer_take_due(), and where `changed` is set. */
void timer_go_on(struct cpu *cpu);

/* After `ticks_stopped` was set: they come again, at the times at which they would have come. */
void timer_resume_ticks(struct cpu *cpu);

#endif
