/* <drivers/packets.h>: the client's side. The server's is in user/net-echo. */
#include <drivers/packets.h>

bool packet_client_open(struct packet_client *client, seL4_Word server, uint16_t udp_port)
{
    const struct cmk_channel *channel = link_find_channel(server);
    struct packet_open request = {udp_port};
    size_t length;
    return channel && cmk_doorbell_create(&client->bell, LINK_IRQ) &&
           link_open(&client->end, channel, &client->bell) &&
           cmk_channel_call(&client->end, &request, sizeof(request), &client->opened,
                            sizeof(client->opened), &length) == CMK_CHANNEL_OK &&
           length == sizeof(client->opened) && client->opened.granted;
}
