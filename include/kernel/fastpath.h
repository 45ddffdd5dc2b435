/*
 * The fast paths: Call, ReplyRecv, Send, NBSend, Recv and NBRecv of endpoints and notifications,
 * Map and Unmap of pages, Yield, faults and interrupts, where nothing unusual stands in the way
 * (docs/fast-paths.md). They repeat every check of the ordinary path, change nothing before all
 * have passed, and then do what the ordinary path would have done, to the letter.
 */
#ifndef KERNEL_FASTPATH_H
#define KERNEL_FASTPATH_H

#include <arch/syscall_path.h>
#include <kernel/cpu.h>

/*
 * Whether fast paths may be taken from now on. They have no switch of their own to look at: each
 * compares `threshold` (kernel/cpu.h) with the priority of the thread that goes on, and no priority
 * reaches it then. The same keeps them off while a thread waits in the shared ready queue of
 * balance=on, because a fast path looks at its own CPU's queues only.
 */
void fastpath_allow(bool allowed);

/*
 * What handles a system call of `thread`, which is current on `cpu`, which executes this, and holds
 * the lock. The user's registers come first, as SYSCALL_PATH (arch/syscall_path.h)
 * has them. Returns the context that this CPU goes on with: the current thread, address space and
 * live state are as that needs.
 */
SYSCALL_PATH(syscall_entry); /* all system calls begin here */

/* The ordinary path, which looks into the saved context for the registers that it wants. */
SYSCALL_PATH(syscall_ordinary);

/*
 * The same for events that are no system calls: of the current thread of `cpu`, for
 * fast_interrupt() if there is one. Null: the fast path was not taken, and nothing is changed;
 * kernel/entry.h has the ordinary ones, with the same arguments.
 */
struct user_context *fast_interrupt(word_t irq, struct cpu *cpu);
struct user_context *fast_vm_fault(vaddr_t address, word_t fault_status, struct tcb *thread,
                                   struct cpu *cpu);
struct user_context *fast_user_exception(word_t vector, word_t error, struct tcb *thread,
                                         struct cpu *cpu);

/* What a fast path of a system call that cannot be taken ends with. */
static inline struct user_context *take_ordinary_path(struct tcb *thread, struct cpu *cpu)
{
    return PASS_ON_CONTEXT(syscall_ordinary, thread, cpu);
}

#endif
