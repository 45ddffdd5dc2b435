/* What the parts of the chaos test share. */
#ifndef CHAOS_H
#define CHAOS_H

#include <cmk/mesh.h>

/* One direction of numbered operations to a peer, and the other. */
struct stream {
    struct cmk_channel_end *end;
    uint64_t sent, received; /* operations, which are numbered from 0 */
    uint64_t replies;        /* received for reads, in their order */
    uint64_t values[64];     /* the peer's keys, as this node keeps them */
    uint64_t own[64];        /* this node's keys, as the peer must keep them */
    /* what the reads under way must give; a ring by number of the read */
    uint64_t expected[64];
    bool reply_due; /* no further operation is received before it is sent */
    uint64_t reply_tag, reply_value;
    bool said_done, heard_done, dead;
};

extern const struct cmk_cluster *cluster;
extern struct cmk_mesh mesh;

/*
 * Sends and receives what is possible now. False if anything was wrong, with a line that says what.
 */
bool stream_step(struct stream *stream, seL4_Word peer, uint64_t operations, bool *progress);

/* Everything was sent, received and answered, or the peer is dead. */
bool stream_is_complete(const struct stream *stream, uint64_t operations);

/* Ends this node, in the way that the word says. */
_Noreturn void die(const char *how);

#endif
