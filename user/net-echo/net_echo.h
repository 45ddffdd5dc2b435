/* The parts of the network server. */
#ifndef NET_ECHO_H
#define NET_ECHO_H

#include <drivers/packets.h>
#include <drivers/virtio_net.h>

struct statistics {
    uint64_t arp, echo, forwarded, sent, refused, ignored;
};

/* All of it belongs to the initial thread. */
struct server {
    struct virtio_net net;
    uint32_t ipv4;
    struct statistics statistics;
};

/* Answers an ARP request or an ICMP echo request for this server; false if the frame is neither. */
bool answer_frame(struct server *server, const unsigned char *frame, size_t length);

/* One client: a packet channel. */
struct client {
    struct cmk_channel_end end;
    seL4_Word node;
    uint16_t udp_port; /* 0: none yet */
};

/* A datagram for a client's port goes there; false if nobody has the port. */
bool forward_frame(struct server *server, struct client *clients[], size_t count,
                   const unsigned char *frame, size_t length);

/* Does what the client's messages ask for; false if the client is gone for good. */
bool serve_client(struct server *server, struct client *clients[], size_t count,
                  struct client *client);

#endif
