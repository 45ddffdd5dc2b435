/* Where programs written for seL4 look for it; everything is in <sel4/syscalls.h>. */
#ifndef SEL4_SEL4_ARCH_SYSCALLS_H
#define SEL4_SEL4_ARCH_SYSCALLS_H

#include <sel4/syscalls.h>

#endif
