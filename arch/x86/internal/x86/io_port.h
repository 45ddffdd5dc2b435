/*
 * I/O port capabilities (contract 4.10), and which ports a node may use at all. Node state, under
 * the lock.
 */
#ifndef X86_IO_PORT_H
#define X86_IO_PORT_H

#include <x86/capability.h>
#include <x86/port.h>
#include <cluster/record.h>
#include <kernel/answer.h>
#include <kernel/invocation.h>

/*
 * Boot: the ports that `node` may use by the plan. With devices=all these are all but the ports
 * that other nodes list and the UARTs that are other nodes' consoles; else the listed ones, without
 * consoles of others and PCI configuration. A port that the node may not use counts as issued
 * forever: Issue answers RevokeFirst.
 */
void io_port_init(const struct cluster *cluster, uint32_t node);

enum { LAST_PORT = IO_PORT_COUNT - 1 };

/*
 * [first, last] can be issued; they are; the final capability to them goes away. first <= last <=
 * LAST_PORT.
 */
bool io_ports_are_free(word_t first, word_t last);
void io_ports_take(word_t first, word_t last);
void io_ports_release(word_t first, word_t last);

MUST_USE enum outcome io_port_control_invoke(struct invocation *call, struct answer *answer);
MUST_USE enum outcome io_port_invoke(struct invocation *call, struct answer *answer);

#endif
