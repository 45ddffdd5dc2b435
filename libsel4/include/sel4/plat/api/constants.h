/* Where programs written for seL4 look for it; everything is in <sel4/constants.h>. */
#ifndef SEL4_PLAT_API_CONSTANTS_H
#define SEL4_PLAT_API_CONSTANTS_H

#include <sel4/constants.h>

#endif
