/*
 * Between two nodes of one CPU each, over the library's channels: node 0 asks, node 1 answers. Both
 * run the same list of parts. The nodes' clocks are one clock (docs/benchmarks.md); a stamp travels
 * in the message that it belongs to.
 */
#ifndef NODES_H
#define NODES_H

#include "../../support/bench.h"
#include <cmk/mesh.h>

enum { NEVER_NAPS = 0x7fffffff, UNTIL_ASLEEP = 1000 };

extern struct cmk_mesh mesh;
extern struct cmk_doorbell bell;

static inline bool asks(void)
{
    return mesh.self == 0;
}

static inline struct cmk_channel_end *peer(void)
{
    return &mesh.end[1 - mesh.self];
}

/* Both nodes have come here. */
void meet(void);

/* Lets the other node go to sleep. */
void delay(unsigned turns);

void measure_lines(void);
void measure_ipi(void);
void measure_bulk(void);
void measure_streams(void);

#endif
