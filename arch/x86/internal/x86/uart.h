/* 16550 UARTs, polled. No state in memory: boot part 1 uses these before any node exists. */
#ifndef X86_UART_H
#define X86_UART_H

#include <stdbool.h>
#include <stdint.h>

/*
 * 115200 baud, 8N1, no interrupts. False: there is no UART at `port` (nothing is changed). Once per
 * port, before any node that uses it runs: nodes that share a UART must not reset it under one
 * another, so nodes never call this.
 */
bool uart_init(uint16_t port);

/* Writes one character as it is. Waits for room at most about 0.1 s, then writes all the same. */
void uart_write(uint16_t port, char c);

#endif
