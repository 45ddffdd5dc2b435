/*
 * I/O ports (Intel SDM volume 1, "Input/Output"). Functions, not inline: host tests can supply
 * their own.
 */
#ifndef X86_PORT_H
#define X86_PORT_H

#include <stdint.h>

enum { IO_PORT_COUNT = 0x10000 };

uint8_t port_read8(uint16_t port);
uint16_t port_read16(uint16_t port);
uint32_t port_read32(uint16_t port);
void port_write8(uint16_t port, uint8_t value);
void port_write16(uint16_t port, uint16_t value);
void port_write32(uint16_t port, uint32_t value);

#endif
