/*
 * balance=on: no CPU idles, or runs something less important, while a thread waits in the shared
 * queue.
 *
 * Models enqueue(), enqueue_woken(), make_runnable(), yield_current(), set_priority(), choose(),
 * choose_with_candidate(), least_important_cpu(), cpus_about_to_choose(), call_cpus_for_shared(),
 * call_cpu() and schedule() of kernel/scheduling/scheduler.c, ready_insert() and ready_take_best()
 * of kernel/scheduling/ready.c (among equals any, so their order numbers are left open),
 * take_thread() and kick_cpu() of arch/x86/machine/door.c for a CPU that is at the door already.
 *
 * Three CPUs; three balanced threads and one that belongs to CPU 0. A kernel entry is one step
 * (lock.pml, door.pml), but a CPU comes to the door in a step before. An entry wakes a thread,
 * blocks, yields, takes the thread of a CPU at the door, changes a priority, or does nothing; at
 * last every user computes for ever.
 *
 * Shown: when nothing moves any more, no CPU is idle or runs something less important than what
 * waits in the shared queue or its own; and at each exit, that an idle CPU has been called or as
 * many are coming as threads wait (check_idle_cpus() of kernel/checks/check_threads.c).
 *
 *   run
 *
 * Mutants: -DNO_CALL (no call_cpus_for_shared()), -DCALL_FOR_WOKEN_ONLY (only if this entry woke a
 * thread, not if it put the preempted one back), -DCALLED_KEPT (`called` is not cleared),
 * -DDOOR_COUNTED (a CPU at the door counts as coming, also when it has a thread to keep),
 * -DIDLE_NOT_KICKED, -DCALLED_WITHOUT_RESCHEDULE (a called CPU does not look at the queues if its
 * thread can go on).
 */
#define CPUS 3
#define THREADS 4
#define BOUND 3 /* the thread that belongs to CPU 0 */
#define LOW 1
#define HIGH 2

#define IDLE 0
#define USER 1
#define DOOR 2

#define NONE THREADS

#define BLOCKED 0
#define RUNNABLE 1
#define QUEUED 2

byte mark[CPUS];
byte current[CPUS] = NONE;
bool called[CPUS];
bool reschedule[CPUS];
bool door_requested[CPUS];

byte state[THREADS];
byte rank[THREADS] = LOW;

/* In one kernel entry only; the lock's holder uses them. */
byte woken = NONE;
byte next = NONE;
byte candidate = NONE;
byte coming;
byte best;
byte callee = CPUS;
byte least;
bool woke;
byte first;

#define is_balanced(t) ((t) != BOUND)
#define is_waiting(t) (state[t] == QUEUED)
#define is_shared(t) (is_balanced(t) && is_waiting(t))
#define shared_count (is_shared(0) + is_shared(1) + is_shared(2))
#define is_own(t) (!is_balanced(t) && is_waiting(t) && _pid == 0)
#define is_available(t) (is_shared(t) || is_own(t))
#define waits_shared(thread, p) (is_shared(thread) && rank[thread] == p)
#define shared_has(p) (waits_shared(0, p) || waits_shared(1, p) || waits_shared(2, p))
#define shared_priority (shared_has(HIGH) -> HIGH : LOW)

/* ready_best_priority() of this CPU; 0: nothing. */
#define has(p) (shared_has(p) || (is_own(BOUND) && rank[BOUND] == p))
#define best_priority (has(HIGH) -> HIGH : (has(LOW) -> LOW : 0))

#define is_runnable(t) (state[t] != BLOCKED)

inline call_cpu(cpu)
{
#ifndef CALLED_WITHOUT_RESCHEDULE
    reschedule[cpu] = true;
#endif
    if
    :: cpu != _pid ->
        called[cpu] = true;
        if
#ifdef IDLE_NOT_KICKED
        :: mark[cpu] == USER -> door_requested[cpu] = true
#else
        :: mark[cpu] != DOOR -> door_requested[cpu] = true
#endif
        :: else
        fi
    :: else -> reschedule[cpu] = true
    fi
}

inline enqueue(t)
{
    state[t] = QUEUED;
    woke = true;
    if
    :: is_balanced(t) -> reschedule[_pid] = true
    :: else ->
        if
        :: _pid == 0 || current[0] == NONE -> call_cpu(0)
        :: else ->
            if
            :: rank[current[0]] < rank[t] -> call_cpu(0)
            :: else
            fi
        fi
    fi
}

inline make_runnable(t)
{
    state[t] = RUNNABLE;
    if
    :: t == current[_pid] -> reschedule[_pid] = true
    :: t != current[_pid] && !(is_balanced(t) || _pid == 0) -> enqueue(t)
    :: t != current[_pid] && (is_balanced(t) || _pid == 0) ->
        if
        :: woken == NONE -> woken = t
        :: else ->
            enqueue(woken);
            woken = NONE;
            enqueue(t)
        fi
    fi
}

inline take_if_best(t)
{
    if
    :: next == NONE && best != 0 && is_available(t) && rank[t] == best -> next = t
    :: else
    fi
}

/* Among equals any: `first`. */
inline take_best()
{
    best = best_priority;
    take_if_best(first);
    take_if_best(0);
    take_if_best(1);
    take_if_best(2);
    take_if_best(BOUND);
    best = 0
}

inline choose()
{
    candidate = woken;
    woken = NONE;
    if
    :: current[_pid] != NONE && is_runnable(current[_pid]) && candidate == NONE &&
       !reschedule[_pid] -> next = current[_pid]
    :: else ->
        if
        :: current[_pid] != NONE && is_runnable(current[_pid]) -> state[current[_pid]] = QUEUED
        :: else
        fi;
        if
        :: candidate == NONE -> take_best()
        :: else -> choose_with_candidate()
        fi
    fi;
    candidate = NONE
}

