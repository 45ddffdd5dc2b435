/*
 * Lines for and from a serial console that another node has (user/serial-server). A line is a
 * message of at most SERIAL_MAX_LINE bytes, without its end; the server marks it with the sender's
 * node.
 */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include <drivers/link.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum { SERIAL_MAX_LINE = 256 };

struct serial_client {
    struct cmk_channel_end end;
    struct cmk_doorbell bell;
};

/* Opens the link to the server on node `server`. False if there is no way there. */
bool serial_client_open(struct serial_client *client, seL4_Word server);

/* Sends a line; what is beyond SERIAL_MAX_LINE is cut off. Waits while the server has no room. */
enum cmk_channel_error serial_write_line(struct serial_client *client, const char *line);

/* Waits for the next line that somebody typed for this node, and terminates it with a zero. */
enum cmk_channel_error serial_read_line(struct serial_client *client,
                                        char line[SERIAL_MAX_LINE + 1]);

CMK_END_C

#endif
