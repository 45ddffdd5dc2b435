/*
 * The fast paths: Call, ReplyRecv, Send and NBSend to endpoints and notifications, and Yield, where nothing unusual
 * stands in the way (docs/fast-paths.md). They repeat every check of the ordinary path, change nothing before all have
 * passed, and then do what the ordinary path would have done, to the letter.
 */
#ifndef KERNEL_FASTPATH_H
#define KERNEL_FASTPATH_H

#include <kernel/cpu.h>

/*
 * Why no fast path may be taken just now; 0: nothing is in the way. fastpath=off counts 1, each thread in the shared
 * ready queue of balance=on counts 1, because a fast path looks at its own CPU's queues only. Node state, under the
 * lock.
 */
extern word_t fastpath_obstacles;

/*
 * A system call of `thread`, which is current on `cpu`, which executes this, and holds the lock. The
 * first three are the user's rdi, rsi and rdx, or what an architecture has instead. Returns the context that this CPU
 * goes on with: the current thread, address space and live state are as that needs.
 */
struct user_context *syscall_entry(word_t pointer, word_t info, word_t number, struct tcb *thread, struct cpu *cpu);

/* The architecture's: the ordinary path of the same. */
struct user_context *syscall_slowly(struct cpu *cpu, struct tcb *thread);

#endif
