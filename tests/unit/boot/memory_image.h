/* A piece of physical memory for the parsers to read: what lies outside it cannot be read. */
#ifndef TEST_BOOT_MEMORY_IMAGE_H
#define TEST_BOOT_MEMORY_IMAGE_H

#include <kernel/types.h>

enum { MEMORY_BASE = 0x10000, MEMORY_BYTES = 0x10000 };

extern uint8_t memory_image[MEMORY_BYTES];

/* A map_function. */
const uint8_t *map_image(void *context, paddr_t address, uint64_t size);

/* Little-endian numbers and text at an address. */
void put16(paddr_t address, uint64_t value);
void put32(paddr_t address, uint64_t value);
void put64(paddr_t address, uint64_t value);
void put_text(paddr_t address, const char *text);

#endif
