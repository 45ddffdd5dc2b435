/* What the portable kernel needs of the machine beyond the other headers here. */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <kernel/types.h>

struct tcb;

/* Stops this node for good: its other CPUs by NMI, its status page says so. Does not return. */
_Noreturn void machine_stop_node(void);

/* This CPU hangs for good, with interrupts off and the lock held. For tests. */
_Noreturn void machine_hang(void);

/* Sets to zero `bytes` (a multiple of 8) from a window address. */
void machine_clear_memory(void *start, word_t bytes);

/*
 * The FS base in the TCB is new: it takes effect at the next exit at the latest, even if the thread
 * is current here. The GS base is not affected: take_thread() must come before a change to both
 * (system call SetTLSBase, TCB methods).
 */
void machine_bases_changed(struct tcb *thread);

/* True if all of [start, start + bytes) is in this node's private region. */
bool machine_is_private_memory(paddr_t start, word_t bytes);

/*
 * A CMK_LOCK_STATISTIC (api/debug.h) of a CPU of this node; false if there is no such CPU or
 * statistic.
 */
bool machine_lock_statistic(word_t which_and_cpu, word_t *value);

/*
 * How often a CPU of this node looks for the lock before it gives up and the node stops. For tests.
 */
void machine_set_lock_patience(word_t looks);

/*
 * Prints three lines for each CPU of the node: how it used the lock (debug builds), and events that
 * no part of the kernel expects.
 */
void machine_dump_cpus(void);

/* This CPU's time stamp counter. For measurements. */
word_t machine_time_stamp(void);

/* Nodes of the cluster, numbered from 0. Constant after boot. */
word_t machine_node_count(void);

/*
 * The node's user ends it: reported with `status`, then everything stops as in machine_stop_node().
 * Does not return.
 */
_Noreturn void machine_exit_node(word_t status);

#endif
