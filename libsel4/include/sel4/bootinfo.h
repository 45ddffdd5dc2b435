/* Boot info of the initial thread. */
#ifndef SEL4_BOOTINFO_H
#define SEL4_BOOTINFO_H

#include <sel4/bootinfo_types.h>
#include <sel4/types.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The initial thread's boot info, kept by the runtime that started the program (user/runtime). */
seL4_BootInfo *seL4_GetBootInfo(void);

CMK_END_C

#endif
