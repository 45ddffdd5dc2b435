/* Where programs written for seL4 look for it; everything is in <sel4/gen_config.h>. */
#ifndef KERNEL_GEN_CONFIG_H
#define KERNEL_GEN_CONFIG_H

#include <sel4/gen_config.h>

#endif
