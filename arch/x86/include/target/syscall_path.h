/*
 * How the functions that handle system calls pass on the user's registers: as the first four
 * parameters, rdi, rsi, rdx and rcx, where the stubs have them anyway. Not all of them look at all
 * four; rcx, where the call returns to, stands only for the register that x86's shifts need.
 */
#ifndef TARGET_SYSCALL_PATH_H
#define TARGET_SYSCALL_PATH_H

#include <kernel/types.h>

#define UNUSED_HERE __attribute__((unused))

/* The head of such a function: it has `pointer`, `info`, `number`, `thread` and `cpu`. */
#define SYSCALL_PATH(name)                                                                         \
    struct user_context *name(word_t pointer UNUSED_HERE, word_t info UNUSED_HERE,                 \
                              word_t number UNUSED_HERE, word_t place UNUSED_HERE,                 \
                              struct tcb *thread, struct cpu *cpu)

/* From one such function to another, with the registers as they came. */
#define PASS_ON(name) name(pointer, info, number, place, thread, cpu)

/* The same without them: a path that takes what it wants from the thread's saved context. */
#define PASS_ON_CONTEXT(name, thread, cpu) name(0, 0, 0, 0, thread, cpu)

#endif
