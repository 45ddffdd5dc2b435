/* Domains: what there is of them with one domain (contract 4.8). */
#ifndef KERNEL_DOMAIN_H
#define KERNEL_DOMAIN_H

#include <kernel/answer.h>
#include <kernel/invocation.h>

MUST_USE enum outcome domain_invoke(struct invocation *call, struct answer *answer);

#endif
