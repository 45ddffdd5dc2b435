/* The time stamp counter that timer.c reads, as the test sets it. Found before the real header. */
#ifndef ARCH_X86_INSTRUCTIONS_H
#define ARCH_X86_INSTRUCTIONS_H

#include <kernel/types.h>

uint64_t read_tsc(void);

#endif
