/*
 * Doorbells: what a thread sleeps on, and what other nodes ring with an IPI. A doorbell is a
 * notification that gets the IPIs of one irq; any number of channels may share it. It also rings
 * when some node's status page changes.
 */
#ifndef CMK_DOORBELL_H
#define CMK_DOORBELL_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

struct cmk_doorbell {
    seL4_CPtr notification;
    seL4_CPtr handler;
    seL4_Word irq;
    struct cmk_doorbell *next; /* all doorbells of the program: the guardian rings them */
};

/*
 * Makes the doorbell for IPIs that arrive here as `irq`, 1 to 14. Starts the guardian if it does
 * not run yet. False if there is no cluster, the irq has a handler already, or slots or memory are
 * used up. Initial thread only.
 */
bool cmk_doorbell_create(struct cmk_doorbell *bell, seL4_Word irq);

/*
 * The capability that rings `irq` of another node's doorbell; 0 if there is no such node or irq, or
 * no slot left.
 */
seL4_CPtr cmk_doorbell_button(seL4_Word node, seL4_Word irq);

/* Rings another node. Never waits. */
void cmk_doorbell_ring(seL4_CPtr button);

/*
 * Sleeps until the doorbell was rung since the last sleep. Not bounded: ends when a peer rings, or
 * when a node ends. Whoever sleeps has announced it first and then looked once more
 * (docs/channels.md).
 */
void cmk_doorbell_sleep(struct cmk_doorbell *bell);

/*
 * The same, but until `moment` (<cmk/timer.h>) at most; it may return earlier for no reason. If the
 * clock does not run it only yields, so that a caller that loops gets there all the same.
 */
void cmk_doorbell_sleep_until(struct cmk_doorbell *bell, uint64_t moment);

/*
 * What a thread does between two looks, the `count`th time: mostly nothing, now and then it lets
 * other threads run.
 */
void cmk_doorbell_relax(unsigned count);

/*
 * The guardian is a thread that rings all doorbells when a node's status page changes (irq 15), and
 * that ends the node with status 98 when the initial thread faults, so that its peers do not wait
 * for it. False if it cannot be started.
 */
bool cmk_guardian_start(void);

#define CMK_FAULT_STATUS 98

CMK_END_C

#endif
