/*
 * The door: CPUs of one node that take threads from one another, pass work, and unmap.
 *
 * Step numbers are those of docs/locking.md. Models the stubs of arch/x86/entry/entry_interrupt.asm
 * and entry_syscall.asm (1, 2), enter_many:, syscall_at_door:, door:, holding:, release: and leave:
 * of entry_lock.asm (3, 4, return), kernel_entry(), handle_event(), drop_syscall(),
 * repeat_syscall(), make_current(), leave_to_thread() and leave_to_idle() of leave.c (5, 6, 11,
 * 12), stall_thread(), take_thread(), shoot_down() and kick_cpu() of door.c (7 to 10),
 * save_live_state() and load_live_state() of fpu.c, and what thread_suspend(), thread_resume() and
 * thread_finalise() of kernel/threads/thread.c, set_affinity() of scheduler.c and the TCB's
 * register methods need of them.
 *
 * A user makes any system call about any thread, its own too, or computes for ever, taking door
 * IPIs and device interrupts, late ones and ones that nobody sent. Which thread runs is left open,
 * but for its affinity. All threads use the FPU and one VSpace. What is used under the lock alone
 * is not buffered: lock.pml shows that a holder sees what earlier ones stored. Marks, loaded_root,
 * contexts, FPU areas and the lock's words are (x86_tso.inc). An IPI may overtake earlier stores.
 * What a CPU does without an effect on others is one step; several stores can be, because they take
 * effect one by one when they leave the buffer.
 *
 * Shown: (a) no CPU runs a thread, or touches its TCB, while or after a holder works on it; context
 * and FPU area are complete when a holder looks; the event of a thread that was taken is dropped;
 * no CPU has the user's page table loaded when an unmap returns; no thread is current twice. (b)
 * Nobody waits for ever, though users may compute for ever, and no CPU stays idle that was given a
 * thread. (c) Each device interrupt is handled.
 *
 *   run
 *   run -DUNASKED
 *   run -DCPUS=3 -DVICTIM -DDEVICE_INTERRUPTS=0
 *   run long bitstate -DCPUS=3 -DVICTIM -DUNASKED
 *   run long bitstate -DCPUS=3 -DUNASKED
 *
 * UNASKED: a CPU that has to wait for the lock may also come to the door at once. VICTIM: two CPUs
 * delete, make, read and unmap what runs on the third, which makes system calls without effect.
 * Exhaustive are two CPUs with one device interrupt or stray door IPI, and three as VICTIM without;
 * the others visit what fits in a table.
 *
 * Mutants, (a): -DMARK_BEFORE_SAVE, -DSAVED_AFTER_LOCK (the restart address with it),
 * -DMARK_BEFORE_FPU, -DMARK_BEFORE_TABLE, -DTOUCH_AFTER_MARK, -DNO_FPU_SAVE, -DFPU_KEPT_IDLE,
 * -DNO_TABLE_SWITCH, -DIDLE_KEEPS_TABLE, -DUSER_AFTER_RELEASE, -DROOT_AFTER_RELEASE,
 * -DINTERRUPTS_BEFORE_RETURN, -DNO_WAIT, -DCURRENT_KEPT, -DDECIDED_BY_STATE,
 * -DPREEMPTED_AFTER_STALL, -DWAITS_IS_ENOUGH (the holder does not ask a CPU that waits),
 * -DCURRENT_MIGRATES (moved without being taken), -DDEAD_FPU_SAVED (a thread that deletes itself
 * stays current until the exit). (b): -DNO_IPI,
 * -DUSER_WITHOUT_INTERRUPTS, -DEND_DROPPED (no end of interrupt at the APIC if the thread is gone),
 * -DNO_KICK, -DIDLE_MARKED_DOOR, -DSTALL_OUTSIDE_LOCK (waits for the other CPU after releasing the
 * lock: two wait for each other, and what was achieved is lost), -DIDLE_PEEKS (a woken CPU believes
 * a word written before the IPI, without the lock), -DNOT_ASKED (the IPI alone: it finds the CPU on
 * its way to the lock), -DONLY_USERS_ASKED, -DASK_IGNORED, -DASKED_UNTIL_RELEASED (the holder takes
 * back its word after the release, when it may be the next holder's), -DWAITS_KEPT (the mark on the
 * way out). (c): -DINTERRUPT_DROPPED. Those that only show as endless activity are in progress.pml.
 */
