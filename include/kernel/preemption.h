/*
 * Preemption points. A long operation calls preemption_point() after each unit of work, with
 * everything consistent; on true it returns PREEMPTED and the system call is repeated later. The
 * first call of a kernel entry is always false, so every entry makes progress (design: "Preemption
 * points").
 */
#ifndef KERNEL_PREEMPTION_H
#define KERNEL_PREEMPTION_H

#include <kernel/types.h>

bool preemption_point(void);

/*
 * Whether this kernel entry has come to a preemption point before: then it has finished a unit of
 * work. Node state, under the lock.
 */
extern bool has_progressed;

/* Debug builds measure how long others wait. */
void preemption_begin_entry(void);
void preemption_begin_stretch(void); /* at a point that could have left */
void preemption_end_entry(void);

/* At each kernel entry, and at its end. */
static inline void preemption_reset(void)
{
    has_progressed = false;
    if (DEBUG_BUILD) {
        preemption_begin_entry();
    }
}

static inline void preemption_end(void)
{
    if (DEBUG_BUILD) {
        preemption_end_entry();
    }
}

/*
 * Debug builds: the longest time, in TSC counts, from an entry or a preemption point that could
 * have left to the next such point or the entry's end, since this was asked last, except in debug
 * calls; with `silent`, except while something was written to the console. *operation becomes
 * the CMK_OPERATION it was part of (api/debug.h). Release builds: 0.
 */
word_t preemption_longest_stretch(bool silent, word_t *operation);

void preemption_keep_syscall(word_t number);
void preemption_keep_invocation(word_t capability_type, word_t label);
void preemption_keep_console(void);

/*
 * What the entry under way is about, for that question: the system call, and then the method it
 * invokes; that it writes to the console. An entry for anything else says nothing.
 */
static inline void preemption_note_syscall(word_t number)
{
    if (DEBUG_BUILD) {
        preemption_keep_syscall(number);
    }
}

static inline void preemption_note_invocation(word_t capability_type, word_t label)
{
    if (DEBUG_BUILD) {
        preemption_keep_invocation(capability_type, label);
    }
}

static inline void preemption_note_console(void)
{
    if (DEBUG_BUILD) {
        preemption_keep_console();
    }
}

#endif
