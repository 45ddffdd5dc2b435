/* Where programs written for seL4 look for it; everything is in <sel4/invocation.h>. */
#ifndef SEL4_SEL4_ARCH_INVOCATION_H
#define SEL4_SEL4_ARCH_INVOCATION_H

#include <sel4/invocation.h>

#endif
