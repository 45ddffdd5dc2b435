#include "memory_image.h"
#include <string.h>

uint8_t memory_image[MEMORY_BYTES];

const uint8_t *map_image(void *context, paddr_t address, uint64_t size)
{
    (void)context;
    if (address < MEMORY_BASE || address - MEMORY_BASE > MEMORY_BYTES ||
        size > MEMORY_BYTES - (address - MEMORY_BASE)) {
        return NULL;
    }
    return memory_image + (address - MEMORY_BASE);
}

static void put(paddr_t address, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        memory_image[address - MEMORY_BASE + i] = (uint8_t)(value >> 8 * i);
    }
}

void put16(paddr_t address, uint64_t value)
{
    put(address, value, 2);
}

void put32(paddr_t address, uint64_t value)
{
    put(address, value, 4);
}

void put64(paddr_t address, uint64_t value)
{
    put(address, value, 8);
}

void put_text(paddr_t address, const char *text)
{
    memcpy(memory_image + (address - MEMORY_BASE), text, strlen(text) + 1);
}
