/* Untyped memory and the making of objects (contract 3, 4.4, 7.7). */
#ifndef KERNEL_UNTYPED_H
#define KERNEL_UNTYPED_H

#include <kernel/answer.h>
#include <kernel/invocation.h>

MUST_USE enum outcome untyped_invoke(struct invocation *call, struct answer *answer);

/*
 * log2 of the size in bytes of an object of `type`; `size_argument` counts for untypeds and CNodes
 * only.
 */
unsigned object_size_bits(unsigned type, unsigned size_argument);

#endif
