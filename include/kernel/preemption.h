/*
 * Preemption points. A long operation calls preemption_point() after each unit of work, with everything consistent; on
 * true it returns PREEMPTED and the system call is repeated later. The first call of a kernel entry is always false, so
 * every entry makes progress (design: "Preemption points").
 */
#ifndef KERNEL_PREEMPTION_H
#define KERNEL_PREEMPTION_H

#include <kernel/types.h>

bool preemption_point(void);

/* At each kernel entry, and at its end. */
void preemption_reset(void);
void preemption_end(void);

/*
 * Debug builds: the longest time, in TSC counts, from an entry or a preemption point that could have left to the next
 * such point or the entry's end, since this was asked last. Release builds: 0.
 */
word_t preemption_longest_stretch(void);

#endif
