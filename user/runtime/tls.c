/*
 * Thread-local data, as the ELF TLS specification lays it out for x86-64: the block's data ends,
 * aligned, where FS base points, and the word at FS base holds FS base itself.
 */
#include "runtime.h"

#include <string.h>

/* From user.ld: addresses that are really numbers, except the first. */
extern const char __tls_image[], __tls_image_bytes[], __tls_bytes[], __tls_alignment[];

/*
 * At FS base: its own address, and room for the fields that compilers expect there (the stack
 * guard, at 0x28).
 */
#define HEADER_BYTES 64

static size_t data_bytes(void)
{
    size_t alignment = (size_t)__tls_alignment;
    return ((size_t)__tls_bytes + alignment - 1) & ~(alignment - 1);
}

size_t tls_block_bytes(void)
{
    return data_bytes() + HEADER_BYTES + (size_t)__tls_alignment;
}

seL4_Word tls_block_init(void *block)
{
    size_t alignment = (size_t)__tls_alignment;
    seL4_Word base = ((seL4_Word)block + data_bytes() + alignment - 1) & ~(alignment - 1);
    char *data = (char *)(base - data_bytes());

    memset(data, 0, data_bytes() + HEADER_BYTES);
    memcpy(data, __tls_image, (size_t)__tls_image_bytes);
    *(seL4_Word *)base = base;
    return base;
}
