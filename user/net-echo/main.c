/*
 * A network server: drives a virtio network card with MSI-X from the node that was given it,
 * answers ARP and ICMP echo requests, and gives each node that shares a channel= region with it a
 * packet channel (<drivers/packets.h>).
 *
 *     net-echo.elf node=1 00:03.0 10.0.0.2 [until-alone]
 *
 * with nodes=2 node1.devices=00:03.0 and, for clients on node 0, channel=0-1,2M. `until-alone`:
 * ends with status 0 when all clients have ended.
 */
#include "net_echo.h"

#include <drivers/interrupt_messages.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CARD_VECTOR = 0, CARD_CPU = 0 };

static struct server server;
static struct interrupt_messages interrupts;
static struct cmk_doorbell bell;
static struct client client_table[ABI_CMK_MAX_CHANNELS];

/* ends[0] is the card's; ends[i + 1] belongs to clients[i]. */
static struct cmk_channel_end *ends[ABI_CMK_MAX_CHANNELS + 1];
static struct client *clients[ABI_CMK_MAX_CHANNELS];
static size_t client_count;

static int fail(const char *what)
{
    printf("net-echo: %s\n", what);
    return EXIT_FAILURE;
}

/* "10.0.0.2"; 0 if it is no such address. */
static uint32_t parse_ipv4(const char *text)
{
    uint32_t address = 0;
    for (int i = 0; i < 4; i++) {
        char *end;
        unsigned long part = strtoul(text, &end, 10);
        if (end == text || part > 255 || *end != (i < 3 ? '.' : '\0')) {
            return 0;
        }
        address = address << 8 | (uint32_t)part;
        text = end + 1;
    }
    return address;
}

static bool open_clients(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        struct client *client = &client_table[client_count];
        client->node = cluster->channels[i].peer;
        if (!link_open(&client->end, &cluster->channels[i], &bell)) {
            return false;
        }
        clients[client_count] = client;
        ends[client_count + 1] = &client->end;
        client_count++;
    }
    return true;
}

static void forget_client(size_t index)
{
    printf("net-echo: the client on node %lu is gone\n", clients[index]->node);
    client_count--;
    for (size_t i = index; i < client_count; i++) {
        clients[i] = clients[i + 1];
        ends[i + 1] = ends[i + 2];
    }
}

static void serve_card(void)
{
    const unsigned char *frame;
    size_t length;
    unsigned buffer;

    interrupt_messages_take(&interrupts);
    while ((frame = virtio_net_receive(&server.net, &length, &buffer)) != NULL) {
        if (!answer_frame(&server, frame, length) &&
            !forward_frame(&server, clients, client_count, frame, length)) {
            server.statistics.ignored++;
        }
        virtio_net_release(&server.net, buffer);
    }
}

static void print_statistics(void)
{
    const struct statistics *s = &server.statistics;
    printf("net-echo: answered %lu ARP and %lu echo requests, forwarded %lu, sent %lu, refused "
           "%lu, ignored %lu\n",
           s->arp, s->echo, s->forwarded, s->sent, s->refused, s->ignored);
}

int main(int argc, char **argv)
{
    const char *problem;
    bool until_alone = argc == 4 && strcmp(argv[3], "until-alone") == 0;

    server.ipv4 = argc >= 3 ? parse_ipv4(argv[2]) : 0;
    if (!cmk_cluster() || server.ipv4 == 0 || (argc > 3 && !until_alone)) {
        return fail("needs a PCI function, an IPv4 address, and nothing or until-alone");
    }
    if (!cmk_doorbell_create(&bell, LINK_IRQ) || !open_clients()) {
        return fail("the channels cannot be opened");
    }
    if (!interrupt_messages_start(&interrupts, interrupt_message_handler(CARD_VECTOR), &bell)) {
        return fail("there is no interrupt for the card");
    }
    ends[0] = &interrupts.end;
    problem = virtio_net_start(&server.net, argv[1], CARD_CPU, CARD_VECTOR);
    if (problem) {
        printf("net-echo: %s: %s\n", argv[1], problem);
        return EXIT_FAILURE;
    }
    const uint8_t *a = server.net.address;
    printf("net-echo: %s is ready as %s, %02x:%02x:%02x:%02x:%02x:%02x\n", argv[1], argv[2], a[0],
           a[1], a[2], a[3], a[4], a[5]);

    /* Serves until it is alone, if that was asked for, or for ever. */
    for (size_t found = 0; client_count > 0 || !until_alone;) {
        found = cmk_channel_wait_any(ends, client_count + 1, found);
        if (found == 0) {
            serve_card();
        } else if (!serve_client(&server, clients, client_count, clients[found - 1])) {
            forget_client(found - 1);
            found = 0;
        }
    }
    print_statistics();
    return EXIT_SUCCESS;
}
