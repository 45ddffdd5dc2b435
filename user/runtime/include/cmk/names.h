/*
 * The name service: programs find each other's channels by name. A thread of node 0 serves it, over
 * one channel with each node in the first MiB of the shared region. A program publishes a name;
 * others connect to it; both get their end of a new channel. If node 0 ends, no new connections can
 * be made; those that exist go on.
 */
#ifndef CMK_NAMES_H
#define CMK_NAMES_H

#include <cmk/channel.h>
#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

#define CMK_NAME_BYTES    32 /* the ending zero included */
#define CMK_NAMES_IRQ     14 /* of node 0, taken by the service */
#define CMK_NAMES_MAX     64 /* names */
#define CMK_NAMES_PENDING 64 /* connections that are not accepted yet, of all names */

enum cmk_names_error {
    CMK_NAMES_OK,
    CMK_NAMES_NONE,  /* connect: nobody published this name yet; accept: nobody connected */
    CMK_NAMES_TAKEN, /* publish: somebody has */
    /* no room for more names, connections or memory, or the rest is kept for other nodes */
    CMK_NAMES_FULL,
    CMK_NAMES_WRONG,     /* the request or the answer makes no sense */
    CMK_NAMES_GONE,      /* the service's node has ended */
    CMK_NAMES_TIMED_OUT, /* the service did not answer in time; it may have done it all the same */
};

/* A program's connection to the service. */
struct cmk_names {
    struct cmk_channel_end link;
    struct cmk_doorbell *bell;
    unsigned char *memory; /* the shared region */
};

/*
 * Starts the service on node 0, and nothing on the others; true if that went well. Initial thread
 * only. The service's thread has priority 254: on node 0, an initial thread that keeps its 255 and
 * spins without sleeping keeps it from running.
 */
bool cmk_names_start(void);

/*
 * Connects a program to the service; its own channels will ring `bell`, whose irq must be 1. One
 * program on each node, initial thread only.
 */
bool cmk_names_join(struct cmk_names *names, struct cmk_doorbell *bell);

/* Makes a name known. Its channels will have this geometry. */
enum cmk_names_error cmk_names_publish(struct cmk_names *names, const char *name,
                                       struct cmk_channel_geometry geometry);

/* Opens a new channel to whoever published the name, and rings it. */
enum cmk_names_error cmk_names_connect(struct cmk_names *names, const char *name,
                                       struct cmk_channel_end *end);

/*
 * Opens this side of the next connection to a name that this node published; *node becomes whose it
 * is.
 */
enum cmk_names_error cmk_names_accept(struct cmk_names *names, const char *name,
                                      struct cmk_channel_end *end, seL4_Word *node);

/* The same, waiting for the service's answer until `moment` (<cmk/timer.h>) at most. */
enum cmk_names_error cmk_names_publish_until(struct cmk_names *names, const char *name,
                                             struct cmk_channel_geometry geometry, uint64_t moment);
enum cmk_names_error cmk_names_connect_until(struct cmk_names *names, const char *name,
                                             struct cmk_channel_end *end, uint64_t moment);
enum cmk_names_error cmk_names_accept_until(struct cmk_names *names, const char *name,
                                            struct cmk_channel_end *end, seL4_Word *node,
                                            uint64_t moment);

CMK_END_C

#endif
