/* Where programs written for seL4 look for it; everything is in <sel4/constants.h>. */
#ifndef SEL4_SEL4_ARCH_MAPPING_H
#define SEL4_SEL4_ARCH_MAPPING_H

#include <sel4/constants.h>

#endif
