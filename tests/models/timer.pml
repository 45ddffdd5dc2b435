/*
 * A CPU's one-shot timer, armed by itself and by another CPU of its node, and its ticks, which stop
 * while it is idle. Each moment armed comes due once, not before its time, however the entries of
 * both CPUs interleave; only the CPU itself programs its timer, on whichever entry it makes.
 *
 * Models timer_arm(), timer_take_due(), timer_go_on(), timer_resume_ticks() (timer.c) and
 * interrupt_dispatch(), timer_interrupt(), resume_ticks() (interrupt.c). Time passes in steps of
 * its own; an entry of the kernel is one step, since all happens under the node's lock, but between
 * an IPI and the entry that it brings anything may happen, system calls of the same CPU among them.
 * Bounds: 4 moments, 3 armings, by either CPU at any time, in any order, and 3 other system calls.
 * At the end of every entry CPU 1's timer interrupts in time for the next moment, or the door's IPI
 * pends; so no arming is late by a tick.
 *
 *   run
 *
 * Mutants, which must fail: -DONLY_FROM_USER (no IPI to a CPU that is in the kernel or waits for
 * its lock: the entry it makes is not the door's), -DNO_LOOK (the door's entry does not look at
 * `changed`), -DNO_GO_ON (the timer's interrupt programs nothing), -DREPLACED_UNSEEN (an arming is
 * not programmed if an earlier one was), -DRESUME_FORGETS (ticks that resume program the tick
 * alone), -DDUE_STAYS (what came due stays armed)
 */

#define LAST  4
#define NEVER 15

byte now;
byte armed = NEVER;       /* cpu->arch.timer, of CPU 1 */
byte next_tick = 1;
bool ticks_stopped, changed;

byte timer = 1;           /* CPU 1's hardware: when it interrupts */
bool ipi;                 /* pending there: VECTOR_DOOR */
bool in_system_call;      /* CPU 1 is on its way into the kernel, or waits for the lock */

byte armings, deliveries, replaced, calls;

inline next_moment(moment)
{
    if
    :: ticks_stopped || armed < next_tick -> moment = armed
    :: else -> moment = next_tick
    fi
}

inline program()
{
    changed = false;
    next_moment(timer)
}

inline resume_ticks()
{
    if
    :: ticks_stopped ->
        ticks_stopped = false;
        if
        :: next_tick <= now -> next_tick = now + 1
        :: else -> skip
        fi;
#ifdef RESUME_FORGETS
        changed = false;
        timer = next_tick
#else
        program()
#endif
    :: else -> skip
    fi
}

/* What comes due, and whether ticks stop then because the CPU is idle. */
inline timer_interrupt()
{
    bool tick = !ticks_stopped && next_tick <= now;
    if
    :: armed <= now ->
        deliveries++;
#ifndef DUE_STAYS
        armed = NEVER
#endif
    :: else -> skip
    fi;
    if
    :: tick ->
        next_tick = now + 1;
        if
        :: ticks_stopped = true
        :: skip
        fi
    :: else -> skip
    fi;
#ifndef NO_GO_ON
    program()
#endif
}

inline check_end_of_entry()
{
    byte waits_for;
    next_moment(waits_for);
    assert(ipi || timer <= waits_for);
    assert(deliveries + replaced <= armings)
}

active proctype time()
{
    do
    :: now < LAST -> now++
    :: else -> break
    od
}

/* By this CPU itself, or by another. */
inline arm(by_itself)
{
    byte before, moment;
    next_moment(before);
    if
    :: armed != NEVER -> replaced++
    :: else -> skip
    fi;
    select(moment : 0 .. LAST);
    armings++;
    armed = moment;
#ifdef REPLACED_UNSEEN
    if
    :: before != next_tick -> before = 0
    :: else -> skip
    fi;
#endif
    if
    :: moment >= before -> skip
    :: else ->
        if
        :: by_itself -> program()
        :: else ->
            changed = true;
#ifdef ONLY_FROM_USER
            ipi = ipi || !in_system_call
#else
            ipi = true
#endif
        fi
    fi
}

active proctype other_cpu()
{
    do
    :: atomic { armings < 3 -> arm(false); check_end_of_entry() }
    :: break
    od
}

/* CPU 1. A timer whose moment is past interrupts as soon as it may. */
active proctype cpu()
{
    do
    :: atomic { timer != NEVER && timer <= now && !in_system_call ->
        timer = NEVER;
        resume_ticks();
        timer_interrupt();
        check_end_of_entry() }
    :: atomic { ipi && !in_system_call ->
        ipi = false;
        resume_ticks();
#ifndef NO_LOOK
        if
        :: changed -> program()
        :: else -> skip
        fi;
#endif
        check_end_of_entry() }
    :: atomic { !in_system_call && !ticks_stopped && calls < 3 ->
        calls++;
        in_system_call = true }
    :: atomic { in_system_call -> in_system_call = false }
    :: atomic { in_system_call && armings < 3 -> arm(true); in_system_call = false;
        check_end_of_entry() }
    :: timeout -> break
    od;
    /* Time is over, and nothing pends: all that was armed has come, or was replaced. */
    assert(armed == NEVER || armed > now);
    assert(deliveries + replaced == armings)
}
