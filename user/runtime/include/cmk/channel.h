/*
 * Channels: messages between two programs over memory that both can write, and nothing else: two
 * rings of cache lines, one in each direction, and two pools for bulk data. docs/channels.md has
 * the layout, the memory ordering and the argument why no wake-up is lost.
 *
 * The peer is never trusted: every index and every length is read once, checked once, and what was
 * checked is what is used. A peer that writes what no correct peer writes gets CMK_CHANNEL_BROKEN;
 * one whose node has ended, CMK_CHANNEL_DEAD, once everything it sent was received. Both are for
 * good.
 *
 * One end belongs to one thread at a time. Both ends must be opened with the same geometry, in
 * memory that was zero when the first of them was opened.
 */
#ifndef CMK_CHANNEL_H
#define CMK_CHANNEL_H

#include <cmk/doorbell.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum {
    CMK_CHANNEL_LINE = 64, /* bytes of a cache line */
    /* of a message in its first line; its header and its tag are before them */
    CMK_CHANNEL_FIRST_BYTES = 48,
    CMK_CHANNEL_MORE_BYTES = 56, /* in each further line */
    CMK_CHANNEL_MIN_LINES = 2,
    CMK_CHANNEL_MAX_LINES = 65536,
};

enum cmk_channel_error {
    CMK_CHANNEL_OK,
    CMK_CHANNEL_EMPTY, /* no message yet */
    CMK_CHANNEL_FULL,  /* no room now: the peer has not yet received enough */
    /* the message can never fit, or does not fit in the caller's buffer and is still there */
    CMK_CHANNEL_TOO_LONG,
    CMK_CHANNEL_UNEXPECTED, /* a message of another kind comes first, and is still there */
    CMK_CHANNEL_BROKEN,     /* the peer wrote what no correct peer writes; for good */
    CMK_CHANNEL_DEAD,       /* the peer's node has ended; for good */
    CMK_CHANNEL_TIMED_OUT,  /* the moment has come, and what was waited for has not */
};

enum cmk_message_kind {
    CMK_MESSAGE = 1, /* its tag means what the programs want */
    CMK_REQUEST,     /* of cmk_channel_call; answered by cmk_channel_reply */
    CMK_REPLY,
    CMK_BULK, /* refers to bytes in the peer's pool */
};

/* What was received. Private memory: the peer cannot change it. */
struct cmk_message {
    enum cmk_message_kind kind;
    uint64_t tag;
    size_t length;    /* bytes */
    const void *bulk; /* CMK_BULK: where the bytes are, in memory that the peer can still change */
    uint64_t bulk_end;
};

struct cmk_channel_geometry {
    /* of each ring: a power of two, CMK_CHANNEL_MIN_LINES to CMK_CHANNEL_MAX_LINES */
    uint32_t lines;
    uint32_t bulk_bytes; /* of each pool: 0, or a power of two of at least two lines */
};

struct cmk_status_page;
struct cmk_channel_side;
struct cmk_channel_line;

/*
 * One end of a channel. All of it is private to the program that opened it; its fields are for
 * reading only.
 */
struct cmk_channel_end {
    /* Constant. */
    struct cmk_channel_side *mine, *theirs;
    struct cmk_channel_line *out, *in;
    unsigned char *bulk_out;
    const unsigned char *bulk_in;
    struct cmk_channel_geometry geometry;
    const struct cmk_status_page *peer_status; /* null: the peer's death is not seen */
    /* rung by the peer; null: this end never sleeps, it only spins */
    struct cmk_doorbell *bell;
    seL4_CPtr button; /* rings the peer; 0: the peer never sleeps */
    unsigned spins;   /* looks before sleeping */

    /* For channels that outlive their nodes' lives: of which lives this end is; 0: not known. */
    uint32_t own_generation, peer_generation;
    bool matched; /* the peer has opened its end for the same lives */

    /* Positions count lines, or bytes of a pool, since the beginning. */
    uint64_t sent, sent_taken; /* out: written, and known to be received by the peer */
    uint64_t bulk_sent, bulk_taken;
    /* what cmk_channel_bulk_reserve gave last; equal: nothing */
    uint64_t bulk_reserved, bulk_reserved_end;
    uint64_t received, bulk_received;
    uint64_t nap;      /* odd: asleep; also in shared memory, for the peer */
    uint64_t rung_nap; /* the peer's nap that was last ended by ringing */
    uint64_t last_call;
    uint64_t late_replies;         /* at most so many will come to calls that gave up */
    uint64_t next_header;          /* of the next message, as checked; 0: not yet looked at */
    enum cmk_channel_error failed; /* OK, or BROKEN */
    uint64_t naps, rings;          /* how often this end slept, and rang */
};

struct cmk_channel_config {
    struct cmk_channel_geometry geometry;
    unsigned side;                             /* 0 or 1: the two ends differ */
    const struct cmk_status_page *peer_status; /* the peer's node (cmk/node_status.h), or null */
    struct cmk_doorbell *bell;                 /* or null */
    seL4_CPtr button;                          /* or 0 */
    /*
     * This node's, or null. Both ends say it, or none. With it, and peer_status, the channel can
     * be opened anew when a node was started again (docs/life.md): by the node's next life, and by
     * the peer once its end is DEAD; in either order. Nothing that was sent for an earlier life is
     * ever received.
     */
    const struct cmk_status_page *own_status;
};

/* Bytes of shared memory for a channel; 0 if the geometry is not possible. */
size_t cmk_channel_bytes(struct cmk_channel_geometry geometry);

/* The longest message. */
size_t cmk_channel_max_message(struct cmk_channel_geometry geometry);

