/* The walks of kernel/check.h, by subject. Each stops the node at the first violation. */
#ifndef KERNEL_CHECK_PARTS_H
#define KERNEL_CHECK_PARTS_H

#include <kernel/objects.h>

/* kernel/checks/check_threads.c: rules 2 and 3. `next` stands for this CPU's current thread. */
void check_thread(const struct tcb *thread, const struct tcb *next);
void check_all_threads(const struct tcb *next);

void check_idle_cpus(void);

/*
 * kernel/checks/check_running.c: threads of other CPUs are as check_note_running() found them, and
 * `next` is none of them.
 */
void check_note_running(void);
void check_running(const struct tcb *next);

/* kernel/checks/check_capabilities.c: rules 1 and 4. */
void check_slot(const struct slot *slot);

/* Remembers the CNode of the node's first thread; later calls do nothing. */
void check_learn_initial_thread(const struct tcb *thread);

/* Finds and checks all slots. False: there are more CNodes than it can keep in mind. */
bool check_all_capabilities(void);

/* Calls `check` for every capability in the CNodes that check_all_capabilities() found last. */
void check_each_capability(void (*check)(struct capability));

#endif
