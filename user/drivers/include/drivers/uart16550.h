/*
 * A 16550 serial port (PC16550D data sheet) through I/O ports: 115200 baud, 8 bits, no parity,
 * FIFOs of 16 bytes.
 */
#ifndef DRIVERS_UART16550_H
#define DRIVERS_UART16550_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmk/language.h>

CMK_BEGIN_C

enum { UART_PORTS = 8, UART_FIFO_BYTES = 16 };

struct uart16550 {
    seL4_X86_IOPort ports;
    uint16_t base;
    uint8_t interrupts; /* what of the interrupt enable register is on */
};

/*
 * Takes the port at `base` from this node's I/O ports. `interrupts`: whether received bytes shall
 * interrupt. Null, or in a few words why it cannot be used.
 */
const char *uart_open(struct uart16550 *uart, uint16_t base, bool interrupts);

/* A received byte, or -1. */
int uart_read(struct uart16550 *uart);

/* Whether UART_FIFO_BYTES bytes can be written. */
bool uart_has_room(struct uart16550 *uart);
void uart_write(struct uart16550 *uart, uint8_t byte);

/* Turns the interrupt on or off that comes when the port has room. */
void uart_announce_room(struct uart16550 *uart, bool on);

/*
 * Whether the port still has a reason to interrupt; also what ends an announcement of room. Its pin
 * is edge triggered: a driver sleeps only after this was false.
 */
bool uart_is_interrupting(struct uart16550 *uart);

CMK_END_C

#endif
