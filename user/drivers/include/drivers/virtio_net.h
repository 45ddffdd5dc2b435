/*
 * A virtio network card on PCI (Virtual I/O Device specification 1.1, 4.1 and 5.1): modern and
 * transitional devices, one receive and one transmit queue, an MSI-X message for received frames.
 * One thread at a time.
 */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include <drivers/pci.h>
#include <drivers/virtqueue.h>
#include <stddef.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum {
    ETHERNET_HEADER_BYTES = 14,
    ETHERNET_MAX_FRAME = 1514, /* without the checksum, which the card adds and removes */
    ETHERNET_ADDRESS_BYTES = 6,
};

struct virtio_net {
    struct pci_function function;
    volatile struct virtio_common *common;
    volatile uint8_t *notify;
    uint32_t notify_multiplier;
    volatile uint16_t *receive_doorbell, *transmit_doorbell;
    uint8_t address[ETHERNET_ADDRESS_BYTES];
    struct virtqueue receive, transmit;
    uint64_t received, sent, dropped;
};

/*
 * Starts the card "BB:DD.F" that this node was given. Interrupts for received frames are
 * messages with `vector` for CPU `cpu` of this node (<cmk/msi.h>). Null, or in a few words why the
 * card cannot be used.
 */
const char *virtio_net_start(struct virtio_net *net, const char *name, seL4_Word cpu,
                             seL4_Word vector);

/*
 * The next received frame, or null. It is the driver's until virtio_net_release, with the same
 * *buffer. Every received frame is announced by an interrupt, so whoever has got null may sleep
 * until the next one.
 */
const unsigned char *virtio_net_receive(struct virtio_net *net, size_t *length, unsigned *buffer);
void virtio_net_release(struct virtio_net *net, unsigned buffer);

/*
 * Sends a frame of at most ETHERNET_MAX_FRAME bytes; it is copied. False: it was dropped, the card
 * has no room.
 */
bool virtio_net_send(struct virtio_net *net, const void *frame, size_t length);

CMK_END_C

#endif
