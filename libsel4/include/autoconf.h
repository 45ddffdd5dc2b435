/* Where programs written for seL4 look for it; everything is in <sel4/gen_config.h>. */
#ifndef AUTOCONF_H
#define AUTOCONF_H

#include <sel4/gen_config.h>

#endif