#ifndef CPUS
#define CPUS 2
#endif
#define THREADS CPUS
#ifndef DEVICE_INTERRUPTS
#define DEVICE_INTERRUPTS 1
#endif
#define BUFFER 8

#define MARK(cpu) 0 + (cpu)
#define ROOT(cpu) CPUS + (cpu)         /* loaded_root */
#define NEXT(cpu) 2 * CPUS + (cpu)     /* CPU + 1, or 0 */
#define WAIT(cpu) 3 * CPUS + (cpu)
#define READY(cpu) 4 * CPUS + (cpu)    /* for -DIDLE_PEEKS */
#define ASKED(cpu) 5 * CPUS + (cpu)    /* by the holder, to come to the door */
/* Saved at an interrupt or a system call, or the registers are newer. */
#define CONTEXT(thread) 6 * CPUS + (thread)
#define FPU_AREA(thread) 6 * CPUS + THREADS + (thread)  /* 0: saved; 1: the registers are newer */
#define WORDS (6 * CPUS + 2 * THREADS)

#define AT_INTERRUPT 0
#define NEWER 1
#define AT_CALL 2

#define IDLE 0
#define USER 1
#define DOOR 2
#define WAITS 3

#define NODE 0
#define VSPACE 1

#define NOTHING 0
#define CALL 1
#define DOOR_IPI 2
#define DEVICE 3

#define FREE 0
#define INACTIVE 1
#define RUNNABLE 2

byte tail; /* CPU + 1, or 0 */
byte current[CPUS]; /* thread + 1, or 0 */
byte stopped[CPUS]; /* thread + 1 that was taken away here since this CPU's last exit, or 0 */
byte state[THREADS] = RUNNABLE;
byte moved[THREADS];
#define affinity(thread) (((thread) + moved[thread]) % CPUS)

/* The hardware of each CPU. */
bool user_table[CPUS]; /* CR3: the VSpace, not the node's own page table */
bool live[CPUS];       /* FPU registers hold the current thread's state (the kernel knows, too) */
bool door_requested[CPUS];
bool device_requested[CPUS];
byte in_service[CPUS];

/* What no CPU knows. */
bool unhandled[CPUS]; /* a device interrupt has been raised for this CPU and not been handled yet */
bool taken[CPUS];     /* what was current on this CPU was taken away, and it has not chosen anew */
byte worked_on;       /* thread + 1 that the holder works on, or 0 */

#define may_touch(cpu, thread) (!taken[cpu] && worked_on != (thread) + 1 && state[thread] != FREE)
#define is_complete(thread) \
    (memory[CONTEXT(thread)] != NEWER && memory[FPU_AREA(thread)] == 0 && state[thread] != FREE)

/* A store to a TCB takes effect. */
inline drained(cpu, address, value)
{
    assert(address < CONTEXT(0) || may_touch(cpu, (address - 6 * CPUS) % THREADS))
}

#include "x86_tso.inc"

#define neighbour(distance) ((self + distance) % CPUS)

/* --- into the kernel --- */

inline save_context(how)
{
#ifndef SAVED_AFTER_LOCK
    if
    :: thread != 0 -> store(self, CONTEXT(thread - 1), how)
    :: else
    fi
#else
    skip
#endif
}

inline exchange()
{
    atomic {
        fenced(self);
        memory[NEXT(self)] = 0;
        memory[WAIT(self)] = 1;
        previous = tail;
        tail = self + 1
    }
}

inline save_fpu_at_the_door()
{
#ifndef NO_FPU_SAVE
    if
    :: live[self] -> store(self, FPU_AREA(thread - 1), 0); live[self] = false
    :: else
    fi
#else
    skip
#endif
}

inline leave_user_table()
{
    if
    :: loaded != NODE ->
        fenced(self);
#ifndef NO_TABLE_SWITCH
        user_table[self] = false;
#endif
        loaded = NODE
    :: else
    fi
}

inline mark_at_the_door()
{
    store(self, MARK(self), DOOR)
}

/* 4a to 4c, for a holder that asked. */
inline come_to_the_door()
{
#ifdef MARK_BEFORE_FPU
    mark_at_the_door();
#endif
    save_fpu_at_the_door();
#ifdef MARK_BEFORE_TABLE
    mark_at_the_door();
#endif
    leave_user_table();
#if !defined(MARK_BEFORE_FPU) && !defined(MARK_BEFORE_TABLE)
    mark_at_the_door();
#endif
#ifdef TOUCH_AFTER_MARK
    save_context((vector == CALL -> AT_CALL : AT_INTERRUPT));
#endif
    came = true
}

