/*
 * The head of a function that handles a system call, and how one such function ends with another:
 * the target says how the user's registers travel.
 *
 *   SYSCALL_PATH(name)                    declares or defines it; its body has `pointer`, `info`,
 *                                         `number`, `thread` and `cpu`
 *   PASS_ON(name)                         goes on there, with the registers as they came
 *   PASS_ON_CONTEXT(name, thread, cpu)    goes on there, where they are read from the saved context
 */
#ifndef ARCH_SYSCALL_PATH_H
#define ARCH_SYSCALL_PATH_H

struct user_context;
struct tcb;
struct cpu;

#include <target/syscall_path.h>

#endif
