/*
 * A channel's memory belongs to two nodes. Its owners, nodes 0 and 1, fill it with a secret, and
 * tell everybody what it looks like and where it lies. Nodes without the channel then look for it
 * in all memory that they can get, by all means (thief.c), and write over what they find;
 * afterwards the owners must find it unchanged. With the argument keep=TICKS the owners look after
 * it for so long instead, whatever other program runs on the other nodes.
 */
#include "foreign.h"

#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmk_cluster *cluster;
struct board *board;
static int failures;

void check(bool good, const char *name)
{
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
    failures += !good;
}

static void wait_for(const atomic_ulong *word, unsigned long value)
{
    while (atomic_load(word) < value) { /* bounded by the test's time limit */
        seL4_Yield();
    }
}

static bool is_intact(const volatile seL4_Word *words, seL4_Word count, seL4_Word tag)
{
    for (seL4_Word i = 0; i < count; i++) {
        if (words[i] != secret(tag, i)) {
            printf("word %lu is 0x%lx\n", i, words[i]);
            return false;
        }
    }
    return true;
}

static void write_secret(volatile seL4_Word *words, const struct cmk_region *region)
{
    seL4_Word tag = (__builtin_ia32_rdtsc() & 0xffffffff) | 1;
    for (seL4_Word i = 0; i < region->bytes / sizeof(seL4_Word); i++) {
        words[i] = secret(tag, i);
    }
    atomic_store(&board->paddr, region->paddr);
    atomic_store(&board->bytes, region->bytes);
    atomic_store(&board->tag, tag);
}

static void own(unsigned long keep)
{
    const struct cmk_region *region = &cluster->channels[0].region;
    seL4_Word count = region->bytes / sizeof(seL4_Word);
    seL4_Word *words = cmk_map_frames(region->first_slot, region->num_frames, seL4_LargePageBits,
                                      seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    check(words != NULL, "the-channel-can-be-mapped-by-its-nodes");
    if (!words) {
        return;
    }
    if (cluster->node_id == 0) {
        write_secret(words, region);
        wait_for(&board->seen, 1);
    } else {
        wait_for(&board->tag, 1);
        check(is_intact(words, count, atomic_load(&board->tag)), "both-see-the-same");
        atomic_store(&board->seen, 1);
    }
    const struct cmk_status_page *page = cmk_node_status(cluster->node_id);
    uint64_t end = cmk_node_ticks(page) + keep;
    bool intact = true;
    do {
        intact = intact && is_intact(words, count, atomic_load(&board->tag));
        seL4_Yield();
    } while (keep > 0 ? cmk_node_ticks(page) < end
                      : atomic_load(&board->tried) < cluster->num_nodes - 2);
    check(intact && is_intact(words, count, atomic_load(&board->tag)),
          "nobody-else-has-written-there");
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    board = cluster ? cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits,
                                     seL4_ReadWrite, seL4_X86_Default_VMAttributes)
                    : NULL;
    if (!board) {
        return EXIT_FAILURE;
    }
    if (cluster->num_channels > 0) {
        own(argc > 1 && strncmp(argv[1], "keep=", 5) == 0 ? strtoul(argv[1] + 5, NULL, 0) : 0);
    } else {
        wait_for(&board->seen, 1);
        steal();
        atomic_fetch_add(&board->tried, 1);
    }
    return failures;
}
