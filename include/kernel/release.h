/*
 * The threads of a CPU that wait for their scheduling context's next refill, the earliest first
 * (docs/mcs.md): a leftist tree (C. A. Crane 1972; Knuth, The Art of Computer Programming, volume
 * 3, 5.2.3) with links to parents, so that any thread can leave it. Each operation takes at most
 * 4 log2(n + 1) + 4 steps, n threads being in it. Under the lock.
 */
#ifndef KERNEL_RELEASE_H
#define KERNEL_RELEASE_H

#include <kernel/types.h>

struct release_node {
    struct release_node *left, *right, *parent;
    uint64_t time;  /* waits until then */
    uint64_t order; /* of equal times the smaller came earlier */
    /*
     * Nodes on the shortest way down to where one could be added, itself included; never less on
     * the left than on the right below a node. 0: in no queue.
     */
    uint8_t rank;
};

struct release_queue {
    struct release_node *first; /* null: empty */
    uint64_t last_order;        /* given out last; 64 bits do not wrap in a machine's lifetime */
};

static inline bool is_in_release_queue(const struct release_node *node)
{
    return node->rank != 0;
}

/* A node that is in no queue, until `time`. It comes after those that wait for the same time. */
void release_insert(struct release_queue *queue, struct release_node *node, uint64_t time);

/* A node that is in this queue, wherever it is in it. */
void release_remove(struct release_queue *queue, struct release_node *node);

#endif
