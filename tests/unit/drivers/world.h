/* What the tests of drivers share: suites, random numbers, and a stand-in for the machine. */
#ifndef WORLD_H
#define WORLD_H

#include <check.h>
#include <drivers/virtio_net.h>
#include <stdint.h>

Suite *frames_suite(void);
Suite *clients_suite(void);
Suite *virtqueue_suite(void);
Suite *pci_suite(void);

uint64_t next_random(uint64_t *seed);

/* The frames that virtio_net_send was given since the last reset; only the last one is kept. */
extern unsigned sent_frames;
extern unsigned char sent_frame[ETHERNET_MAX_FRAME];
extern size_t sent_length;
void reset_sent(void);

/*
 * What device_map gives for one page: the configuration page of 00:03.0, at CONFIG_BASE + 0x18000.
 */
#define CONFIG_BASE 0xb0000000ul
extern unsigned char config_page[4096];
/* And for any other address: these bytes, which stand for registers. */
extern unsigned char register_page[4096];
extern seL4_Word mapped_paddr;

/* A correct ICMP echo request or UDP datagram for 10.0.0.2 in `frame`; returns its length. */
size_t make_echo_request(unsigned char *frame, size_t data_bytes);
size_t make_datagram(unsigned char *frame, uint16_t source, uint16_t target, size_t data_bytes);

#define SERVER_IPV4 0x0a000002u
#define OTHER_IPV4  0x0a000001u

#endif