inline choose_with_candidate()
{
    if
    :: current[_pid] != NONE && is_runnable(current[_pid]) &&
       rank[current[_pid]] == rank[candidate] ->
        state[candidate] = QUEUED;
        take_best()
    :: else ->
        if
        :: best_priority > rank[candidate] -> state[candidate] = QUEUED; take_best()
        :: else -> next = candidate
        fi
    fi
}

#define callee_is_idle (callee != CPUS && least == 0)

/*
 * Sets `callee` to the CPU, or to CPUS; `least` starts as the priority that it must run less than.
 */
inline consider(cpu)
{
    if
    :: cpu == _pid || called[cpu] || callee_is_idle
    :: else ->
        if
        :: current[cpu] == NONE && mark[cpu] == IDLE -> callee = cpu; least = 0
        :: current[cpu] == NONE && mark[cpu] != IDLE
        :: current[cpu] != NONE ->
            if
            :: rank[current[cpu]] < least -> least = rank[current[cpu]]; callee = cpu
            :: else
            fi
        fi
    fi
}

#ifdef DOOR_COUNTED
#define is_coming(cpu) (cpu != _pid && (called[cpu] || mark[cpu] == DOOR))
#else
#define is_coming(cpu) (cpu != _pid && (called[cpu] || (current[cpu] == NONE && mark[cpu] != IDLE)))
#endif

inline call_cpus_for_shared()
{
    coming = is_coming(0) + is_coming(1) + is_coming(2);
    do
    :: coming < shared_count ->
        callee = CPUS;
        least = shared_priority;
        consider(0);
        consider(1);
        consider(2);
        if
        :: callee == CPUS -> break
        :: else -> call_cpu(callee); coming++
        fi
    :: else -> break
    od;
    callee = CPUS;
    least = 0;
    coming = 0
}

#define is_forgotten(cpu) (cpu != _pid && current[cpu] == NONE && mark[cpu] == IDLE && !called[cpu])
#define comes(cpu) (called[cpu] || (cpu != _pid && current[cpu] == NONE && mark[cpu] != IDLE))

inline schedule()
{
    choose();
    reschedule[_pid] = false;
#ifndef CALLED_KEPT
    called[_pid] = false;
#endif
    if
    :: next != NONE -> state[next] = RUNNABLE
    :: else
    fi;
    if
#ifdef NO_CALL
    :: false
#else
#ifdef CALL_FOR_WOKEN_ONLY
    :: shared_count != 0 && woke -> call_cpus_for_shared()
#else
    :: shared_count != 0 -> call_cpus_for_shared()
#endif
#endif
    :: else
    fi;
    woke = false;
    assert(!(is_forgotten(0) || is_forgotten(1) || is_forgotten(2)) ||
           comes(0) + comes(1) + comes(2) >= shared_count);
    assert(next == NONE ||
           (current[(_pid + 1) % CPUS] != next && current[(_pid + 2) % CPUS] != next));
    current[_pid] = next;
    mark[_pid] = (next == NONE -> IDLE : USER);
    next = NONE
}

/* Takes the thread of a CPU at the door, and blocks it or puts it back. */
inline take_from(cpu)
{
    if
    :: cpu != _pid && mark[cpu] == DOOR && current[cpu] != NONE ->
        candidate = current[cpu];
        current[cpu] = NONE;
        reschedule[cpu] = true;
        if
        :: state[candidate] = BLOCKED
        :: enqueue(candidate)
        fi;
        candidate = NONE
    :: else
    fi
}

inline wake(t)
{
    if
    :: state[t] == BLOCKED -> make_runnable(t)
    :: else
    fi
}

inline change_priority(t)
{
    if
    :: state[t] == QUEUED -> /* not current anywhere */
        rank[t] = LOW + HIGH - rank[t];
        make_runnable(t)
    :: t == current[_pid] ->
        rank[t] = LOW + HIGH - rank[t];
        make_runnable(t)
    :: else
    fi
}

inline event()
{
    if
    :: skip
    :: true -> wake(0)
    :: true -> wake(1)
    :: true -> wake(2)
    :: true -> wake(3)
    :: true -> wake(0); wake(1)
    :: true -> wake(0); wake(1); wake(2)
    :: current[_pid] != NONE -> state[current[_pid]] = BLOCKED
    :: current[_pid] != NONE -> state[current[_pid]] = BLOCKED; wake(0)
    :: current[_pid] != NONE -> enqueue(current[_pid])
    :: true -> take_from(0)
    :: true -> take_from(1)
    :: true -> take_from(2)
    :: true -> change_priority(0)
    :: true -> change_priority(1)
    :: true -> change_priority(3)
    fi
}

active [CPUS] proctype cpu()
{
kernel:
    mark[_pid] = DOOR;
    atomic {
        event();
        if
        :: first = 0
        :: first = 1
        :: first = 2
        :: first = BOUND
        fi;
        d_step { schedule(); first = 0 }
    };
    if
    :: goto kernel
    :: skip
    fi;
end: /* computes for ever, or idles */
    atomic { door_requested[_pid] -> door_requested[_pid] = false };
    goto kernel
}

#define runs_less(cpu, p) (current[cpu] == NONE || rank[current[cpu]] < p)
#define leaves_waiting(cpu, p) (shared_has(p) && runs_less(cpu, p))
#define is_satisfied(cpu) (!leaves_waiting(cpu, HIGH) && !leaves_waiting(cpu, LOW))

/* When nothing moves any more. */
active proctype observer()
{
    timeout;
    assert(is_satisfied(0) && is_satisfied(1) && is_satisfied(2));
    assert(!(state[BOUND] == QUEUED && runs_less(0, rank[BOUND])))
}
