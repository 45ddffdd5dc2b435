/*
 * Threads: creation, TCB methods (contract 4.5), suspend and resume (8.3), destruction, system call
 * registers.
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <kernel/answer.h>
#include <kernel/cpu.h>
#include <kernel/invocation.h>
#include <kernel/objects.h>

/*
 * A new TCB in zeroed memory (contract 3.3), or `count` of them in a row, of BIT(ABI_TCB_BITS)
 * bytes each. They belong to the CPU that executes this: this_cpu must be set, at boot too. Short
 * for each: Retype makes 256 in one step.
 */
void thread_init(struct tcb *thread);
void threads_init(struct tcb *first, word_t count);

/* All TCBs of the node, linked by all_next. */
extern struct tcb *all_threads;

/*
 * Which page table a thread runs on needs its VSpace capability and whatever that refers to. So a
 * TCB remembers the answer (tcb.root), and the epoch in which it was asked for. Whatever could
 * change any thread's answer begins a new epoch: a capability to a VSpace, or a pool of ASIDs, is
 * deleted, or an ASID is given. Every CPU has the epoch among what system calls touch anyway. 0 is
 * no epoch; the first one must also be begun. Time: as many steps as the node has CPUs.
 */
void forget_thread_roots(void);

static inline bool is_root_known(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->root_epoch == cpu->root_epoch;
}

/*
 * Takes the thread from another CPU, if it is current there, so that it may be changed. The event
 * with which it came to the door is dropped, and it repeats it: its state is then RESTART, and it
 * is in no queue, which the caller must see to before the next preemption point.
 */
void thread_claim(struct tcb *thread);

MUST_USE enum outcome tcb_invoke(struct invocation *call, struct answer *answer);

/*
 * Takes the thread from any CPU and queue, cancels its IPC, makes it inactive. Bounded work. A
 * thread that runs normally goes on at its next instruction when it is resumed, one in a system
 * call (state RESTART) at that.
 */
void thread_suspend(struct tcb *thread);

/* Resume: no effect on runnable threads; others cancel their IPC and restart. */
void thread_resume(struct tcb *thread);

/*
 * The final capability to the thread goes away: suspends it and lets go of everything but its
 * slots.
 */
void thread_finalise(struct tcb *thread);

/* Prints the table of all threads (DebugDumpScheduler). */
void thread_dump_all(void);

/* At most TCB_NAME_BYTES - 1 characters; the rest is cut off. */
void thread_set_name(struct tcb *thread, const char *name);

#endif
