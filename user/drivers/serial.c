/* <drivers/serial.h>: the client's side. The server's is in user/serial-server. */
#include <drivers/serial.h>
#include <string.h>

bool serial_client_open(struct serial_client *client, seL4_Word server)
{
    const struct cmk_channel *channel = link_find_channel(server);
    return channel && cmk_doorbell_create(&client->bell, LINK_IRQ) &&
           link_open(&client->end, channel, &client->bell);
}

enum cmk_channel_error serial_write_line(struct serial_client *client, const char *line)
{
    size_t length = strlen(line);
    return cmk_channel_send(&client->end, 0, line,
                            length < SERIAL_MAX_LINE ? length : SERIAL_MAX_LINE);
}

enum cmk_channel_error serial_read_line(struct serial_client *client,
                                        char line[SERIAL_MAX_LINE + 1])
{
    struct cmk_message message;
    enum cmk_channel_error error =
        cmk_channel_receive(&client->end, &message, line, SERIAL_MAX_LINE);
    line[error == CMK_CHANNEL_OK ? message.length : 0] = '\0';
    return error;
}
