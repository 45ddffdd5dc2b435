/* What the name service and its clients say to each other. */
#ifndef NAMES_H
#define NAMES_H

#include <cmk/names.h>
#include <stdint.h>

/* Rings whoever waits for the service's answer. */
#define NAMES_CLIENT_IRQ 1

enum { NAMES_PUBLISH = 1, NAMES_CONNECT, NAMES_ACCEPT };

struct names_request {
    uint32_t method;
    uint32_t irq; /* of the caller's doorbell */
    struct cmk_channel_geometry geometry;
    char name[CMK_NAME_BYTES];
};

struct names_answer {
    uint32_t error;
    uint32_t irq;    /* of the peer's doorbell */
    uint64_t node;   /* the peer */
    uint64_t offset; /* of the channel's memory in the shared region */
    struct cmk_channel_geometry geometry;
};

#endif