inline wait_at_the_door()
{
    atomic {
        store(self, NEXT(previous - 1), self + 1);
        previous = 0;
        if
        :: thread == 0 -> mark_at_the_door(); came = true /* idle has nothing to give up */
#ifdef UNASKED
        :: thread != 0 -> come_to_the_door() /* it was asked the last time */
#endif
        :: thread != 0 ->
#ifndef MARK_BEFORE_SAVE
            store(self, MARK(self), WAITS)
#else
            skip
#endif
        fi
    };
    do
    :: atomic {
        reads_zero(self, WAIT(self)) ->
        if
        :: came -> store(self, ROOT(self), loaded); came = false
        :: else -> assert(current[self] == thread)
        fi;
        break
    }
#ifndef ASK_IGNORED
    :: atomic { !came && memory[ASKED(self)] == 1 -> come_to_the_door() }
#endif
    od
}

/* The compare-exchange; or, if it fails, a wait for the link and the store that hands over. */
inline release()
{
    if
    :: atomic { tail == self + 1 && fenced(self) -> tail = 0 }
    :: atomic { memory[NEXT(self)] != 0 -> store(self, WAIT(memory[NEXT(self)] - 1), 0) }
    fi;
#ifdef ASKED_UNTIL_RELEASED
    atomic {
        if
        :: late != 0 -> store(self, ASKED(late - 1), 0); late = 0
        :: else
        fi
    }
#endif
    skip
}

/* --- the holder --- */

#ifdef WAITS_IS_ENOUGH
#define holds_user_state(cpu) (memory[MARK(cpu)] == USER)
#else
#define holds_user_state(cpu) (memory[MARK(cpu)] == USER || memory[MARK(cpu)] == WAITS)
#endif

inline call(cpu)
{
    if
    :: holds_user_state(cpu) ->
#ifdef ONLY_USERS_ASKED
        if
        :: memory[MARK(cpu)] == USER -> store(self, ASKED(cpu), 1)
        :: else
        fi;
#endif
#if !defined(NOT_ASKED) && !defined(ONLY_USERS_ASKED)
        store(self, ASKED(cpu), 1);
#endif
#ifndef NO_IPI
        if
        :: memory[MARK(cpu)] == USER -> door_requested[cpu] = true
        :: else
        fi
#else
        skip
#endif
    :: else
    fi
}

/* The word is the holder's alone, so it takes back what it asked, in time for the next one. */
inline take_back(cpu)
{
#ifndef ASKED_UNTIL_RELEASED
    store(self, ASKED(cpu), 0)
#else
    late = cpu + 1
#endif
}

/* The CPU `other` - 1, if any. */
inline wait_for_it()
{
    if
    :: other != 0 ->
#ifdef STALL_OUTSIDE_LOCK
        release();
#endif
#ifndef NO_WAIT
        atomic { !holds_user_state(other - 1) -> take_back(other - 1) };
#endif
#ifdef STALL_OUTSIDE_LOCK
        exchange();
        if
        :: previous != 0 ->
            store(self, NEXT(previous - 1), self + 1); previous = 0; reads_zero(self, WAIT(self))
        :: else
        fi
#else
        skip
#endif
    :: else
    fi
}

/*
 * Steps 7 and 8. `other` becomes the CPU + 1 on which the target is current, if that is not this
 * one.
 */
inline stall()
{
    atomic {
        if
        :: current[self] == target + 1 -> memory[FPU_AREA(target)] = 0; live[self] = false
        :: current[neighbour(1)] == target + 1 -> other = neighbour(1) + 1; call(other - 1)
#if CPUS == 3
        :: current[neighbour(2)] == target + 1 -> other = neighbour(2) + 1; call(other - 1)
#endif
        :: else
        fi
    };
    wait_for_it()
}

/* Steps 7 to 9. Work on the target begins. */
inline take()
{
#ifdef PREEMPTED_AFTER_STALL
    if
    :: resumed -> skip
    :: else -> stall()
    fi;
#else
    stall();
#endif
    atomic {
        if
        :: other != 0 ->
#ifndef CURRENT_KEPT
            current[other - 1] = 0;
#endif
            taken[other - 1] = true;
            stopped[other - 1] = target + 1;
            other = 0;
#ifdef PREEMPTED_AFTER_STALL
            resumed = true;
            goto preempted
#endif
        :: else
        fi;
#ifdef PREEMPTED_AFTER_STALL
        resumed = false;
#endif
        worked_on = target + 1;
        assert(is_complete(target))
    }
}

