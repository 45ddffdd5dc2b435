/*
 * Assertions stop this node only, with a report of what was violated, where, and on which node and
 * CPU.
 */
#ifndef KERNEL_ASSERT_H
#define KERNEL_ASSERT_H

#include <kernel/types.h>

/*
 * Prints the report and stops the node. Callable anywhere after the node state exists; does not
 * return.
 */
_Noreturn void kernel_fail(const char *what, const char *file, unsigned line, const char *function);

/*
 * Stops the node for another reason, formatted as kernel/format.h says: "cmk: node K stopped: ...".
 * Does not return.
 */
_Noreturn void kernel_stop(const char *format, ...);

/* Checked in every build: what must never be false whatever users do. */
#define require(condition)                                                                         \
    ((condition) ? (void)0 : kernel_fail(#condition, __FILE__, __LINE__, __func__))

/* Checked in debug builds. */
#define assert(condition) (DEBUG_BUILD ? require(condition) : (void)0)

#define unreachable() kernel_fail("unreachable", __FILE__, __LINE__, __func__)

#endif
