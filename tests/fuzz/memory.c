/* Physical memory for parsers: see fuzz.h. */
#include "fuzz.h"
#include <sanitizer/asan_interface.h>
#include <string.h>

static uint8_t *memory;
static paddr_t memory_base;
static size_t memory_size;

void set_memory(paddr_t base, const uint8_t *data, size_t size)
{
    free(memory);
    memory = malloc(size + 1);
    must(memory != NULL, "out of memory");
    if (size > 0) {
        memcpy(memory, data, size);
    }
    memory_base = base;
    memory_size = size;
    ASAN_POISON_MEMORY_REGION(memory, size + 1);
}

const uint8_t *map_memory(void *context, paddr_t address, uint64_t size)
{
    uint64_t offset = address - memory_base;
    (void)context;
    if (address < memory_base || offset > memory_size || size > memory_size - offset) {
        return NULL;
    }
    ASAN_UNPOISON_MEMORY_REGION(memory + offset, size);
    return memory + offset;
}
