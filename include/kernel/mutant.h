/*
 * Debug kernels, for tests of the checker: one design rule is broken, in a node that runs
 * (api/debug.h, CMK_BREAK_*). With checks=on the kernel must notice at this exit, or at the next
 * walk through everything.
 */
#ifndef KERNEL_MUTANT_H
#define KERNEL_MUTANT_H

#include <kernel/objects.h>

/* False: there is no such mutant, or nothing in the node that it could be done to. */
bool break_rule(struct tcb *caller, word_t which);

/* The architecture's mutants; `cnode` is the caller's. */
bool arch_break_rule(struct slot *cnode, word_t slots, word_t which);

#endif
