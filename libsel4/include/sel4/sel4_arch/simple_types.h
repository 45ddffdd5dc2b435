/* Where programs written for seL4 look for it; everything is in <sel4/simple_types.h>. */
#ifndef SEL4_SEL4_ARCH_SIMPLE_TYPES_H
#define SEL4_SEL4_ARCH_SIMPLE_TYPES_H

#include <sel4/simple_types.h>

#endif
