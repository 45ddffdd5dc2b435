/*
 * Time for programs: moments, sleeping, and any number of timers that signal notifications. The
 * kernel has one timer for each CPU; the clock, a thread of the program, shares one of them among
 * all threads (docs/timers.md).
 *
 * A moment is a value of the time stamp counter of the CPU that the clock runs on. Counters of a
 * machine's CPUs are alike where firmware and hypervisor left them so, as nearly everywhere. Every
 * wait is at least as long as asked for: how much longer depends on what runs meanwhile, and is no
 * part of the interface.
 */
#ifndef CMK_TIMER_H
#define CMK_TIMER_H

#include <cmk/cmk.h>
#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* CMK_TIMER_NEVER (<cmk/cmk.h>) is a moment that does not come. */

/* The moment it is now. */
static inline uint64_t cmk_now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/*
 * Nanoseconds in the units of moments, rounded up, and back, rounded down. What would be too much
 * becomes CMK_TIMER_NEVER. 0 where there is no cluster, since nothing tells the rate then.
 */
uint64_t cmk_from_nanoseconds(uint64_t nanoseconds);
uint64_t cmk_to_nanoseconds(uint64_t units);

/* The moment so many nanoseconds from now; CMK_TIMER_NEVER at most. */
uint64_t cmk_moment_in(uint64_t nanoseconds);

/*
 * Starts the clock on CPU `cpu` of this node: a thread of that priority, and the CPU's timer, of
 * which nobody else may have the handler. Threads of a lower priority than the clock's have timers
 * that come in time whatever runs. False if something is used up or refused, or it runs already.
 * Initial thread only.
 */
bool cmk_clock_start(seL4_Word cpu, seL4_Word priority);

/* True once the clock runs. */
bool cmk_clock_runs(void);

/* A timer, in the caller's memory, which stays the clock's until the timer has been stopped. */
struct cmk_timer {
    uint64_t moment;        /* when it signals next; for reading */
    uint64_t interval;      /* 0: once */
    seL4_CPtr notification; /* what it signals */
    /* the clock's */
    struct cmk_timer *child, *next, *previous;
    bool waits;
};

/*
 * Signals `notification` when `moment` has come, at once if it has. With an interval, in the units
 * of moments, it does so again and again, at the moments that follow at this distance; those that
 * were missed are left out. Any thread; the clock runs. The timer must not wait already.
 */
void cmk_timer_start(struct cmk_timer *timer, uint64_t moment, uint64_t interval,
                     seL4_CPtr notification);

/*
 * The timer signals no more, unless it has already, and its memory is the caller's again. True if
 * it still waited. Any thread; the clock runs.
 */
bool cmk_timer_stop(struct cmk_timer *timer);

/*
 * Returns when the moment has come, or so many nanoseconds have passed. Any thread of
 * cmk_create_thread or the initial one. Without a clock it looks at the time again and again, and
 * yields.
 */
void cmk_sleep_until(uint64_t moment);
void cmk_sleep(uint64_t nanoseconds);

CMK_END_C

#endif
