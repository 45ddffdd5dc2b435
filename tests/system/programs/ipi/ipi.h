/* What the parts of the IPI tests share. */
#ifndef IPI_H
#define IPI_H

#include <cmk/cluster.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdbool.h>

#define IRQS ABI_CMK_IPI_IRQS

/*
 * The first shared frame, zero at first. Words that several nodes write are in lines of their own.
 */
struct board {
    struct {
        _Alignas(64) atomic_ulong value;
    } arrived, turn, done, produced[ABI_CMK_MAX_NODES], seen[ABI_CMK_MAX_NODES], phase;
};

extern const struct cmk_cluster *cluster;
extern struct board *board;
/* gets every IPI irq that arrives here: bit irq of its badge */
extern seL4_CPtr notification;
extern seL4_CPtr handlers[IRQS + 1];

void check(bool good, const char *name);

/* An IPI signal capability in a new slot; 0 if it was refused. */
seL4_CPtr signal_to(seL4_Word node, seL4_Word irq);

/* Spins, letting other threads run. Its bound is the test's time limit. */
void relax(void);

/* All nodes come together. */
void meet(void);

void make_handlers(void);
void test_refusals(void);
void test_every_pair(void);
void test_coalescing(void);
/* All others send `bursts` bursts, each more than the kernel's budget, to node 0. */
void test_none_lost(unsigned long bursts);
void test_revocation(void);
void measure_flood(void);

#endif
