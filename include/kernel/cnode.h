/* CNode methods (contract 4.6). */
#ifndef KERNEL_CNODE_H
#define KERNEL_CNODE_H

#include <kernel/answer.h>
#include <kernel/invocation.h>

MUST_USE enum outcome cnode_invoke(struct invocation *call, struct answer *answer);

#endif
