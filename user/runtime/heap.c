/*
 * malloc: first fit in areas of memory, the first of them static; neighbouring free blocks are
 * joined while searching. For one thread at a time: a lock would make a high-priority thread spin
 * for ever on one that it keeps from running.
 */
#include "heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_AREA_BYTES (256 * 1024)
#define ALIGNMENT        16

/* Lies in front of each block. Blocks fill the rest of their area without gaps. */
struct block {
    size_t bytes; /* with this header; a multiple of ALIGNMENT */
    size_t used;
};

/* Lies at the start of each area. Areas are never given back. */
struct area {
    struct area *next;
    char *end;
};

_Static_assert(sizeof(struct block) == ALIGNMENT, "what follows a header is aligned");
_Static_assert(sizeof(struct area) % ALIGNMENT == 0, "so is an area's first block");

static _Alignas(ALIGNMENT) char first_area[FIRST_AREA_BYTES];
static struct area *areas;

/* Makes memory, aligned and of a multiple of ALIGNMENT bytes, an area with one free block. */
static void add_area(void *memory, size_t bytes)
{
    struct area *area = memory;
    struct block *block = (struct block *)(area + 1);
    *block = (struct block){.bytes = bytes - sizeof(struct area), .used = false};
    area->end = (char *)memory + bytes;
    area->next = areas;
    areas = area;
}

static struct block *next_block(const struct area *area, struct block *block)
{
    char *next = (char *)block + block->bytes;
    return next < area->end ? (struct block *)next : NULL;
}

static void join_free_neighbours(const struct area *area, struct block *block)
{
    struct block *next;
    while ((next = next_block(area, block)) && !next->used) {
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

static void *take_block(const struct area *area, size_t wanted)
{
    for (struct block *block = (struct block *)(area + 1); block; block = next_block(area, block)) {
        if (block->used) {
            continue;
        }
        join_free_neighbours(area, block);
        if (block->bytes >= wanted) {
            split(block, wanted);
            block->used = true;
            return block + 1;
        }
    }
    return NULL;
}

static void *take_from_any_area(size_t wanted)
{
    for (const struct area *area = areas; area; area = area->next) {
        void *memory = take_block(area, wanted);
        if (memory) {
            return memory;
        }
    }
    return NULL;
}

void *malloc(size_t bytes)
{
    if (bytes > PTRDIFF_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    size_t wanted = (bytes + sizeof(struct block) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!areas) {
        add_area(first_area, FIRST_AREA_BYTES);
    }
    void *memory = take_from_any_area(wanted);
    if (!memory) {
        size_t more_bytes;
        void *more = heap_memory(wanted + sizeof(struct area), &more_bytes);
        if (more) {
            add_area(more, more_bytes);
            memory = take_from_any_area(wanted);
        }
    }
    if (!memory) {
        errno = ENOMEM;
    }
    return memory;
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
