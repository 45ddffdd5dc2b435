/* The nodes' status pages, mapped read-only: who is alive, who ended and why. */
#ifndef CMK_NODE_STATUS_H
#define CMK_NODE_STATUS_H

#include <api/cluster.h>
#include <sel4/sel4.h>
#include <stdbool.h>

/* The status page of a node, mapped at the first call; null if there is no such node. Initial thread only. */
const struct cmk_status_page *cmk_node_status(seL4_Word node);

/*
 * Whether the page says that its node has ended, by exit or by a stop. A node whose CPU hangs with interrupts off has
 * not: its ticks stand still. Acquire: what the node did before it ended is visible.
 */
static inline bool cmk_node_has_ended(const struct cmk_status_page *page)
{
    uint64_t state = __atomic_load_n(&page->state, __ATOMIC_ACQUIRE);
    return state == CMK_STATUS_EXITED || state == CMK_STATUS_STOPPED;
}

static inline uint64_t cmk_node_ticks(const struct cmk_status_page *page)
{
    return __atomic_load_n(&page->ticks, __ATOMIC_RELAXED);
}

#endif