/* A thread became runnable on a CPU. One that runs something more important need not be called. */
inline kick(cpu)
{
#ifdef IDLE_PEEKS
    store(self, READY(cpu), 1);
#endif
#ifndef NO_KICK
    if
    :: cpu == self || memory[MARK(cpu)] == DOOR || memory[MARK(cpu)] == WAITS
    :: else ->
        if
        :: door_requested[cpu] = true
        :: current[cpu] != 0
        fi
    fi
#else
    skip
#endif
}

inline suspend()
{
    take();
    atomic { state[target] = INACTIVE; worked_on = 0 }
}

inline resume()
{
    atomic { state[target] = RUNNABLE; kick(affinity(target)) }
}

/* The registers change, or something else, like its priority; it goes on, in its CPU's queue. */
inline rewrite()
{
    take();
    if
    :: memory[CONTEXT(target)] = AT_INTERRUPT
    :: skip
    fi;
    atomic { worked_on = 0; kick(affinity(target)) }
}

inline read_registers()
{
    stall();
    atomic { other = 0; worked_on = target + 1; assert(is_complete(target)) };
    worked_on = 0
}

inline migrate()
{
#ifndef CURRENT_MIGRATES
    take();
#endif
    atomic { moved[target] = (moved[target] + 1) % CPUS; worked_on = 0; kick(affinity(target)) }
}

inline delete()
{
#ifdef DEAD_FPU_SAVED
    if
    :: current[self] == target + 1
    :: else -> take()
    fi;
#else
    take();
#endif
    atomic {
        state[target] = FREE;
        worked_on = 0;
#ifndef DEAD_FPU_SAVED
        if
        :: current[self] == target + 1 -> current[self] = 0
        :: else
        fi
#endif
    }
}

/* The same memory becomes a TCB again. */
inline create()
{
    state[target] = INACTIVE;
    memory[CONTEXT(target)] = AT_INTERRUPT;
    memory[FPU_AREA(target)] = 0
}

#define is_concerned(cpu) (memory[ROOT(cpu)] == VSPACE)

inline shoot_down(cpu)
{
    atomic {
        if
        :: is_concerned(cpu) -> call(cpu); other = cpu + 1
        :: else
        fi
    };
    wait_for_it();
    other = 0
}

inline unmap()
{
    shoot_down(neighbour(1));
#if CPUS == 3
    shoot_down(neighbour(2));
    assert(!user_table[neighbour(2)]);
#endif
    assert(!user_table[neighbour(1)])
}

inline system_call()
{
#ifdef VICTIM
    target = THREADS - 1;
    if
    :: state[target] == RUNNABLE -> delete()
    :: state[target] == RUNNABLE -> read_registers()
    :: state[target] == FREE -> atomic { create(); resume() }
    :: unmap()
    fi;
#else
    if
#ifdef PREEMPTED_AFTER_STALL
    :: resumed
#endif
    :: target = 0
    :: target = 1
#if THREADS == 3
    :: target = 2
#endif
    fi;
    if
    :: state[target] == RUNNABLE -> suspend()
    /* It waits for a message; what is live is saved at the exit. */
    :: current[self] == target + 1 -> state[target] = INACTIVE
    :: state[target] == INACTIVE -> resume()
    :: state[target] != FREE -> rewrite()
    :: state[target] != FREE -> read_registers()
    :: state[target] != FREE -> migrate()
    :: state[target] != FREE -> delete()
    :: state[target] == FREE -> atomic { create(); moved[target] = (self + CPUS - target) % CPUS }
    :: unmap()
    fi;
#endif
    target = 0
}

#ifdef VICTIM
#define has_effect(thread) (thread != THREADS)
#else
#define has_effect(thread) true
#endif

/* Step 5. */
inline end_of_interrupt()
{
#ifdef END_DROPPED
    if
    :: current[self] == thread -> in_service[self] = NOTHING
    :: else
    fi
#else
    in_service[self] = NOTHING
#endif
}

inline handle_device()
{
#ifdef INTERRUPT_DROPPED
    if
    :: current[self] == thread -> unhandled[self] = false
    :: else
    fi
#else
    unhandled[self] = false
#endif
}

