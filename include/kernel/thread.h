/* Threads: creation, TCB methods (contract 4.5), suspend and resume (8.3), destruction, system call registers. */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <kernel/answer.h>
#include <kernel/invocation.h>
#include <kernel/objects.h>

/* A new TCB in zeroed memory (contract 3.3). */
void thread_init(struct tcb *thread);

enum outcome tcb_invoke(struct invocation *call, struct answer *answer);

/* Takes the thread from any CPU and queue, cancels its IPC, makes it inactive. Bounded work. */
void thread_suspend(struct tcb *thread);

/* Resume: no effect on runnable threads; others cancel their IPC and restart. */
void thread_resume(struct tcb *thread);

/* The final capability to the thread goes away: suspends it and lets go of everything but its slots. */
void thread_finalise(struct tcb *thread);

/* Prints the table of all threads (DebugDumpScheduler). */
void thread_dump_all(void);

void thread_set_name(struct tcb *thread, const char *name);

#endif
