/*
 * Answers UDP datagrams on a node that has no card: through a packet channel to user/net-echo on
 * another node. A datagram "quit" ends it with status 0.
 *
 *     udp-echo.elf node=0 1 7       the server is on node 1; port 7
 */
#include <drivers/packets.h>
#include <drivers/virtio_net.h>
#include <drivers/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct packet_client client;
static unsigned char frame[ETHERNET_MAX_FRAME + 1];

static void swap(unsigned char *a, unsigned char *b, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

/*
 * Turns the datagram in `frame` around, with a new payload; returns the frame's length. UDP allows
 * no checksum (0).
 */
static size_t make_answer(const char *text, size_t length)
{
    swap(frame + ETHERNET_SOURCE, frame + ETHERNET_TARGET, ETHERNET_ADDRESS_BYTES);
    memcpy(frame + ETHERNET_SOURCE, client.opened.ethernet, ETHERNET_ADDRESS_BYTES);
    swap(frame + IPV4_SOURCE, frame + IPV4_TARGET, sizeof(uint32_t));
    swap(frame + UDP_SOURCE, frame + UDP_TARGET, sizeof(uint16_t));
    memcpy(frame + UDP_PAYLOAD, text, length);
    wire_put16(frame, UDP_LENGTH, (uint16_t)(UDP_HEADER_BYTES + length));
    wire_put16(frame, UDP_CHECKSUM, 0);
    wire_put16(frame, IPV4_LENGTH, (uint16_t)(IPV4_HEADER_BYTES + UDP_HEADER_BYTES + length));
    wire_put16(frame, IPV4_CHECKSUM, 0);
    wire_put16(frame, IPV4_CHECKSUM, wire_checksum(frame + IPV4_VERSION, IPV4_HEADER_BYTES));
    return UDP_PAYLOAD + length;
}

/* False if the datagram says "quit". */
static bool answer(size_t payload_bytes)
{
    char text[64 + ETHERNET_MAX_FRAME];
    if (payload_bytes == 4 && memcmp(frame + UDP_PAYLOAD, "quit", 4) == 0) {
        return false;
    }
    int head = snprintf(text, sizeof(text), "node %lu heard: ", cmk_cluster()->node_id);
    size_t room = ETHERNET_MAX_FRAME - UDP_PAYLOAD - (size_t)head;
    size_t length = payload_bytes < room ? payload_bytes : room;
    memcpy(text + head, frame + UDP_PAYLOAD, length);
    size_t bytes = make_answer(text, (size_t)head + length);
    return cmk_channel_send(&client.end, 0, frame, bytes) == CMK_CHANNEL_OK;
}

int main(int argc, char **argv)
{
    seL4_Word server = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long port = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (port == 0 || port > 0xffff || !packet_client_open(&client, server, (uint16_t)port)) {
        printf("udp-echo: needs the server's node and a free port\n");
        return EXIT_FAILURE;
    }
    printf("udp-echo: port %lu is open at node %lu\n", port, server);
    for (;;) {
        struct cmk_message message;
        enum cmk_channel_error error =
            cmk_channel_receive(&client.end, &message, frame, ETHERNET_MAX_FRAME);
        size_t payload = error == CMK_CHANNEL_OK ? wire_udp_bytes(frame, message.length) : 0;
        if (error != CMK_CHANNEL_OK) {
            printf("udp-echo: the server is gone (%d)\n", (int)error);
            return EXIT_FAILURE;
        }
        if (payload > 0 && !answer(payload - 1)) {
            printf("udp-echo: asked to quit\n");
            return EXIT_SUCCESS;
        }
    }
}
