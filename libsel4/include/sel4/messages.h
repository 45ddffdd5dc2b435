/* The message registers of fault messages have their names in <sel4/constants.h>. */
#ifndef SEL4_MESSAGES_H
#define SEL4_MESSAGES_H

#include <sel4/constants.h>
#include <sel4/faults.h>

#endif
