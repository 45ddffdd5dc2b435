/* Where programs written for seL4 look for it; everything is in <sel4/shared_types.h>. */
#ifndef SEL4_SHARED_TYPES_GEN_H
#define SEL4_SHARED_TYPES_GEN_H

#include <sel4/shared_types.h>

#endif
