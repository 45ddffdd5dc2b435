/* What owner and thief know of each other: the first shared frame, zero at first. */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <cmk/cluster.h>
#include <stdatomic.h>
#include <stdbool.h>

struct board {
    atomic_ulong tag;          /* upper half of every word of the secret; stored after the secret */
    atomic_ulong paddr, bytes; /* where the channel lies: even that is told */
    atomic_ulong seen;         /* the peer sees the secret too */
    atomic_ulong tried;        /* the thief has tried everything */
};

extern const struct cmk_cluster *cluster;
extern struct board *board;

void check(bool good, const char *name);

/* Number `i` of the secret's words. */
static inline seL4_Word secret(seL4_Word tag, seL4_Word i)
{
    return tag << 32 | (i * 2654435761u & 0xffffffff);
}

/* A node without the channel: looks for the secret, and writes wherever it can. */
void steal(void);

#endif
