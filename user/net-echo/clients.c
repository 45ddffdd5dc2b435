/* Packet channels: which client gets which datagram, and what clients may send. */
#include "net_echo.h"

#include <drivers/wire.h>
#include <string.h>

enum { MESSAGES_AT_ONCE = 32 }; /* then the others have their turn */

static struct client *find_port(struct client *clients[], size_t count, uint16_t udp_port)
{
    for (size_t i = 0; udp_port != 0 && i < count; i++) {
        if (clients[i]->udp_port == udp_port) {
            return clients[i];
        }
    }
    return NULL;
}

/*
 * A client that does not take its datagrams loses them, and delays nobody. One that takes no
 * replies is dropped.
 */
bool forward_frame(struct server *server, struct client *clients[], size_t count,
                   const unsigned char *frame, size_t length)
{
    if (wire_udp_bytes(frame, length) == 0 || wire_get32(frame, IPV4_TARGET) != server->ipv4) {
        return false;
    }
    struct client *client = find_port(clients, count, wire_get16(frame, UDP_TARGET));
    if (!client || cmk_channel_try_send(&client->end, 0, frame, length) != CMK_CHANNEL_OK) {
        return false;
    }
    server->statistics.forwarded++;
    return true;
}

static enum cmk_channel_error open_port(struct server *server, struct client *clients[],
                                        size_t count, struct client *client,
                                        const struct cmk_message *message, const void *data)
{
    struct packet_open request = {0};
    struct packet_opened answer = {.ipv4 = server->ipv4};
    if (message->length == sizeof(request)) {
        memcpy(&request, data, sizeof(request));
    }
    if (client->udp_port == 0 && request.udp_port != 0 &&
        !find_port(clients, count, request.udp_port)) {
        client->udp_port = request.udp_port;
        answer.granted = 1;
        memcpy(answer.ethernet, server->net.address, ETHERNET_ADDRESS_BYTES);
    }
    return cmk_channel_try_reply(&client->end, message, &answer, sizeof(answer));
}

/*
 * A client sends UDP from its own port and the server's addresses, or nothing. `frame` is private
 * memory.
 */
static bool is_allowed(const struct server *server, const struct client *client,
                       const unsigned char *frame, size_t length)
{
    return client->udp_port != 0 && wire_udp_bytes(frame, length) > 0 &&
           wire_get16(frame, UDP_SOURCE) == client->udp_port &&
           wire_get32(frame, IPV4_SOURCE) == server->ipv4 &&
           memcmp(frame + ETHERNET_SOURCE, server->net.address, ETHERNET_ADDRESS_BYTES) == 0;
}

bool serve_client(struct server *server, struct client *clients[], size_t count,
                  struct client *client)
{
    static unsigned char data[ETHERNET_MAX_FRAME];
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
        struct cmk_message message;
        enum cmk_channel_error error =
            cmk_channel_try_receive(&client->end, &message, data, sizeof(data));
        if (error == CMK_CHANNEL_EMPTY) {
            return true;
        }
        if (error == CMK_CHANNEL_OK && message.kind == CMK_REQUEST) {
            error = open_port(server, clients, count, client, &message, data);
        } else if (error == CMK_CHANNEL_OK && message.kind == CMK_MESSAGE &&
                   is_allowed(server, client, data, message.length)) {
            server->statistics.sent += virtio_net_send(&server->net, data, message.length);
        } else if (error == CMK_CHANNEL_OK) {
            server->statistics.refused++;
        }
        if (error != CMK_CHANNEL_OK) {
            return false; /* broken, dead, or a message that no client of ours sends */
        }
    }
    return true;
}
