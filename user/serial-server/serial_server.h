/* The parts of the serial console server. */
#ifndef SERIAL_SERVER_H
#define SERIAL_SERVER_H

#include <drivers/serial.h>
#include <drivers/uart16550.h>

enum {
    OUTPUT_BYTES = 4096,
    LINE_OVERHEAD = 16, /* "[63] " and the line's end */
};

/* What is to be written and what was read. All of it belongs to the initial thread. */
struct console {
    struct uart16550 uart;
    uint64_t put, written; /* bytes so far of `output`, a ring */
    char output[OUTPUT_BYTES];
    size_t typed;
    char input[SERIAL_MAX_LINE + 1];
};

/* Whether a line of SERIAL_MAX_LINE bytes fits now. */
bool console_has_room(const struct console *console);

/*
 * Adds a line, marked with its node as the kernel's console marks lines. Bytes that are not
 * printable become '?', so that no line can pretend to be two. There must be room.
 */
void console_put_line(struct console *console, seL4_Word node, const char *line, size_t length);

/* Writes as much as the port takes now; returns whether nothing is left. */
bool console_flush(struct console *console);

/*
 * Reads what the port has received. True if a line is complete: it is console->input, terminated,
 * valid until the next call.
 */
bool console_read_line(struct console *console);

#endif
