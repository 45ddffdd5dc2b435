/* Where programs written for seL4 look for it; everything is in <sel4/gen_config.h>. */
#ifndef SEL4_CONFIG_H
#define SEL4_CONFIG_H

#include <sel4/gen_config.h>

#endif
