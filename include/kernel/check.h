/*
 * Debug builds: the rules that hold at every kernel exit (design, section of that name). Release
 * builds check nothing. A violation stops the node with a report, as a failed assertion does.
 */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include <kernel/types.h>

struct tcb;

extern bool checks_on; /* checks=on; constant after boot */

/* At the start of every kernel entry. */
void check_entry_rules(void);

/*
 * On the way out, after `next` was chosen (or null) and before the lock is released; `current` of
 * this CPU may still be what it was. Checks the threads that this entry touched; at every 256th
 * exit, everything.
 */
void check_exit_rules(const struct tcb *next);

/*
 * Walks everything that can be found, this CPU's current thread being as it is. Time: all the
 * node's threads and slots.
 */
void check_all_rules(void);

/* The entry touches `thread`, or destroys it. */
void check_remember(const struct tcb *thread);
void check_drop(const struct tcb *thread);

static inline void check_note(const struct tcb *thread)
{
    if (DEBUG_BUILD && checks_on) {
        check_remember(thread);
    }
}

static inline void check_entry(void)
{
    if (DEBUG_BUILD && checks_on) {
        check_entry_rules();
    }
}

static inline void check_exit(const struct tcb *next)
{
    if (DEBUG_BUILD && checks_on) {
        check_exit_rules(next);
    }
}

static inline void check_forget(const struct tcb *thread)
{
    if (DEBUG_BUILD && checks_on) {
        check_drop(thread);
    }
}

static inline void check_everything(void)
{
    if (DEBUG_BUILD && checks_on) {
        check_all_rules();
    }
}

#endif
