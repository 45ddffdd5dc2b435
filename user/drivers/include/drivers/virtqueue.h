/*
 * Split virtqueues (Virtual I/O Device specification 1.1, 2.6), one buffer to a descriptor: buffer
 * i is descriptor i. The device is believed to move data correctly, but not to name buffers
 * correctly. One thread at a time.
 */
#ifndef DRIVERS_VIRTQUEUE_H
#define DRIVERS_VIRTQUEUE_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum { VIRTQUEUE_BUFFERS = 64, VIRTQUEUE_BUFFER_BYTES = 2048 };

struct virtqueue_descriptor;
struct virtqueue_available;
struct virtqueue_used;

struct virtqueue {
    struct virtqueue_descriptor *descriptors;
    struct virtqueue_available *available; /* written by us, read by the device */
    struct virtqueue_used *used;           /* written by the device */
    seL4_Word descriptors_paddr, available_paddr, used_paddr;
    unsigned char *buffers;
    seL4_Word buffers_paddr;
    uint16_t offered, taken; /* buffers so far, modulo 2^16 as in the rings */
    bool in_device[VIRTQUEUE_BUFFERS];
    uint64_t wrong; /* times the device named a buffer it did not have */
};

/* Allocates rings and buffers; all buffers are the driver's. False if memory is used up. */
bool virtqueue_create(struct virtqueue *queue);

static inline unsigned char *virtqueue_buffer(const struct virtqueue *queue, unsigned index)
{
    return queue->buffers + index * VIRTQUEUE_BUFFER_BYTES;
}

/*
 * Gives `bytes` bytes of a buffer that the driver has to the device: to be written by it, or to be
 * read.
 */
void virtqueue_offer(struct virtqueue *queue, unsigned index, uint32_t bytes, bool device_writes);

/*
 * Takes back the next buffer that the device is done with; false if there is none. *bytes: how many
 * the device wrote, at most a buffer's size.
 */
bool virtqueue_take(struct virtqueue *queue, unsigned *index, uint32_t *bytes);

/* A buffer that the driver has; false if the device has all. */
bool virtqueue_find_free(const struct virtqueue *queue, unsigned *index);

CMK_END_C

#endif
