/*
 * Ending a node. Callable with or without the lock, on any of its CPUs, once the node's page table
 * is loaded.
 */
#ifndef X86_STOP_H
#define X86_STOP_H

#include <kernel/types.h>

struct cpu;

/*
 * The calling CPU's index in its node, from the hardware: a node may have to stop before the lock
 * is held. node_cpu_count: it is none of them yet.
 */
uint32_t own_cpu_index(void);

/*
 * A CPU that joins its node: from now on it takes the NMI of stop_other_cpus(). Does not return if
 * the node has been stopped already. Its descriptor tables are loaded.
 */
void join_or_halt(struct cpu *cpu);

/*
 * The node's other CPUs halt, by NMI: afterwards no other CPU of this node runs. Waits at most 0.1
 * s for them. A second call halts its caller.
 */
void stop_other_cpus(void);

/* Tells the other nodes, and halts. The last node to end switches the machine off. */
_Noreturn void end_node(void);

/* All of it, with the report "cmk: node K stopped: REASON". */
_Noreturn void stop_node(const char *reason);

#endif
