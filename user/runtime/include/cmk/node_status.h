/*
 * The nodes' status pages, mapped read-only: who is alive, who ended and why, and who stands still;
 * and the controls of other nodes.
 */
#ifndef CMK_NODE_STATUS_H
#define CMK_NODE_STATUS_H

#include <api/cluster.h>
#include <cmk/cmk.h>
#include <sel4/sel4.h>
#include <stdbool.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * The status page of a node, mapped at the first call; null if there is no such node. Initial
 * thread only.
 */
const struct cmk_status_page *cmk_node_status(seL4_Word node);

/*
 * The control of another node (docs/life.md), in a new slot; 0 if this program has no cluster
 * control, there is no such node, or no slot is left. Initial thread only.
 */
cmk_OtherNode cmk_other_node(seL4_Word node);

/*
 * Whether the page says that its node has ended, by exit or by a stop. A node whose CPU hangs with
 * interrupts off has not: its ticks stand still. Acquire: what the node did before it ended is
 * visible.
 */
static inline bool cmk_node_has_ended(const struct cmk_status_page *page)
{
    uint64_t state = __atomic_load_n(&page->state, __ATOMIC_ACQUIRE);
    return state == CMK_STATUS_EXITED || state == CMK_STATUS_STOPPED;
}

/* How often the node has been started (docs/life.md); 0 before its kernel runs. Acquire. */
static inline uint64_t cmk_node_generation(const struct cmk_status_page *page)
{
    return __atomic_load_n(&page->generation, __ATOMIC_ACQUIRE);
}

static inline uint64_t cmk_node_ticks(const struct cmk_status_page *page)
{
    return __atomic_load_n(&page->ticks, __ATOMIC_RELAXED);
}

enum cmk_node_health {
    CMK_NODE_WELL,
    /* its ticks stand still: its CPU 0, or one with its kernel's lock, hangs; or it boots */
    CMK_NODE_SILENT,
    CMK_NODE_ENDED, /* the page's state says how */
};

/* Watches a node's ticks, by those of this node. */
struct cmk_node_watch {
    const struct cmk_status_page *page;
    const struct cmk_status_page *own;
    uint64_t ticks; /* the node's, when they were last seen to move */
    uint64_t moved; /* this node's at that time */
};

/* Begins to watch. False if there is no such node. Initial thread only. */
bool cmk_node_watch(struct cmk_node_watch *watch, seL4_Word node);

/*
 * How the node is now: SILENT if between the looks its ticks have not moved for `patience` ticks of
 * this node (2 ms each). A node that is only late, because a host or a debugger stopped it, can be
 * WELL again at the next look.
 */
enum cmk_node_health cmk_node_look(struct cmk_node_watch *watch, uint64_t patience);

CMK_END_C

#endif
