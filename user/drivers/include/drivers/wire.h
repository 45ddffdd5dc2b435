/*
 * What frames look like: Ethernet, ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP (RFC 768).
 * Fields are read and written byte by byte in network order, so frames may lie at any address.
 */
#ifndef DRIVERS_WIRE_H
#define DRIVERS_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum {
    /* Offsets in a frame without IPv4 options. */
    ETHERNET_TARGET = 0,
    ETHERNET_SOURCE = 6,
    ETHERNET_TYPE = 12,

    ARP_HARDWARE = 14,
    ARP_PROTOCOL = 16,
    ARP_LENGTHS = 18,
    ARP_OPERATION = 20,
    ARP_SENDER = 22, /* Ethernet address, then IPv4 address */
    ARP_SENDER_IPV4 = 28,
    ARP_TARGET = 32,
    ARP_TARGET_IPV4 = 38,
    ARP_FRAME_BYTES = 42,

    IPV4_VERSION = 14,
    IPV4_LENGTH = 16,
    IPV4_FRAGMENT = 20,
    IPV4_TIME_TO_LIVE = 22,
    IPV4_PROTOCOL = 23,
    IPV4_CHECKSUM = 24,
    IPV4_SOURCE = 26,
    IPV4_TARGET = 30,
    IPV4_PAYLOAD = 34,
    IPV4_HEADER_BYTES = 20,

    ICMP_TYPE = 34,
    ICMP_CODE = 35,
    ICMP_CHECKSUM = 36,
    ICMP_MIN_BYTES = 8,

    UDP_SOURCE = 34,
    UDP_TARGET = 36,
    UDP_LENGTH = 38,
    UDP_CHECKSUM = 40,
    UDP_PAYLOAD = 42,
    UDP_HEADER_BYTES = 8,

    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    PROTOCOL_ICMP = 1,
    PROTOCOL_UDP = 17,
};

static inline uint16_t wire_get16(const unsigned char *frame, size_t at)
{
    return (uint16_t)(frame[at] << 8 | frame[at + 1]);
}

static inline uint32_t wire_get32(const unsigned char *frame, size_t at)
{
    return (uint32_t)wire_get16(frame, at) << 16 | wire_get16(frame, at + 2);
}

static inline void wire_put16(unsigned char *frame, size_t at, uint16_t value)
{
    frame[at] = (unsigned char)(value >> 8);
    frame[at + 1] = (unsigned char)value;
}

static inline void wire_put32(unsigned char *frame, size_t at, uint32_t value)
{
    wire_put16(frame, at, (uint16_t)(value >> 16));
    wire_put16(frame, at + 2, (uint16_t)value);
}

/*
 * The Internet checksum (RFC 1071) of `length` bytes; 0 over bytes that contain their own correct
 * checksum.
 */
static inline uint16_t wire_checksum(const unsigned char *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < length; i += 2) {
        sum += wire_get16(bytes, i);
    }
    if (length % 2) {
        sum += (uint32_t)bytes[length - 1] << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/*
 * Bytes of the IPv4 datagram in a frame of `length` bytes, or 0 if it is none that is understood
 * here: one without options and not a fragment, that is as long as it says, with a correct header
 * checksum.
 */
static inline size_t wire_ipv4_bytes(const unsigned char *frame, size_t length)
{
    if (length < IPV4_PAYLOAD || wire_get16(frame, ETHERNET_TYPE) != TYPE_IPV4 ||
        frame[IPV4_VERSION] != 0x45 || (wire_get16(frame, IPV4_FRAGMENT) & 0x3fff) != 0 ||
        wire_checksum(frame + IPV4_VERSION, IPV4_HEADER_BYTES) != 0) {
        return 0;
    }
    size_t bytes = wire_get16(frame, IPV4_LENGTH);
    return bytes >= IPV4_HEADER_BYTES && bytes <= length - IPV4_VERSION ? bytes : 0;
}

/* The same for a UDP datagram: bytes of its payload + 1, so that 0 means none. */
static inline size_t wire_udp_bytes(const unsigned char *frame, size_t length)
{
    size_t bytes = wire_ipv4_bytes(frame, length);
    if (bytes < IPV4_HEADER_BYTES + UDP_HEADER_BYTES || frame[IPV4_PROTOCOL] != PROTOCOL_UDP) {
        return 0;
    }
    size_t udp = wire_get16(frame, UDP_LENGTH);
    return udp >= UDP_HEADER_BYTES && udp <= bytes - IPV4_HEADER_BYTES ? udp - UDP_HEADER_BYTES + 1
                                                                       : 0;
}

CMK_END_C

#endif
