/* A replicated key-value store: what its parts share. */
#ifndef STORE_H
#define STORE_H

#include <cmk/names.h>
#include <stdbool.h>

#define KEYS      256
#define WRITER    1 /* the node that orders all writes; the nodes above hold replicas */
#define MAX_PEERS ABI_CMK_MAX_NODES

enum method { WRITE = 1, READ, STOP };

/* Request of the dispatcher to the writer or a replica. */
struct request {
    uint64_t method;
    uint64_t key;
    uint64_t value;
    uint64_t version; /* READ: answer only with all writes up to this one applied */
};

struct reply {
    uint64_t value;
    uint64_t version; /* number of the last write that this node applied */
};

/* One entry of the writer's log, to the replicas; they apply it in order. */
struct update {
    uint64_t version;
    uint64_t key;
    uint64_t value;
};

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
