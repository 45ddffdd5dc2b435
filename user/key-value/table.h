/* A key-value store's table, requests for it, and its log of updates. */
#ifndef TABLE_H
#define TABLE_H

#include <cmk/channel.h>
#include <stdbool.h>
#include <stdint.h>

#define KEYS 256

enum method { WRITE = 1, READ, STOP };

/* Request to whoever orders the writes, or to a replica. */
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

struct table {
    uint64_t values[KEYS];
    uint64_t version; /* of the last update applied */
};

/* False if it is not the next update, or not for any key. */
bool table_apply(struct table *table, const struct update *update);

/*
 * Waits for the log's next update, and applies it. False if there is none to come, or it is not the
 * next one.
 */
bool table_apply_next(struct table *table, struct cmk_channel_end *log);

/* Sends an update to one replica; one that ended gets nothing. */
void log_send(struct cmk_channel_end *log, const struct update *update);

#endif
