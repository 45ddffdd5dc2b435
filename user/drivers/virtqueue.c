/* <drivers/virtqueue.h> */
#include <cmk/dma.h>
#include <drivers/virtqueue.h>
#include <stdatomic.h>

enum { DESCRIPTOR_DEVICE_WRITES = 2 };

/* Virtual I/O Device specification 1.1, 2.6.5. */
struct virtqueue_descriptor {
    uint64_t paddr;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};

/*
 * 2.6.6. `count` is stored with release after the entry it counts: the device reads entry and
 * buffer after it.
 */
struct virtqueue_available {
    uint16_t flags; /* 0: interrupt for every used buffer */
    _Atomic uint16_t count;
    uint16_t index[VIRTQUEUE_BUFFERS];
};

/*
 * 2.6.8. `count` is loaded with acquire before the entry it counts, and what the device wrote into
 * its buffer.
 */
struct virtqueue_used {
    uint16_t flags;
    _Atomic uint16_t count;
    struct {
        uint32_t index;
        uint32_t bytes;
    } entry[VIRTQUEUE_BUFFERS];
};

#define RINGS_BITS       12
#define AVAILABLE_OFFSET 1024
#define USED_OFFSET      2048
#define BUFFERS_BITS     17

_Static_assert(sizeof(struct virtqueue_descriptor) * VIRTQUEUE_BUFFERS <= AVAILABLE_OFFSET,
               "descriptors fit");
_Static_assert(AVAILABLE_OFFSET + sizeof(struct virtqueue_available) <= USED_OFFSET,
               "the available ring fits");
_Static_assert(USED_OFFSET + sizeof(struct virtqueue_used) <= 1 << RINGS_BITS,
               "the used ring fits");
_Static_assert(VIRTQUEUE_BUFFERS *VIRTQUEUE_BUFFER_BYTES == 1 << BUFFERS_BITS,
               "buffers fill their memory");

bool virtqueue_create(struct virtqueue *queue)
{
    struct cmk_dma_memory rings, buffers;
    if (!cmk_dma_alloc(&rings, 1u << RINGS_BITS, 1u << RINGS_BITS) ||
        !cmk_dma_alloc(&buffers, 1u << BUFFERS_BITS, 1u << BUFFERS_BITS)) {
        return false;
    }
    *queue = (struct virtqueue){
        .descriptors = rings.memory,
        .available = (void *)((char *)rings.memory + AVAILABLE_OFFSET),
        .used = (void *)((char *)rings.memory + USED_OFFSET),
        .descriptors_paddr = rings.address,
        .available_paddr = rings.address + AVAILABLE_OFFSET,
        .used_paddr = rings.address + USED_OFFSET,
        .buffers = buffers.memory,
        .buffers_paddr = buffers.address,
    };
    return true;
}

void virtqueue_offer(struct virtqueue *queue, unsigned index, uint32_t bytes, bool device_writes)
{
    queue->descriptors[index] = (struct virtqueue_descriptor){
        .paddr = queue->buffers_paddr + index * VIRTQUEUE_BUFFER_BYTES,
        .bytes = bytes,
        .flags = device_writes ? DESCRIPTOR_DEVICE_WRITES : 0,
    };
    queue->in_device[index] = true;
    queue->available->index[queue->offered % VIRTQUEUE_BUFFERS] = (uint16_t)index;
    queue->offered++;
    atomic_store_explicit(&queue->available->count, queue->offered, memory_order_release);
}

bool virtqueue_take(struct virtqueue *queue, unsigned *index, uint32_t *bytes)
{
    while (atomic_load_explicit(&queue->used->count, memory_order_acquire) != queue->taken) {
        unsigned place = queue->taken % VIRTQUEUE_BUFFERS;
        uint32_t named = *(volatile uint32_t *)&queue->used->entry[place].index;
        uint32_t written = *(volatile uint32_t *)&queue->used->entry[place].bytes;
        queue->taken++;
        if (named < VIRTQUEUE_BUFFERS && queue->in_device[named]) {
            queue->in_device[named] = false;
            *index = named;
            *bytes = written < VIRTQUEUE_BUFFER_BYTES ? written : VIRTQUEUE_BUFFER_BYTES;
            return true;
        }
        queue->wrong++;
    }
    return false;
}

bool virtqueue_find_free(const struct virtqueue *queue, unsigned *index)
{
    for (unsigned i = 0; i < VIRTQUEUE_BUFFERS; i++) {
        if (!queue->in_device[i]) {
            *index = i;
            return true;
        }
    }
    return false;
}
