/*
 * <drivers/virtio_net.h>. Numbers in comments are sections of the Virtual I/O Device specification
 * 1.1.
 */
#include <cmk/msi.h>
#include <drivers/virtio_net.h>
#include <string.h>

enum {
    VENDOR = 0x1af4,
    DEVICE_TRANSITIONAL = 0x1000,
    DEVICE_MODERN = 0x1041,

    STATUS_ACKNOWLEDGE = 1, /* 2.1 */
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,

    FEATURE_MAC = 1 << 5,             /* 5.1.3, in word 0 */
    FEATURE_VERSION_1 = 1 << 0,       /* 6, in word 1 */
    FEATURE_ACCESS_PLATFORM = 1 << 1, /* in word 1: it goes through the IOMMU, and says so */

    CAPABILITY_TYPE = 3, /* 4.1.4 */
    CAPABILITY_BAR = 4,
    CAPABILITY_OFFSET = 8,
    CAPABILITY_LENGTH = 12,
    CAPABILITY_NOTIFY_MULTIPLIER = 16,
    TYPE_COMMON = 1,
    TYPE_NOTIFY = 2,
    TYPE_DEVICE = 4,

    RECEIVE_QUEUE = 0, /* 5.1.2 */
    TRANSMIT_QUEUE = 1,
    NO_VECTOR = 0xffff,
    RECEIVE_MESSAGE = 0, /* our choice of MSI-X entry */

    NET_HEADER_BYTES = 12, /* 5.1.6; without offloads it is zero but for the count of buffers */
    RESET_READS = 100000,
};

/* 4.1.4.3 */
struct virtio_common {
    uint32_t device_feature_select;
    uint32_t device_feature;
    uint32_t driver_feature_select;
    uint32_t driver_feature;
    uint16_t config_vector;
    uint16_t queue_count;
    uint8_t status;
    uint8_t config_generation;
    uint16_t queue_select;
    uint16_t queue_size;
    uint16_t queue_vector;
    uint16_t queue_enable;
    uint16_t queue_notify_offset;
    uint32_t queue_descriptors[2]; /* low and high word */
    uint32_t queue_driver[2];
    uint32_t queue_device[2];
};
_Static_assert(sizeof(struct virtio_common) == 56, "as the device has it");

/*
 * Maps the register set of this type, if it has at least `bytes` bytes. *capability: where it is
 * described.
 */
static volatile void *map_registers(const struct pci_function *function, uint8_t type,
                                    uint32_t bytes, unsigned *capability)
{
    unsigned at = 0;
    /* a device has five or six; the bound is for lists that are circular */
    for (int i = 0; i < 16; i++) {
        at = pci_find_capability(function, PCI_CAPABILITY_VENDOR, at);
        if (at == 0) {
            return NULL;
        }
        uint32_t length = pci_read32(function, at + CAPABILITY_LENGTH);
        if (pci_read8(function, at + CAPABILITY_TYPE) == type && length >= bytes) {
            *capability = at;
            return pci_map_bar(function, pci_read8(function, at + CAPABILITY_BAR),
                               pci_read32(function, at + CAPABILITY_OFFSET),
                               type == TYPE_NOTIFY ? length : bytes);
        }
    }
    return NULL;
}

static const char *find_registers(struct virtio_net *net)
{
    unsigned capability;
    volatile uint8_t *device =
        map_registers(&net->function, TYPE_DEVICE, ETHERNET_ADDRESS_BYTES, &capability);
    net->common = map_registers(&net->function, TYPE_COMMON, sizeof(*net->common), &capability);
    net->notify = map_registers(&net->function, TYPE_NOTIFY, sizeof(uint16_t), &capability);
    if (!device || !net->common || !net->notify) {
        return "its registers cannot be mapped";
    }
    net->notify_multiplier = pci_read32(&net->function, capability + CAPABILITY_NOTIFY_MULTIPLIER);
    for (int i = 0; i < ETHERNET_ADDRESS_BYTES; i++) {
        net->address[i] = device[i];
    }
    return NULL;
}

/* 3.1.1, steps 1 to 6. */
static const char *negotiate(volatile struct virtio_common *common)
{
    common->status = 0;
    /* bounded: a device that never resets is given up */
    for (int i = 0; common->status != 0; i++) {
        if (i == RESET_READS) {
            return "it does not reset";
        }
    }
    common->status = STATUS_ACKNOWLEDGE;
    common->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    common->device_feature_select = 0;
    bool has_mac = common->device_feature & FEATURE_MAC;
    common->device_feature_select = 1;
    uint32_t word_1 = common->device_feature;
    if (!has_mac || !(word_1 & FEATURE_VERSION_1)) {
        return "it lacks a feature that is needed";
    }
    common->driver_feature_select = 0;
    common->driver_feature = FEATURE_MAC;
    common->driver_feature_select = 1;
    common->driver_feature = word_1 & (FEATURE_VERSION_1 | FEATURE_ACCESS_PLATFORM);
    common->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
    return common->status & STATUS_FEATURES_OK ? NULL : "it refuses the features";
}

