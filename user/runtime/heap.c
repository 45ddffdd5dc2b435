/*
 * malloc: first fit in one static area; neighbouring free blocks are joined while searching. For one thread at a
 * time: a lock would make a high-priority thread spin for ever on one that it keeps from running.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_BYTES (256 * 1024)
#define ALIGNMENT  16

/* Lies in front of each block. Blocks fill the area without gaps. */
struct block {
    size_t bytes; /* with this header; a multiple of ALIGNMENT */
    size_t used;
};

_Static_assert(sizeof(struct block) == ALIGNMENT, "what follows a header is aligned");

static _Alignas(ALIGNMENT) char heap[HEAP_BYTES];

static struct block *first_block(void)
{
    struct block *block = (struct block *)heap;
    if (block->bytes == 0) {
        block->bytes = HEAP_BYTES;
    }
    return block;
}

static struct block *next_block(struct block *block)
{
    char *next = (char *)block + block->bytes;
    return next < heap + HEAP_BYTES ? (struct block *)next : NULL;
}

static void join_free_neighbours(struct block *block)
{
    struct block *next;
    while ((next = next_block(block)) && !next->used) {
        block->bytes += next->bytes;
    }
}

/* Cuts a free block in two if the rest is worth it. */
static void split(struct block *block, size_t bytes)
{
    if (block->bytes - bytes > sizeof(struct block)) {
        struct block *rest = (struct block *)((char *)block + bytes);
        rest->bytes = block->bytes - bytes;
        rest->used = false;
        block->bytes = bytes;
    }
}

void *malloc(size_t bytes)
{
    if (bytes > HEAP_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    size_t wanted = (bytes + sizeof(struct block) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    for (struct block *block = first_block(); block; block = next_block(block)) {
        if (block->used) {
            continue;
        }
        join_free_neighbours(block);
        if (block->bytes >= wanted) {
            split(block, wanted);
            block->used = true;
            return block + 1;
        }
    }
    errno = ENOMEM;
    return NULL;
}

void free(void *memory)
{
    if (memory) {
        ((struct block *)memory - 1)->used = false;
    }
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = malloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *realloc(void *memory, size_t bytes)
{
    if (!memory) {
        return malloc(bytes);
    }
    size_t old = ((struct block *)memory - 1)->bytes - sizeof(struct block);
    if (bytes <= old) {
        return memory;
    }
    void *moved = malloc(bytes);
    if (moved) {
        memcpy(moved, memory, old);
        free(memory);
    }
    return moved;
}

char *strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}
