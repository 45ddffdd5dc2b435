/*
 * A system call that is dropped because its thread was taken away on the way in is carried out
 * once, although the CPU that drops it may repeat it in the same entry.
 *
 * Models syscall_from_the_door() of arch/x86/entry/entry.c, drop_syscall(), is_about_to_repeat(),
 * forget_dropped_call() and repeat_syscall() of kernel/calls/exit.c, thread_claim(),
 * thread_suspend() and thread_resume() of kernel/threads/thread.c, tcb_write_registers() of
 * kernel/methods/tcb_registers.c, set_affinity() and schedule() of kernel/scheduling/scheduler.c,
 * context_restart(), context_redo_syscall() and context_keep_place() of include/arch/context.h.
 *
 * One thread makes one system call after the other: each goes on at once, gives the CPU away, or
 * waits for a message that anybody may send. The threads of the other CPUs take it away, suspend,
 * resume and rewrite it. The lock is a first-in, first-out queue (lock.pml), a kernel entry is one
 * step, and coming to the door another before it (door.pml has what is in between). Any CPU may run
 * the thread, as with balance=on; with affinities it is a subset of that.
 *
 * Shown: a call is carried out only once for each time that it is made; the thread goes on behind
 * it when it has been carried out, and only then.
 *
 *   run -DCPUS=3
 *   run -DCPUS=4
 *
 * Mutants: -DTOLD_NOBODY (a CPU that repeats a call leaves others, which have dropped it, too, in
 * the belief that it is due), -DVECTOR_IGNORED (a thread whose registers were rewritten meanwhile
 * repeats the call that it had made before), -DPLACE_NOT_KEPT (a thread suspended after its call
 * goes on before it), -DREPEATED_AND_RESTARTED (its place stays before the call).
 */
#ifndef CPUS
#define CPUS 3
#endif

/* Of a context: how it was saved, and where rip and restart_ip point. */
#define OTHER 0
#define CALL 1
#define BEFORE 0 /* the system call instruction */
#define BEHIND 1

/* Of the thread. */
#define INACTIVE 0
#define BLOCKED 1
#define RESTART 2
#define RUNNING 3

/* What no CPU knows. */
#define NEW 0      /* the thread has not made its next call yet */
#define DUE 1      /* made, not carried out */
#define COMPLETE 2 /* carried out; the thread does not know it yet */

bit vector, rip, restart_ip;
byte state = RUNNING;
byte call = NEW;

bool current[CPUS];     /* the thread is current here */
bool trap_thread[CPUS]; /* it brought this CPU into the kernel, */
bool trap_call[CPUS];   /* by a system call */
bool stopped[CPUS];     /* it was taken away from here, since this CPU's last exit */
bool at_the_door[CPUS];
chan queue = [CPUS] of { byte };

#define is_current_anywhere (current[0] || current[1] || current[2] || current[CPUS - 1])
#define is_runnable (state == RESTART || state == RUNNING)

inline come(cpu, by_call)
{
    trap_thread[cpu] = current[cpu];
    trap_call[cpu] = by_call;
    if
    :: current[cpu] -> vector = by_call; restart_ip = BEFORE; rip = by_call
    :: else
    fi;
    at_the_door[cpu] = true;
    queue ! cpu
}

inline take_from(cpu)
{
    if
    :: cpu != _pid && current[cpu] ->
        if
        :: !at_the_door[cpu] -> come(cpu, OTHER)
        :: else
        fi;
        current[cpu] = false;
        stopped[cpu] = true;
        state = RESTART
    :: else
    fi
}

inline claim()
{
    take_from(0);
    take_from(1);
    take_from(2);
    take_from(CPUS - 1)
}

inline suspend()
{
    claim();
    if
#ifndef PLACE_NOT_KEPT
    :: state == RUNNING -> restart_ip = rip
#endif
    :: else
    fi;
    state = INACTIVE
}

inline rewrite()
{
    claim();
    vector = OTHER;
    rip = BEFORE;
    restart_ip = BEFORE;
    call = NEW
}

/* By another thread, which is current here. */
inline operate()
{
    if
    :: skip
    :: true -> claim() /* changes its priority, say */
    :: true -> suspend()
    :: state == INACTIVE || state == BLOCKED -> state = RESTART
    :: state != BLOCKED -> rewrite()
    :: state == BLOCKED -> state = RUNNING; call = COMPLETE /* sends it the message */
    fi
}

inline carry_out()
{
    assert(call == DUE);
    if
    :: call = COMPLETE
    :: call = COMPLETE; current[_pid] = false /* gives the CPU away */
    :: state = BLOCKED; current[_pid] = false
    fi
}

inline schedule()
{
    if
    :: current[_pid]
    :: current[_pid] -> current[_pid] = false /* something better */
    :: !is_current_anywhere && is_runnable -> current[_pid] = true
    :: !current[_pid]
    fi;
    if
    :: current[_pid] && state == RESTART -> rip = restart_ip; state = RUNNING
    :: else
    fi
}

inline forget_dropped_call()
{
    stopped[0] = false;
    stopped[1] = false;
    stopped[2] = false;
    stopped[CPUS - 1] = false
}

inline repeat_syscall()
{
#ifndef REPEATED_AND_RESTARTED
    rip = BEHIND;
#endif
#ifndef TOLD_NOBODY
    forget_dropped_call();
#endif
    carry_out();
    schedule()
}

#ifdef VECTOR_IGNORED
#define is_about_to_repeat (dropped && current[_pid])
#else
#define is_about_to_repeat (dropped && current[_pid] && vector == CALL)
#endif

inline kernel_entry()
{
    if
    :: trap_thread[_pid] && trap_call[_pid] && current[_pid] -> carry_out()
    :: trap_thread[_pid] && trap_call[_pid] && !current[_pid] -> dropped = stopped[_pid]
    :: !trap_thread[_pid] && !current[_pid] -> operate()
    :: else
    fi;
    schedule();
    stopped[_pid] = false;
    if
    :: is_about_to_repeat -> repeat_syscall()
    :: else
    fi;
    dropped = false
}

inline leave()
{
    if
    :: current[_pid] && rip == BEHIND -> assert(call == COMPLETE); call = NEW
    :: current[_pid] && rip == BEFORE -> assert(call != COMPLETE)
    :: else
    fi;
    at_the_door[_pid] = false;
    queue ? _
}

active [CPUS] proctype cpu()
{
    bool dropped;
    do
    :: atomic {
        !at_the_door[_pid] ->
        if
        :: current[_pid] -> call = DUE; come(_pid, CALL)
        :: come(_pid, OTHER)
        fi
    }
    :: atomic {
        at_the_door[_pid] && queue ? [eval(_pid)] ->
        kernel_entry();
        leave()
    }
    od
}
