/* Between malloc and the node's memory. */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

/*
 * New memory, page-aligned and mapped, of `*got` bytes, whole pages. That is at least `bytes`,
 * unless an object is refused on the way: then it is what came before, so that nothing is lost.
 * Null if there is none, or if the program keeps the untypeds for itself.
 */
void *heap_memory(size_t bytes, size_t *got);

#endif
