/* Where programs written for seL4 look for it; everything is in <sel4/assert.h>. */
#ifndef SEL4_DEBUG_ASSERT_H
#define SEL4_DEBUG_ASSERT_H

#include <sel4/assert.h>

#endif
