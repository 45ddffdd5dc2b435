/* System call numbers (contract 1.1). */
#ifndef SEL4_SYSCALL_H
#define SEL4_SYSCALL_H

#include <sel4/macros.h>

typedef enum {
#define SYSCALL(name, number) seL4_Sys##name = (number),
#include <api/syscalls.def>
#undef SYSCALL
    SEL4_FORCE_LONG_ENUM(seL4_Syscall_ID)
} seL4_Syscall_ID;

#endif
