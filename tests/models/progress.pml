/*
 * Progress at the door: what door.pml cannot show, because it goes wrong with everybody busy.
 *
 * Models enter_many:, door: and leave: of arch/x86/entry/entry_lock.asm, take_thread() and
 * is_any_cpu_at_the_door() of arch/x86/machine/door.c, drop_syscall() and repeat_syscall() of
 * kernel/calls/exit.c, the priorities of vectors (arch/x86/internal/x86/apic.h), preemption_point()
 * (kernel/scheduling/preemption.c), and long operations as in kernel/lifecycle/deletion.c and
 * untyped.c: after each unit of work they may leave, and the system call is made again.
 *
 * Each CPU has one thread. It computes, or calls: takes the next CPU's thread, and puts it back (in
 * a circle: all may aim at each other), or does a long operation of several units. A device
 * interrupts CPU 0 again and again, but not before the user has executed an instruction. The lock
 * is a first-in, first-out queue (lock.pml), and stores are seen at once: order within a CPU is
 * door.pml's subject.
 *
 * Assumed: processes are weakly fair, and a user gets to execute one instruction between two
 * interrupts. The hardware does not promise that: somebody who may stop a thread, and does so all
 * the time, can keep it from running; but so can suspending it.
 *
 * Shown: each call of CPU 0 returns, each device interrupt is handled, each wait for another CPU
 * ends, though the others call for ever.
 *
 *   run live
 *   run live -DCPUS=3
 *
 * Mutants: -DPREEMPTED_FIRST (looks for reasons to leave before the first unit of work),
 * -DDOOR_ABOVE_DEVICES (the door vector has the highest priority), -DRESTARTS (leaves and makes the
 * system call again instead of waiting for the other CPU), -DUNFAIR_LOCK (whoever comes first),
 * -DDROPPED_CALL_WAITS (a call that was dropped, because its thread was taken away on the way in,
 * is not carried out in the same entry: the thread goes out to make it again).
 */
#ifndef CPUS
#define CPUS 2
#endif
#define UNITS 3

#define USER 1
#define DOOR 2

#define NOTHING 0
#define CALL 1
#define DOOR_IPI 2
#define DEVICE 3

#define next_cpu ((_pid + 1) % CPUS)

chan queue = [CPUS] of { byte }; /* the holder, and those who wait */
byte mark[CPUS] = USER;
bool door_requested[CPUS];
bool device_requested;           /* of CPU 0 */
bool may_request = true;
bool device_waits;               /* not handled yet */
bool calling[CPUS];              /* a system call has been made and not returned */
bool stalling[CPUS];
#ifdef DROPPED_CALL_WAITS
/* The thread was taken away and put back, since its CPU's last exit. */
bool taken[CPUS];
#endif

inline acquire()
{
#ifdef UNFAIR_LOCK
    if
    :: atomic { empty(queue) -> queue ! _pid }
    :: nempty(queue) -> mark[_pid] = DOOR; atomic { empty(queue) -> queue ! _pid }
    fi
#else
    if
    :: atomic { empty(queue) -> queue ! _pid }
    :: atomic { nempty(queue) -> queue ! _pid };
        mark[_pid] = DOOR;
        queue ? [eval(_pid)]
    fi
#endif
}

#define is_any_cpu_at_the_door (len(queue) > 1)
#define is_interrupt_pending (door_requested[_pid] || (_pid == 0 && device_requested))

inline stall()
{
    if
    :: mark[next_cpu] == USER ->
        door_requested[next_cpu] = true;
#ifdef RESTARTS
        goto leave;
#else
        stalling[_pid] = true;
        mark[next_cpu] != USER;
        stalling[_pid] = false
#endif
    :: else
    fi;
#ifdef DROPPED_CALL_WAITS
    taken[next_cpu] = true;
#endif
    done = true
}

/* What is done stays done when it leaves. The first preemption point of an entry never leaves. */
inline long_operation()
{
#ifdef PREEMPTED_FIRST
    has_progressed = true;
#else
    has_progressed = false;
    units--;
#endif
    do
    :: units == 0 -> break
    :: units != 0 && !has_progressed -> has_progressed = true; units--
    :: units != 0 && has_progressed ->
        if
        :: is_interrupt_pending || is_any_cpu_at_the_door -> goto leave
        :: else -> units--
        fi
    od;
    done = true
}

inline take_door()
{
    door_requested[_pid] = false;
    vector = DOOR_IPI
}

inline take_device()
{
    device_requested = false;
    vector = DEVICE
}

inline execute_instruction()
{
    if
    :: calling[_pid] -> vector = CALL
    :: else ->
        if
#if CPUS == 3 /* keeps it small: the others' long operations have no effect on CPU 0 but time */
        :: _pid == 0 -> calling[_pid] = true; vector = CALL; is_long = true; units = UNITS
#else
        :: calling[_pid] = true; vector = CALL; is_long = true; units = UNITS
#endif
        :: calling[_pid] = true; vector = CALL; is_long = false
        :: skip
        fi
    fi;
    if
    :: _pid == 0 -> may_request = true
    :: else
    fi;
    executed = true
}

/* By priority. */
inline interrupt()
{
    if
#ifdef DOOR_ABOVE_DEVICES
    :: door_requested[_pid] -> take_door()
    :: !door_requested[_pid] && _pid == 0 && device_requested -> take_device()
#else
    :: _pid == 0 && device_requested -> take_device()
    :: !(_pid == 0 && device_requested) && door_requested[_pid] -> take_door()
#endif
    fi;
    executed = false
}

active [CPUS] proctype cpu()
{
    byte vector, units;
    bool is_long, done, has_progressed;
    bool executed; /* an instruction, since the last interrupt */

in_user:
    atomic {
        if
        :: executed && is_interrupt_pending -> interrupt()
        :: else -> execute_instruction()
        fi;
        if
        :: vector == NOTHING -> goto in_user
        :: else
        fi
    };
kernel:
    acquire();
    if
    :: vector == CALL ->
#ifdef DROPPED_CALL_WAITS
        if
        :: taken[_pid] -> goto leave
        :: else
        fi;
#endif
        if
        :: is_long -> long_operation()
        :: else -> stall()
        fi
    :: vector == DEVICE -> device_waits = false
    :: else
    fi;
leave:
    atomic {
        if
        :: done -> calling[_pid] = false; done = false; is_long = false; units = 0
        :: else
        fi;
        vector = NOTHING;
#ifdef DROPPED_CALL_WAITS
        taken[_pid] = false;
#endif
        mark[_pid] = USER
    };
    queue ? _;
    goto in_user
}

active proctype device()
{
end:
    do
    :: atomic { may_request && !device_requested ->
        may_request = false; device_requested = true; device_waits = true }
    od
}

ltl call_returns { [] (calling[0] -> <> !calling[0]) }
ltl device_is_served { [] (device_waits -> <> !device_waits) }
ltl stall_ends { [] (stalling[0] -> <> !stalling[0]) }
