/*
 * How the library divides the shared region: the name service first, then what programs do with the
 * rest.
 */
#ifndef SHARED_LAYOUT_H
#define SHARED_LAYOUT_H

#include <api/limits.h>

#define NAMES_BYTES      0x100000 /* all of the name service's part */
#define NAMES_LINK_LINES 16       /* of the channel between each node and the service */
#define NAMES_LINK_BYTES 0x1000   /* from one such channel to the next */
/* where the memory of connections begins */
#define NAMES_HEAP (ABI_CMK_MAX_NODES * NAMES_LINK_BYTES)

_Static_assert(NAMES_HEAP < NAMES_BYTES, "there is room for connections");

#endif
