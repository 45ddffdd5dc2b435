/* Where programs written for seL4 look for it; everything is in <sel4/faults.h>. */
#ifndef SEL4_ARCH_FAULTS_H
#define SEL4_ARCH_FAULTS_H

#include <sel4/faults.h>

#endif
