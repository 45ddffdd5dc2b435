/* malloc beyond its first 256 KiB: from the node's memory, and not when the program forbids it. */
#include "checks.h"

#include <cmk/resources.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS      40
#define BLOCK_BYTES (100 * 1000ul)
#define LARGE_BYTES (5ul << 20)

static unsigned char *blocks[BLOCKS];

static bool many_blocks_work(void)
{
    bool good = true;
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        if (!blocks[i]) {
            return false;
        }
        memset(blocks[i], i + 1, BLOCK_BYTES);
    }
    for (int i = 0; i < BLOCKS; i++) {
        for (size_t at = 0; at < BLOCK_BYTES; at++) {
            good = good && blocks[i][at] == i + 1;
        }
    }
    return good;
}

/* What many_blocks_work() took is enough for the same again: not one slot or address is new. */
static bool freed_memory_is_used_again(void)
{
    seL4_CPtr slot = cmk_alloc_slots(1);
    bool good = true;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            free(blocks[i]);
        }
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(BLOCK_BYTES);
            good = good && blocks[i];
        }
    }
    return good && cmk_alloc_slots(1) == slot + 1;
}

static bool large_block_works(void)
{
    unsigned char *large = malloc(LARGE_BYTES);
    if (!large) {
        return false;
    }
    memset(large, 0x5a, LARGE_BYTES);
    bool good = large[0] == 0x5a && large[LARGE_BYTES - 1] == 0x5a;
    free(large);
    return good && malloc(LARGE_BYTES) == large;
}

/* More than the node has costs nothing: the next objects and blocks are there as before. */
static bool too_large_costs_nothing(void)
{
    seL4_CPtr slot = cmk_alloc_slots(1);
    volatile size_t no_size = SIZE_MAX; /* the compiler would warn */
    bool refused = !malloc(1ul << 40) && !malloc(no_size) && !malloc(1ul << 30);
    return refused && cmk_alloc_slots(1) == slot + 1 &&
           cmk_alloc_object(seL4_X86_LargePageObject, 0) != 0;
}

void check_heap(void)
{
    check(many_blocks_work(), "heap/many-blocks");
    check(freed_memory_is_used_again(), "heap/freed-memory-is-used-again");
    check(large_block_works(), "heap/large-block");
    check(too_large_costs_nothing(), "heap/too-large-costs-nothing");
}

void check_heap_that_keeps_its_size(void)
{
    cmk_heap_keeps_its_size();
    seL4_CPtr slot = cmk_alloc_slots(1);
    bool refused = !malloc(2 * LARGE_BYTES);
    free(blocks[0]);
    bool usable = malloc(BLOCK_BYTES) != NULL;
    check(refused && usable && cmk_alloc_slots(1) == slot + 1, "heap/keeps-its-size");
}
