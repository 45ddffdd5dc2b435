/*
 * The seL4 API as CMK offers it: x86-64, non-MCS, SMP, compatible with seL4 16.0.0-dev.
 * Every number comes from the tables in include/api; names and argument orders are seL4's.
 */
#ifndef SEL4_SEL4_H
#define SEL4_SEL4_H

#include <sel4/assert.h>
#include <sel4/bootinfo.h>
#include <sel4/bootinfo_types.h>
#include <sel4/constants.h>
#include <sel4/errors.h>
#include <sel4/faults.h>
#include <sel4/functions.h>
#include <sel4/gen_config.h>
#include <sel4/invocation.h>
#include <sel4/macros.h>
#include <sel4/messages.h>
#include <sel4/objecttype.h>
#include <sel4/shared_types.h>
#include <sel4/simple_types.h>
#include <sel4/syscall.h>
#include <sel4/syscalls.h>
#include <sel4/types.h>

#include <interfaces/sel4_client.h>

#endif
