/*
 * Packet channels: a program on another node sends and receives UDP datagrams of one port, as whole
 * Ethernet frames, through the node that has the card (user/net-echo). The server checks every
 * frame that it is given: a client can neither take another's port nor send in another's name.
 */
#ifndef DRIVERS_PACKETS_H
#define DRIVERS_PACKETS_H

#include <drivers/link.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * A request; the answer is a struct packet_opened. Everything after it, in both directions, is a
 * message: a frame.
 */
struct packet_open {
    uint16_t udp_port;
};

struct packet_opened {
    uint8_t granted; /* 0: the port is taken, or this client has one already */
    uint8_t ethernet[6];
    uint32_t ipv4; /* 10.0.0.2 is 0x0a000002 */
};

struct packet_client {
    struct cmk_channel_end end;
    struct cmk_doorbell bell;
    struct packet_opened opened;
};

/*
 * Opens UDP port `udp_port` at the server on node `server`. Waits for its answer. False if there is
 * no way there.
 */
bool packet_client_open(struct packet_client *client, seL4_Word server, uint16_t udp_port);

CMK_END_C

#endif
