/* The debug system calls (contract 1.4). */
#ifndef KERNEL_DEBUG_H
#define KERNEL_DEBUG_H

#include <kernel/types.h>

/*
 * True if `number` is one that this build has. Release builds have DebugPutChar only. Misuse, which
 * halts a seL4 kernel, prints a line and returns.
 */
bool handle_debug_syscall(word_t number);

#endif
