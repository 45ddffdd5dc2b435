/* The compiler knows these types; its header for programs without a C library defines them. */
#ifndef _STDINT_H
#define _STDINT_H

#include <stdint-gcc.h>

#endif
