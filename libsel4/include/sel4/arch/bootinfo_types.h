/* Where programs written for seL4 look for it; everything is in <sel4/bootinfo_types.h>. */
#ifndef SEL4_ARCH_BOOTINFO_TYPES_H
#define SEL4_ARCH_BOOTINFO_TYPES_H

#include <sel4/bootinfo_types.h>

#endif
