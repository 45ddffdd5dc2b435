/* A replicated key-value store: what its parts share. */
#ifndef STORE_H
#define STORE_H

#include "table.h"

#include <cmk/names.h>
#include <stdbool.h>

#define WRITER    1 /* the node that orders all writes; the nodes above hold replicas */
#define MAX_PEERS ABI_CMK_MAX_NODES

extern struct cmk_names names;

/* Like cmk_names_connect, but waits until the name is known. */
bool connect_to(const char *name, struct cmk_channel_end *end);

/* Waits for a connection to a name of this node. */
bool accept_one(const char *name, struct cmk_channel_end *end, seL4_Word *node);

bool publish(const char *name);

int dispatch(seL4_Word replicas);
int serve_writes(seL4_Word replicas);
int serve_reads(seL4_Word node);

#endif
