/*
 * Preemption points. A long operation calls preemption_point() after each unit of work, with everything consistent; on
 * true it returns PREEMPTED and the system call is repeated later. The first call of a kernel entry is always false, so
 * every entry makes progress (design: "Preemption points").
 */
#ifndef KERNEL_PREEMPTION_H
#define KERNEL_PREEMPTION_H

#include <stdbool.h>

bool preemption_point(void);

/* At each kernel entry. */
void preemption_reset(void);

#endif
