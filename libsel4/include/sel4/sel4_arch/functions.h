/* Where programs written for seL4 look for it; everything is in <sel4/functions.h>. */
#ifndef SEL4_SEL4_ARCH_FUNCTIONS_H
#define SEL4_SEL4_ARCH_FUNCTIONS_H

#include <sel4/functions.h>

#endif
