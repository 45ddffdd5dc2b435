/*
 * Writes lines to a serial console on another node, and reads one from it: ends when somebody types
 * a line for it.
 *
 *     serial-hello.elf node=0 1 200       the server is on node 1; 200 lines
 */
#include <drivers/serial.h>
#include <stdio.h>
#include <stdlib.h>

static struct serial_client client;

int main(int argc, char **argv)
{
    char line[SERIAL_MAX_LINE + 1];
    seL4_Word server = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc != 3 || !serial_client_open(&client, server)) {
        printf("serial-hello: needs the server's node and a number of lines\n");
        return EXIT_FAILURE;
    }
    for (unsigned long i = 0; i < count; i++) {
        snprintf(line, sizeof(line), "line %lu of %lu", i + 1, count);
        if (serial_write_line(&client, line) != CMK_CHANNEL_OK) {
            printf("serial-hello: the server is gone\n");
            return EXIT_FAILURE;
        }
    }
    if (serial_read_line(&client, line) != CMK_CHANNEL_OK) {
        printf("serial-hello: the server is gone\n");
        return EXIT_FAILURE;
    }
    printf("serial-hello: somebody typed: %s\n", line);
    snprintf(line, sizeof(line), "goodbye from node %lu", cmk_cluster()->node_id);
    return serial_write_line(&client, line) == CMK_CHANNEL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
