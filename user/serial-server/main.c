/*
 * A serial console server: drives a 16550 port on the node that was given it; nodes that share a
 * channel= region with it send and receive lines (<drivers/serial.h>). A typed line "2:text" goes
 * to node 2 as "text", any other to all.
 *
 *     serial-server.elf node=1 com2 [until-alone]
 *
 * On the node that owns the IOAPIC (devices=all) the port interrupts; on a node that was given its
 * ports alone (devices=port:0x2f8-0x2ff) it is polled. `until-alone`: ends with status 0 when all
 * clients have ended.
 */
#include "serial_server.h"

#include <drivers/interrupt_messages.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_VECTOR = 0 };

static const struct port {
    const char *name;
    uint16_t base;
    seL4_Word pin; /* of the first IOAPIC */
} ports[] = {{"com1", 0x3f8, 4}, {"com2", 0x2f8, 3}, {"com3", 0x3e8, 4}, {"com4", 0x2e8, 3}};

struct client {
    struct cmk_channel_end end;
    seL4_Word node;
};

static struct console console;
static struct interrupt_messages interrupts;
static struct cmk_doorbell bell;
static struct client client_table[ABI_CMK_MAX_CHANNELS];

/* ends[0] is the port's, unused when it is polled; ends[i + 1] belongs to clients[i]. */
static struct cmk_channel_end *ends[ABI_CMK_MAX_CHANNELS + 1];
static struct client *clients[ABI_CMK_MAX_CHANNELS];
static size_t client_count;

static const struct port *find_port(const char *name)
{
    for (size_t i = 0; name && i < sizeof(ports) / sizeof(ports[0]); i++) {
        if (strcmp(name, ports[i].name) == 0) {
            return &ports[i];
        }
    }
    return NULL;
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
    printf("serial-server: the client on node %lu is gone\n", clients[index]->node);
    client_count--;
    for (size_t i = index; i < client_count; i++) {
        clients[i] = clients[i + 1];
        ends[i + 1] = ends[i + 2];
    }
}

/* Takes lines from a client while there is room for them; false if the client is gone for good. */
static bool take_lines(struct client *client)
{
    char line[SERIAL_MAX_LINE];
    while (console_has_room(&console)) {
        struct cmk_message message;
        enum cmk_channel_error error =
            cmk_channel_try_receive(&client->end, &message, line, sizeof(line));
        if (error != CMK_CHANNEL_OK) {
            return error == CMK_CHANNEL_EMPTY;
        }
        if (message.kind == CMK_MESSAGE) {
            console_put_line(&console, client->node, line, message.length);
        }
    }
    return true;
}

/* A client that does not take its lines loses them. */
static void deliver(const char *line)
{
    char *text;
    seL4_Word node = strtoul(line, &text, 10);
    bool to_one = text != line && *text == ':';
    text = to_one ? text + 1 : (char *)line;
    for (size_t i = 0; i < client_count; i++) {
        if (!to_one || clients[i]->node == node) {
            (void)cmk_channel_try_send(&clients[i]->end, 0, text, strlen(text));
        }
    }
}

static void serve_port(void)
{
    while (console_read_line(&console)) {
        deliver(console.input);
    }
    (void)console_flush(&console);
}

/* Until the server is alone, if that was asked for, or for ever. */
static void serve_by_interrupt(bool until_alone)
{
    size_t found = 0;
    while (client_count > 0 || !until_alone) {
        /* Without room only the port can change that. */
        found =
            cmk_channel_wait_any(ends, console_has_room(&console) ? client_count + 1 : 1, found);
        if (found == 0) {
            interrupt_messages_take(&interrupts);
        } else if (!take_lines(clients[found - 1])) {
            forget_client(found - 1);
            found = 0;
        }
        /*
         * The pin tells edges: nothing may be left to say when we wait. Bounded by what the port
         * receives.
         */
        do {
            serve_port();
            uart_announce_room(&console.uart, console.put != console.written);
        } while (uart_is_interrupting(&console.uart));
    }
}

static void serve_by_polling(bool until_alone)
{
    for (unsigned round = 0; client_count > 0 || !until_alone; round++) {
        serve_port();
        for (size_t i = 0; i < client_count; i++) {
            if (!take_lines(clients[i])) {
                forget_client(i);
                break;
            }
        }
        cmk_doorbell_relax(round);
    }
}

int main(int argc, char **argv)
{
    const struct port *port = argc >= 2 ? find_port(argv[1]) : NULL;
    bool until_alone = argc == 3 && strcmp(argv[2], "until-alone") == 0;
    if (!cmk_cluster() || !port || (argc > 2 && !until_alone)) {
        printf("serial-server: needs com1, com2, com3 or com4, and nothing or until-alone\n");
        return EXIT_FAILURE;
    }
    if (!cmk_doorbell_create(&bell, LINK_IRQ) || !open_clients()) {
        printf("serial-server: the channels cannot be opened\n");
        return EXIT_FAILURE;
    }
    seL4_CPtr handler = interrupt_pin_handler(port->pin, PORT_VECTOR);
    const char *problem = uart_open(&console.uart, port->base, handler != 0);
    if (!problem && handler != 0 && !interrupt_messages_start(&interrupts, handler, &bell)) {
        problem = "there is no memory for its interrupt";
    }
    if (problem) {
        printf("serial-server: %s: %s\n", port->name, problem);
        return EXIT_FAILURE;
    }
    ends[0] = &interrupts.end;
    printf("serial-server: %s is ready, %s\n", port->name, handler ? "by interrupt" : "polled");
    handler ? serve_by_interrupt(until_alone) : serve_by_polling(until_alone);
    while (!console_flush(&console)) { /* bounded: a port sends a byte in 87 microseconds */
        cmk_doorbell_relax(0);
    }
    return EXIT_SUCCESS;
}
