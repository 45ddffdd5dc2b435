/* CMK's capabilities: IPI control, IPI signal, node control; and the debug system calls. */
#ifndef KERNEL_CLUSTER_H
#define KERNEL_CLUSTER_H

#include <kernel/answer.h>
#include <kernel/invocation.h>

enum outcome ipi_control_invoke(struct invocation *call, struct answer *answer);
enum outcome ipi_signal_invoke(struct invocation *call, struct answer *answer);
enum outcome node_control_invoke(struct invocation *call, struct answer *answer);

/* Domain methods with one domain (contract 4.8). */
enum outcome domain_invoke(struct invocation *call, struct answer *answer);

/* The debug system calls; true if `number` is one that this build has. */
bool handle_debug_syscall(word_t number);

#endif
