/* Lines on their way to the port and from it. */
#include "serial_server.h"

#include <stdio.h>

static void put(struct console *console, char c)
{
    console->output[console->put++ % OUTPUT_BYTES] = c;
}

bool console_has_room(const struct console *console)
{
    return OUTPUT_BYTES - (console->put - console->written) >= SERIAL_MAX_LINE + LINE_OVERHEAD;
}

void console_put_line(struct console *console, seL4_Word node, const char *line, size_t length)
{
    char mark[LINE_OVERHEAD];
    snprintf(mark, sizeof(mark), "[%lu] ", node);
    for (const char *c = mark; *c; c++) {
        put(console, *c);
    }
    for (size_t i = 0; i < length; i++) {
        put(console, line[i] >= ' ' && line[i] <= '~' ? line[i] : '?');
    }
    put(console, '\r');
    put(console, '\n');
}

/* Each round fills the port's FIFO, which was empty: bounded by what there is to write. */
bool console_flush(struct console *console)
{
    while (console->written != console->put && uart_has_room(&console->uart)) {
        for (int i = 0; i < UART_FIFO_BYTES && console->written != console->put; i++) {
            uart_write(&console->uart, (uint8_t)console->output[console->written++ % OUTPUT_BYTES]);
        }
    }
    return console->written == console->put;
}

/* What is beyond SERIAL_MAX_LINE is not kept. */
bool console_read_line(struct console *console)
{
    int byte;
    while ((byte = uart_read(&console->uart)) >= 0) {
        if (byte == '\r' || byte == '\n') {
            bool is_line = console->typed > 0;
            console->input[console->typed] = '\0';
            console->typed = 0;
            if (is_line) {
                return true;
            }
        } else if (console->typed < SERIAL_MAX_LINE) {
            console->input[console->typed++] = (char)byte;
        }
    }
    return false;
}
