/* What the server answers itself: ARP requests and ICMP echo requests. */
#include "net_echo.h"

#include <drivers/wire.h>
#include <string.h>

enum {
    ARP_ETHERNET = 1,
    ARP_LENGTHS_ETHERNET_IPV4 = 0x0604,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
    ICMP_ECHO_REQUEST = 8,
    ICMP_ECHO_REPLY = 0,
    TIME_TO_LIVE = 64,
};

/* The reply goes back to where the frame came from. */
static void turn_ethernet(const struct server *server, unsigned char *frame)
{
    memcpy(frame + ETHERNET_TARGET, frame + ETHERNET_SOURCE, ETHERNET_ADDRESS_BYTES);
    memcpy(frame + ETHERNET_SOURCE, server->net.address, ETHERNET_ADDRESS_BYTES);
}

static bool is_arp_request(const struct server *server, const unsigned char *frame, size_t length)
{
    return length >= ARP_FRAME_BYTES && wire_get16(frame, ETHERNET_TYPE) == TYPE_ARP &&
           wire_get16(frame, ARP_HARDWARE) == ARP_ETHERNET &&
           wire_get16(frame, ARP_PROTOCOL) == TYPE_IPV4 &&
           wire_get16(frame, ARP_LENGTHS) == ARP_LENGTHS_ETHERNET_IPV4 &&
           wire_get16(frame, ARP_OPERATION) == ARP_REQUEST &&
           wire_get32(frame, ARP_TARGET_IPV4) == server->ipv4;
}

static void answer_arp(struct server *server, unsigned char *frame)
{
    turn_ethernet(server, frame);
    wire_put16(frame, ARP_OPERATION, ARP_REPLY);
    memcpy(frame + ARP_TARGET, frame + ARP_SENDER, ARP_FRAME_BYTES - ARP_TARGET);
    memcpy(frame + ARP_SENDER, server->net.address, ETHERNET_ADDRESS_BYTES);
    wire_put32(frame, ARP_SENDER_IPV4, server->ipv4);
    server->statistics.arp++;
    (void)virtio_net_send(&server->net, frame, ARP_FRAME_BYTES);
}

/* Bytes of the datagram if it is an echo request for us with a correct checksum, or 0. */
static size_t echo_request_bytes(const struct server *server, const unsigned char *frame,
                                 size_t length)
{
    size_t bytes = wire_ipv4_bytes(frame, length);
    bool good =
        bytes >= IPV4_HEADER_BYTES + ICMP_MIN_BYTES && frame[IPV4_PROTOCOL] == PROTOCOL_ICMP &&
        wire_get32(frame, IPV4_TARGET) == server->ipv4 && frame[ICMP_TYPE] == ICMP_ECHO_REQUEST &&
        frame[ICMP_CODE] == 0 && wire_checksum(frame + ICMP_TYPE, bytes - IPV4_HEADER_BYTES) == 0;
    return good ? bytes : 0;
}

static void answer_echo(struct server *server, unsigned char *frame, size_t bytes)
{
    turn_ethernet(server, frame);
    wire_put32(frame, IPV4_TARGET, wire_get32(frame, IPV4_SOURCE));
    wire_put32(frame, IPV4_SOURCE, server->ipv4);
    frame[IPV4_TIME_TO_LIVE] = TIME_TO_LIVE;
    wire_put16(frame, IPV4_CHECKSUM, 0);
    wire_put16(frame, IPV4_CHECKSUM, wire_checksum(frame + IPV4_VERSION, IPV4_HEADER_BYTES));
    frame[ICMP_TYPE] = ICMP_ECHO_REPLY;
    wire_put16(frame, ICMP_CHECKSUM, 0);
    wire_put16(frame, ICMP_CHECKSUM, wire_checksum(frame + ICMP_TYPE, bytes - IPV4_HEADER_BYTES));
    server->statistics.echo++;
    (void)virtio_net_send(&server->net, frame, IPV4_VERSION + bytes);
}

/* Frames are copied first: their buffer is the device's to write. */
bool answer_frame(struct server *server, const unsigned char *frame, size_t length)
{
    static unsigned char copy[ETHERNET_MAX_FRAME];
    memcpy(copy, frame, length);
    if (is_arp_request(server, copy, length)) {
        answer_arp(server, copy);
        return true;
    }
    size_t bytes = echo_request_bytes(server, copy, length);
    if (bytes > 0) {
        answer_echo(server, copy, bytes);
    }
    return bytes > 0;
}
