/*
 * Stopping and starting other nodes, for node 0 of a cluster with manager=on; under its lock.
 * `node` is another node of the cluster.
 */
#ifndef ARCH_LIFE_H
#define ARCH_LIFE_H

#include <kernel/types.h>

/* Whether this node is the one that may. Constant after boot. */
bool life_is_managed_here(void);

/*
 * None of the node's CPUs runs afterwards, whatever they did; its status page says that it stopped,
 * unless it had ended before. Takes LIFE_LANDING_MICROSECONDS twice, and two IPIs for each of its
 * CPUs, during which this CPU takes no interrupts. Nothing happens to a node that is off.
 */
void life_stop(word_t node);

enum { LIFE_LANDING_MICROSECONDS = 50 };

enum start_outcome {
    START_DONE,
    START_IS_ON,      /* it has not been stopped */
    START_IMPOSSIBLE, /* the plan has no image store for it, and it was started once */
    START_LAST_LIFE,  /* it cannot be started any more often */
};

/*
 * Begins the node's next life: its first CPU comes in, if it can. For a node that was started, and
 * whose first CPU has not come in: the signal alone, again.
 */
enum start_outcome life_start(word_t node);

/* CMK_LIFE_OFF or CMK_LIFE_STARTED, and how often it has been started. */
void life_read(word_t node, word_t *state, word_t *generation);

#endif