/*
 * Opens one end in cmk_channel_bytes() bytes at `memory`, aligned to a line. False if anything is
 * not possible.
 */
bool cmk_channel_open(struct cmk_channel_end *end, void *memory,
                      const struct cmk_channel_config *config);

/* What failed for good: OK, BROKEN or DEAD. A dead peer's last messages can still be received. */
enum cmk_channel_error cmk_channel_state(const struct cmk_channel_end *end);

/* Sends a CMK_MESSAGE, or says why not: FULL, TOO_LONG, BROKEN, DEAD. Never waits. */
enum cmk_channel_error cmk_channel_try_send(struct cmk_channel_end *end, uint64_t tag,
                                            const void *data, size_t length);

/* The same, but waits while the ring is full: until the peer receives, or dies. */
enum cmk_channel_error cmk_channel_send(struct cmk_channel_end *end, uint64_t tag, const void *data,
                                        size_t length);

/*
 * Receives the next message. Its bytes go to `buffer`; those of CMK_BULK stay where they are
 * (cmk_channel_bulk_copy). EMPTY, TOO_LONG (message->length says how long), BROKEN, DEAD. Never
 * waits.
 */
enum cmk_channel_error cmk_channel_try_receive(struct cmk_channel_end *end,
                                               struct cmk_message *message, void *buffer,
                                               size_t capacity);

/* The same, but waits for a message, or the peer's death. */
enum cmk_channel_error cmk_channel_receive(struct cmk_channel_end *end, struct cmk_message *message,
                                           void *buffer, size_t capacity);

/*
 * Sends a request and waits for its reply; *reply_length becomes the reply's length. The peer
 * answers requests in their order, and sends nothing else meanwhile: any other message that comes
 * first is UNEXPECTED and can be received.
 */
enum cmk_channel_error cmk_channel_call(struct cmk_channel_end *end, const void *request,
                                        size_t length, void *reply, size_t capacity,
                                        size_t *reply_length);

/*
 * Answers a received CMK_REQUEST. The first never waits: FULL is for a client that does not take
 * its replies. A server of several clients uses it, and drops such a client. The second waits for
 * room as cmk_channel_send does.
 */
enum cmk_channel_error cmk_channel_try_reply(struct cmk_channel_end *end,
                                             const struct cmk_message *request, const void *data,
                                             size_t length);
enum cmk_channel_error cmk_channel_reply(struct cmk_channel_end *end,
                                         const struct cmk_message *request, const void *data,
                                         size_t length);

/*
 * Room for `length` bytes in this end's pool, to be filled and then sent; null if there is none
 * now, or the channel failed. At most half of the pool: so much always fits in one piece once the
 * peer gave back what it got. A second reservation replaces the first one. The second function
 * waits for the room; null if it can never come.
 */
void *cmk_channel_bulk_reserve(struct cmk_channel_end *end, size_t length);
void *cmk_channel_bulk_wait(struct cmk_channel_end *end, size_t length);

/*
 * Sends a reference to what was reserved. Waits for room in the ring. UNEXPECTED if nothing is
 * reserved.
 */
enum cmk_channel_error cmk_channel_bulk_send(struct cmk_channel_end *end, uint64_t tag);

/*
 * Copies a received CMK_BULK, once, to private memory, and gives its room back. TOO_LONG if it does
 * not fit.
 */
enum cmk_channel_error cmk_channel_bulk_copy(struct cmk_channel_end *end,
                                             const struct cmk_message *message, void *buffer,
                                             size_t capacity);

/* Gives the room of a received CMK_BULK back, and of all before it. */
void cmk_channel_bulk_release(struct cmk_channel_end *end, const struct cmk_message *message);

/*
 * Waits until one of `count` (not 0) ends that share one doorbell has a message, is broken or dead;
 * returns its index. The search begins after `last`, so that ends take turns when `last` is what
 * was found the time before.
 */
size_t cmk_channel_wait_any(struct cmk_channel_end *const ends[], size_t count, size_t last);

/*
 * The same waits, until `moment` (<cmk/timer.h>) at most: then TIMED_OUT, with nothing sent or
 * taken; of those that answer otherwise, null and `count`. CMK_TIMER_NEVER is as without. Ends with
 * a doorbell sleep meanwhile if the clock runs (cmk_clock_start), else they look again and again.
 *
 * A call that gives up may have sent its request. Its reply, if one comes, is dropped by the next
 * call; whoever receives instead gets it as a CMK_REPLY.
 */
enum cmk_channel_error cmk_channel_send_until(struct cmk_channel_end *end, uint64_t tag,
                                              const void *data, size_t length, uint64_t moment);
enum cmk_channel_error cmk_channel_receive_until(struct cmk_channel_end *end,
                                                 struct cmk_message *message, void *buffer,
                                                 size_t capacity, uint64_t moment);
enum cmk_channel_error cmk_channel_call_until(struct cmk_channel_end *end, const void *request,
                                              size_t length, void *reply, size_t capacity,
                                              size_t *reply_length, uint64_t moment);
enum cmk_channel_error cmk_channel_reply_until(struct cmk_channel_end *end,
                                               const struct cmk_message *request, const void *data,
                                               size_t length, uint64_t moment);
void *cmk_channel_bulk_wait_until(struct cmk_channel_end *end, size_t length, uint64_t moment);
enum cmk_channel_error cmk_channel_bulk_send_until(struct cmk_channel_end *end, uint64_t tag,
                                                   uint64_t moment);
size_t cmk_channel_wait_any_until(struct cmk_channel_end *const ends[], size_t count, size_t last,
                                  uint64_t moment);

CMK_END_C

#endif
