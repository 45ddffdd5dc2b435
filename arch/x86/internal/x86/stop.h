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
 * A CPU that joins its node: from now on it takes the NMI that stops the node. Does not return if
 * the node has been stopped already. Its descriptor tables are loaded.
 */
void join_or_halt(struct cpu *cpu);

/*
 * The node's other CPUs halt, by NMI; the node's last line is "cmk: node K stopped: REASON"; the
 * other nodes are told; and this CPU halts. The last node to end switches the machine off. Waits at
 * most 0.1 s for the others. A second call halts its caller.
 */
_Noreturn void stop_node(const char *reason);

#endif
