/*
 * What the architecture's entry code calls once it holds the lock, with this_cpu set: first one of
 * the events (none if the thread was taken away on the way in, docs/locking.md step 6), then
 * schedule().
 */
#ifndef KERNEL_ENTRY_H
#define KERNEL_ENTRY_H

#include <kernel/types.h>

/*
 * Events of the current thread, which must be runnable. An unknown system call comes here by itself
 * only if it was not made by the system call instruction (contract 5.2: `int n`).
 */
void handle_syscall(word_t number);
void handle_unknown_syscall(word_t number);
void handle_vm_fault(vaddr_t address, word_t fault_status);
void handle_user_exception(word_t vector, word_t error);

#endif
