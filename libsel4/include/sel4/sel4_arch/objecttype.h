/* Where programs written for seL4 look for it; everything is in <sel4/objecttype.h>. */
#ifndef SEL4_SEL4_ARCH_OBJECTTYPE_H
#define SEL4_SEL4_ARCH_OBJECTTYPE_H

#include <sel4/objecttype.h>

#endif