/* Step 6. */
#ifdef DECIDED_BY_STATE
#define is_event_of_current (state[thread - 1] == RUNNABLE)
#else
#define is_event_of_current (current[self] == thread)
#endif

inline handle_event()
{
    if
    :: vector == CALL && is_event_of_current ->
        assert(!taken[self]);
        if
        :: has_effect(thread) -> system_call()
        :: skip
        fi
    :: vector == CALL && !is_event_of_current && stopped[self] == thread -> dropped = thread
    :: else
    fi
}

/*
 * The thread of the call that was dropped is chosen again, in the same entry. `stopped` of other
 * CPUs: repeat.pml.
 */
#define is_about_to_repeat \
    (dropped != 0 && thread == dropped && memory[CONTEXT(thread - 1)] == AT_CALL)

inline handle_interrupt()
{
    if
    :: vector == DEVICE -> handle_device(); end_of_interrupt()
    :: vector == DOOR_IPI -> end_of_interrupt()
    :: else
    fi;
    vector = NOTHING
}

/* --- and out --- */

#define can_run(t) (state[t] == RUNNABLE && affinity(t) == self)

/* Leaves the chosen thread + 1 in `thread`, or 0. */
inline schedule()
{
    if
    :: can_run(0) -> thread = 1
    :: can_run(1) -> thread = 2
#if THREADS == 3
    :: can_run(2) -> thread = 3
    :: !can_run(0) && !can_run(1) && !can_run(2) -> thread = 0
#else
    :: !can_run(0) && !can_run(1) -> thread = 0
#endif
    fi
}

#ifdef FPU_KEPT_IDLE
#define leaves_fpu (current[self] != thread && thread != 0)
#else
#define leaves_fpu (current[self] != thread)
#endif

inline make_current()
{
    if
    :: live[self] && leaves_fpu ->
        assert(current[self] != 0 && state[current[self] - 1] != FREE);
        memory[FPU_AREA(current[self] - 1)] = 0;
        live[self] = false
    :: else
    fi;
    assert(thread == 0 || current[neighbour(1)] != thread);
#if CPUS == 3
    assert(thread == 0 || current[neighbour(2)] != thread);
#endif
    current[self] = thread;
    taken[self] = false;
    stopped[self] = 0
}

inline load_fpu()
{
    if
    :: !live[self] ->
        assert(is_complete(thread - 1));
        memory[FPU_AREA(thread - 1)] = 1;
        live[self] = true
    :: else
    fi
}

inline enter_user_table()
{
    if
    :: loaded == NODE ->
        fenced(self);
        user_table[self] = true;
        loaded = VSPACE;
#ifndef ROOT_AFTER_RELEASE
        store(self, ROOT(self), VSPACE)
#endif
    :: else
    fi
}

/* After the release: the CPU's registers are newer than the context from here on. */
inline restore()
{
    assert(may_touch(self, thread - 1) && current[self] == thread &&
           memory[CONTEXT(thread - 1)] != NEWER);
    memory[CONTEXT(thread - 1)] = NEWER
}

/* A device's interrupt first: the door has the lowest priority. */
inline interrupt()
{
    if
    :: device_requested[self] && in_service[self] == NOTHING ->
        device_requested[self] = false;
        vector = DEVICE
    :: !device_requested[self] && door_requested[self] && in_service[self] == NOTHING ->
        door_requested[self] = false;
        vector = DOOR_IPI
    fi;
    in_service[self] = vector
}

inline leave_to_thread()
{
    atomic {
        enter_user_table();
#ifdef WAITS_KEPT
        if
        :: memory[MARK(self)] != WAITS -> store(self, MARK(self), USER)
        :: else
        fi
#endif
#if !defined(USER_AFTER_RELEASE) && !defined(WAITS_KEPT)
        store(self, MARK(self), USER)
#endif
    };
    release();
#ifdef USER_AFTER_RELEASE
    store(self, MARK(self), USER);
#endif
#ifdef ROOT_AFTER_RELEASE
    store(self, ROOT(self), VSPACE);
#endif
#ifdef INTERRUPTS_BEFORE_RETURN
    if
    :: interrupted_return()
    :: skip
    fi;
#endif
    skip
}

#ifdef INTERRUPTS_BEFORE_RETURN
/*
 * An interrupt in the kernel, between release and return: its entry goes back to where it came
 * from.
 */
