/* Data modules: files that the boot loader gave to this node (data=NAME). */
#ifndef CMK_DATA_H
#define CMK_DATA_H

#include <stddef.h>

/*
 * The bytes of the data module with this name, and how many there are; null, and 0: this node has
 * none. They are mapped read-only, from a page boundary on, for the program's whole life; the rest
 * of the last page is zero. May be called by any thread.
 */
const void *cmk_find_data(const char *name, size_t *size);

#endif