static void write_address(volatile uint32_t words[2], seL4_Word paddr)
{
    words[0] = (uint32_t)paddr;
    words[1] = (uint32_t)(paddr >> 32);
}

/* 4.1.5.1.3. `vector` is an MSI-X entry or NO_VECTOR. */
static const char *start_queue(struct virtio_net *net, uint16_t number, struct virtqueue *queue,
                               uint16_t vector, volatile uint16_t **doorbell)
{
    volatile struct virtio_common *common = net->common;
    common->queue_select = number;
    if (common->queue_size < VIRTQUEUE_BUFFERS) {
        return "a queue is too short";
    }
    if (!virtqueue_create(queue)) {
        return "there is no memory for its queues";
    }
    common->queue_size = VIRTQUEUE_BUFFERS;
    common->queue_vector = vector;
    if (common->queue_vector != vector) {
        return "it does not take the interrupt";
    }
    write_address(common->queue_descriptors, queue->descriptors_paddr);
    write_address(common->queue_driver, queue->available_paddr);
    write_address(common->queue_device, queue->used_paddr);
    common->queue_enable = 1;
    *doorbell =
        (volatile uint16_t *)(net->notify + common->queue_notify_offset * net->notify_multiplier);
    return NULL;
}

/* The notification must not pass the stores that it announces: the device may look at once. */
static void ring(volatile uint16_t *doorbell, uint16_t queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *doorbell = queue;
}

const char *virtio_net_start(struct virtio_net *net, const char *name, seL4_Word cpu,
                             seL4_Word vector)
{
    struct cmk_msi message;
    *net = (struct virtio_net){0};
    if (!pci_open(&net->function, name)) {
        return "this node has no such function";
    }
    if (net->function.vendor != VENDOR ||
        (net->function.device != DEVICE_TRANSITIONAL && net->function.device != DEVICE_MODERN)) {
        return "it is no virtio network card";
    }
    const char *problem = find_registers(net);
    problem = problem ? problem : negotiate(net->common);
    if (problem) {
        return problem;
    }
    if (!cmk_msi_message(net->function.id, cpu, vector, &message) ||
        !pci_msix_set(&net->function, RECEIVE_MESSAGE, message.address, message.data)) {
        return "it has no MSI-X";
    }
    pci_enable_dma(&net->function);
    net->common->config_vector = NO_VECTOR;
    problem =
        start_queue(net, RECEIVE_QUEUE, &net->receive, RECEIVE_MESSAGE, &net->receive_doorbell);
    problem = problem ? problem
                      : start_queue(net, TRANSMIT_QUEUE, &net->transmit, NO_VECTOR,
                                    &net->transmit_doorbell);
    if (problem) {
        return problem;
    }
    net->common->status =
        STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
    for (unsigned i = 0; i < VIRTQUEUE_BUFFERS; i++) {
        virtqueue_offer(&net->receive, i, VIRTQUEUE_BUFFER_BYTES, true);
    }
    ring(net->receive_doorbell, RECEIVE_QUEUE);
    return NULL;
}

const unsigned char *virtio_net_receive(struct virtio_net *net, size_t *length, unsigned *buffer)
{
    uint32_t bytes;
    while (virtqueue_take(&net->receive, buffer, &bytes)) {
        if (bytes >= NET_HEADER_BYTES + ETHERNET_HEADER_BYTES &&
            bytes <= NET_HEADER_BYTES + ETHERNET_MAX_FRAME) {
            net->received++;
            *length = bytes - NET_HEADER_BYTES;
            return virtqueue_buffer(&net->receive, *buffer) + NET_HEADER_BYTES;
        }
        net->dropped++;
        virtio_net_release(net, *buffer);
    }
    return NULL;
}

void virtio_net_release(struct virtio_net *net, unsigned buffer)
{
    virtqueue_offer(&net->receive, buffer, VIRTQUEUE_BUFFER_BYTES, true);
    ring(net->receive_doorbell, RECEIVE_QUEUE);
}

bool virtio_net_send(struct virtio_net *net, const void *frame, size_t length)
{
    unsigned buffer;
    uint32_t ignored;
    while (virtqueue_take(&net->transmit, &buffer, &ignored)) {
        /* What was sent is free again. */
    }
    if (length > ETHERNET_MAX_FRAME || !virtqueue_find_free(&net->transmit, &buffer)) {
        net->dropped++;
        return false;
    }
    unsigned char *bytes = virtqueue_buffer(&net->transmit, buffer);
    memset(bytes, 0, NET_HEADER_BYTES);
    memcpy(bytes + NET_HEADER_BYTES, frame, length);
    virtqueue_offer(&net->transmit, buffer, NET_HEADER_BYTES + (uint32_t)length, false);
    ring(net->transmit_doorbell, TRANSMIT_QUEUE);
    net->sent++;
    return true;
}
