/* A stand-in for the machine. */
#include "world.h"

#include <cmk/cluster.h>
#include <cmk/dma.h>
#include <cmk/doorbell.h>
#include <drivers/device_memory.h>
#include <drivers/wire.h>
#include <stdlib.h>
#include <string.h>

unsigned sent_frames;
unsigned char sent_frame[ETHERNET_MAX_FRAME];
size_t sent_length;
unsigned char config_page[4096] __attribute__((aligned(4096)));
unsigned char register_page[4096] __attribute__((aligned(4096)));
seL4_Word mapped_paddr;

uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

void reset_sent(void)
{
    sent_frames = 0;
    sent_length = 0;
}

bool virtio_net_send(struct virtio_net *net, const void *frame, size_t length)
{
    (void)net;
    ck_assert_uint_le(length, ETHERNET_MAX_FRAME);
    memcpy(sent_frame, frame, length);
    sent_length = length;
    sent_frames++;
    return true;
}

bool cmk_dma_alloc(struct cmk_dma_memory *memory, size_t bytes, size_t alignment)
{
    void *place = aligned_alloc(alignment, bytes);
    memset(place, 0, bytes);
    *memory = (struct cmk_dma_memory){place, (seL4_Word)place, bytes};
    return true;
}

volatile void *device_map(seL4_Word paddr, seL4_Word bytes)
{
    ck_assert_uint_le(bytes, 4096);
    if (paddr == CONFIG_BASE + 0x18000) {
        return config_page;
    }
    mapped_paddr = paddr;
    return paddr >= 0xf0000000 ? register_page : NULL;
}

const struct cmk_cluster *cmk_cluster(void)
{
    static const seL4_Word apic_ids[] = {0, 4, 255, 254};
    static struct cmk_cluster cluster = {
        .node_id = 1, .num_nodes = 2, .pci_config = {CONFIG_BASE, 0, 63}};
    cluster.nodes[1] = (struct cmk_node){.num_cpus = 4, .apic_ids = apic_ids};
    return &cluster;
}

void cmk_doorbell_ring(seL4_CPtr button)
{
    (void)button;
}

void cmk_doorbell_sleep(struct cmk_doorbell *bell)
{
    (void)bell;
    ck_abort_msg("nothing here may wait");
}

void cmk_doorbell_sleep_until(struct cmk_doorbell *bell, uint64_t moment)
{
    (void)moment;
    cmk_doorbell_sleep(bell);
}

void cmk_doorbell_relax(unsigned count)
{
    ck_assert_uint_lt(count, 1000000);
}

static size_t make_ipv4(unsigned char *frame, unsigned char protocol, size_t payload_bytes)
{
    static const unsigned char addresses[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    memcpy(frame, addresses, sizeof(addresses));
    wire_put16(frame, ETHERNET_TYPE, TYPE_IPV4);
    memset(frame + IPV4_VERSION, 0, IPV4_HEADER_BYTES);
    frame[IPV4_VERSION] = 0x45;
    wire_put16(frame, IPV4_LENGTH, (uint16_t)(IPV4_HEADER_BYTES + payload_bytes));
    frame[IPV4_PROTOCOL] = protocol;
    wire_put32(frame, IPV4_SOURCE, OTHER_IPV4);
    wire_put32(frame, IPV4_TARGET, SERVER_IPV4);
    wire_put16(frame, IPV4_CHECKSUM, wire_checksum(frame + IPV4_VERSION, IPV4_HEADER_BYTES));
    return IPV4_PAYLOAD + payload_bytes;
}

size_t make_echo_request(unsigned char *frame, size_t data_bytes)
{
    size_t length = make_ipv4(frame, PROTOCOL_ICMP, ICMP_MIN_BYTES + data_bytes);
    memset(frame + ICMP_TYPE, 0, ICMP_MIN_BYTES);
    frame[ICMP_TYPE] = 8;
    for (size_t i = 0; i < data_bytes; i++) {
        frame[ICMP_TYPE + ICMP_MIN_BYTES + i] = (unsigned char)i;
    }
    wire_put16(frame, ICMP_CHECKSUM, wire_checksum(frame + ICMP_TYPE, ICMP_MIN_BYTES + data_bytes));
    return length;
}

size_t make_datagram(unsigned char *frame, uint16_t source, uint16_t target, size_t data_bytes)
{
    size_t length = make_ipv4(frame, PROTOCOL_UDP, UDP_HEADER_BYTES + data_bytes);
    wire_put16(frame, UDP_SOURCE, source);
    wire_put16(frame, UDP_TARGET, target);
    wire_put16(frame, UDP_LENGTH, (uint16_t)(UDP_HEADER_BYTES + data_bytes));
    wire_put16(frame, UDP_CHECKSUM, 0);
    memset(frame + UDP_PAYLOAD, 'x', data_bytes);
    return length;
}