inline interrupted_return()
{
    atomic { interrupt() };
    exchange();
    if
    :: previous != 0 -> wait_at_the_door()
    :: else
    fi;
    atomic {
        in_service[self] = NOTHING; vector = NOTHING; enter_user_table();
        store(self, MARK(self), USER)
    };
    release()
}
#endif

inline leave_to_idle()
{
    atomic {
#ifndef IDLE_KEEPS_TABLE
        if
        :: loaded != NODE -> leave_user_table(); store(self, ROOT(self), NODE)
        :: else
        fi;
#endif
#ifdef IDLE_MARKED_DOOR
        mark_at_the_door()
#else
        store(self, MARK(self), IDLE)
#endif
    };
    release()
}

active [CPUS] proctype cpu()
{
    byte thread;   /* of the trap record, + 1; 0: none */
    byte vector;   /* likewise */
    byte previous, target, other;
    byte dropped;  /* thread + 1 whose system call was dropped in this entry, or 0 */
    bool came;     /* to the door, in this wait for the lock */
#ifdef ASKED_UNTIL_RELEASED
    byte late;
#endif
    bit loaded;    /* the value of loaded_root, which only this CPU writes */
#ifdef PREEMPTED_AFTER_STALL
    bool resumed;  /* this system call has been left after step 9 */
#endif

kernel:
    exchange();
    if
    :: previous != 0 -> wait_at_the_door()
    :: else
    fi;
#ifdef SAVED_AFTER_LOCK
    if
    :: thread != 0 -> memory[CONTEXT(thread - 1)] = (vector == CALL -> AT_CALL : AT_INTERRUPT)
    :: else
    fi;
#endif
    handle_event();
#ifdef PREEMPTED_AFTER_STALL
preempted:
#endif
    atomic {
        handle_interrupt();
        schedule();
        make_current();
        if
        :: is_about_to_repeat -> dropped = 0
        :: else ->
            dropped = 0;
            if
            :: thread != 0 -> load_fpu(); goto leaving
            :: else -> goto idle
            fi
        fi
    };
    if
    :: has_effect(thread) -> system_call()
    :: skip
    fi;
#ifdef PREEMPTED_AFTER_STALL
    goto preempted;
#else
    atomic {
        schedule();
        make_current();
        if
        :: thread != 0 -> load_fpu()
        :: else -> goto idle
        fi
    };
#endif
leaving:
    leave_to_thread();
    atomic {
        restore();
        if
        :: vector = CALL; save_context(AT_CALL); goto kernel
        :: skip /* computes for ever, if nobody interrupts */
        fi
    };
#ifdef USER_WITHOUT_INTERRUPTS
end_user:
    false;
#else
end_user:
    atomic {
        interrupt();
#ifdef MARK_BEFORE_SAVE
        mark_at_the_door();
#endif
        save_context(AT_INTERRUPT)
    };
#endif
    goto kernel;

idle:
    leave_to_idle();
end_idle:
    atomic {
        interrupt();
#ifdef IDLE_PEEKS
        if
        :: vector == DOOR_IPI && memory[READY(self)] == 0 ->
            in_service[self] = NOTHING; vector = NOTHING; goto end_idle
        :: else -> memory[READY(self)] = 0
        fi
#endif
    };
    goto kernel
}

/* Devices; and a door IPI that nobody needs. */
active proctype devices()
{
    byte count, target;
    do
    :: count < DEVICE_INTERRUPTS ->
        atomic {
            if
            :: target = 0
            :: target = 1
#if CPUS == 3
            :: target = 2
#endif
            fi;
            if
            :: device_requested[target] = true; unhandled[target] = true
            :: door_requested[target] = true
            fi;
            target = 0;
            count++
        }
    :: break
    od
}

#define is_work(thread, cpu) (state[thread] == RUNNABLE && affinity(thread) == cpu)
#if THREADS == 3
#define has_work(cpu) (is_work(0, cpu) || is_work(1, cpu) || is_work(2, cpu))
#else
#define has_work(cpu) (is_work(0, cpu) || is_work(1, cpu))
#endif
#define is_at_rest(cpu) (!unhandled[cpu] && (current[cpu] != 0 || !has_work(cpu)))

/* When nothing moves any more. */
active proctype observer()
{
    timeout;
    assert(is_at_rest(0) && is_at_rest(1));
#if CPUS == 3
    assert(is_at_rest(2));
#endif
}
