/*
 * The local APIC's timer as a one-shot timer (Intel SDM volume 3, 11.5.4): the next of what waits
 * for a moment, ticks and what a user armed. It counts down at the APIC's rate, or, where CPUs have
 * it, compares with the time stamp counter ("TSC-deadline mode").
 *
 * A CPU's timer is programmed by that CPU alone; `moments` of any CPU are written under the lock.
 * If one CPU arms another's for a moment before the one it waits for, it sends the door's IPI,
 * always: a CPU that waits for the lock takes it afterwards, and looks at `changed` then
 * (tests/models/timer.pml).
 */
#include <arch/timer.h>
#include <x86/apic.h>
#include <x86/timer.h>
#include <target/instructions.h>
#include <cluster/record.h>

static uint64_t tick_period(void)
{
    return (uint64_t)global_state.tsc_khz * ABI_TICK_MILLISECONDS;
}

/* Whole periods on, past `now`: of several ticks that were missed, one counts. */
static void pass_ticks(struct cpu_timer *timer, uint64_t now)
{
    uint64_t period = tick_period();
    timer->next_tick += period;
    if (timer->next_tick <= now) {
        timer->next_tick += ((now - timer->next_tick) / period + 1) * period;
    }
}

static uint64_t next_moment(const struct cpu_timer *timer)
{
    return timer->ticks_stopped ? timer->armed : MIN(timer->next_tick, timer->armed);
}

/*
 * In counts of the APIC's timer, rounded up: not before the moment, as far as the two clocks were
 * measured alike. More than it can count is cut: a CPU that is early finds nothing due, and waits
 * again.
 */
static uint32_t counts_until(uint64_t moment, uint64_t now)
{
    uint64_t rate = global_state.apic_ticks_per_millisecond;
    uint64_t longest = UINT32_MAX / rate; /* in milliseconds: 2 at least, see calibrate_timers() */
    uint64_t wait = moment > now ? moment - now : 0;
    if (wait / global_state.tsc_khz >= longest) {
        wait = (longest - 1) * global_state.tsc_khz;
    }
    return (uint32_t)(wait * rate / global_state.tsc_khz + 1);
}

static void program(struct cpu_timer *timer)
{
    uint64_t moment = next_moment(timer);
    timer->changed = false;
    if (global_state.features.tsc_deadline) {
        apic_timer_set_deadline(moment == TIMER_NEVER ? 0 : MAX(moment, 1ul));
    } else {
        apic_timer_set_count(moment == TIMER_NEVER ? 0 : counts_until(moment, read_tsc()));
    }
}

void timer_start(struct cpu *cpu)
{
    struct cpu_timer *timer = &cpu->arch.timer;
    timer->armed = TIMER_NEVER;
    timer->next_tick = read_tsc() + tick_period();
    timer->ticks_stopped = false;
    apic_timer_begin(global_state.features.tsc_deadline);
    program(timer);
}

struct timer_due timer_take_due(struct cpu *cpu)
{
    struct cpu_timer *timer = &cpu->arch.timer;
    uint64_t now = read_tsc();
    struct timer_due due = {
        .tick = !timer->ticks_stopped && timer->next_tick <= now,
        .armed = timer->armed <= now,
    };
    if (due.tick) {
        pass_ticks(timer, now);
    }
    if (due.armed) {
        timer->armed = TIMER_NEVER;
    }
    return due;
}

void timer_go_on(struct cpu *cpu)
{
    program(&cpu->arch.timer);
}

void timer_resume_ticks(struct cpu *cpu)
{
    struct cpu_timer *timer = &cpu->arch.timer;
    uint64_t now = read_tsc();
    timer->ticks_stopped = false;
    if (timer->next_tick <= now) {
        pass_ticks(timer, now);
    }
    program(timer);
}

void timer_arm(struct cpu *cpu, uint64_t moment)
{
    struct cpu_timer *timer = &cpu->arch.timer;
    bool is_sooner = moment < next_moment(timer);
    timer->armed = moment;
    if (!is_sooner) {
        return; /* an interrupt comes before it, and looks */
    }
    if (cpu == this_cpu) {
        program(timer);
    } else {
        timer->changed = true;
        apic_send(cpu->arch.apic_id, VECTOR_DOOR);
    }
}
