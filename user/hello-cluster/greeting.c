/*
 * A page of greetings, one entry per node in the first shared frame. Part 1 of boot zeroed the
 * frame, so `ready` is 0 until its node has written its text.
 */
#include "greeting.h"

#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CACHE_LINE 64
#define TEXT_BYTES (2 * CACHE_LINE - sizeof(atomic_uint))

/* Written by its node only, read by all others; no two nodes write to the same cache line. */
struct greeting {
    /* stored with release after the text, loaded with acquire before it */
    _Alignas(CACHE_LINE) atomic_uint ready;
    char text[TEXT_BYTES];
};

_Static_assert(sizeof(struct greeting) == 2 * CACHE_LINE, "a greeting fills whole cache lines");

/* How long a node waits for one other: boot of a large cluster in an emulator takes seconds. */
#define WAIT_SECONDS 30
#define SPINS        1000

static uint64_t read_tsc(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The TSC's frequency as boot info says it. */
static uint64_t tsc_per_second(void)
{
    uint32_t megahertz = 0;
    size_t bytes;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    if (chunk && bytes >= sizeof(seL4_BootInfoHeader) + sizeof(megahertz)) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    return (megahertz ? megahertz : 1000) * 1000000ul;
}

/* Bounded by WAIT_SECONDS of the TSC. */
static bool wait_for(const struct greeting *greeting)
{
    uint64_t start = read_tsc();
    uint64_t limit = WAIT_SECONDS * tsc_per_second();

    while (read_tsc() - start < limit) {
        for (int i = 0; i < SPINS; i++) {
            if (atomic_load_explicit(&greeting->ready, memory_order_acquire)) {
                return true;
            }
            __builtin_ia32_pause();
        }
        seL4_Yield();
    }
    return false;
}

/*
 * Prints what another node wrote, believing nothing of it: neither that it ends nor that it is
 * text.
 */
static void print_greeting(seL4_Word node, const struct greeting *greeting)
{
    printf("node %lu says: ", node);
    for (size_t i = 0; i < TEXT_BYTES && greeting->text[i]; i++) {
        char c = greeting->text[i];
        putchar(c >= ' ' && c <= '~' ? c : '?');
    }
    printf("\n");
}

bool greet_everyone(const struct cmk_cluster *cluster)
{
    seL4_Word self = cluster->node_id;
    if (cluster->shared.num_frames == 0) {
        printf("there is no shared frame\n");
        return false;
    }
    struct greeting *greetings = cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits,
                                                seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    if (!greetings) {
        printf("the first shared frame cannot be mapped\n");
        return false;
    }

    snprintf(greetings[self].text, TEXT_BYTES, "Greetings from node %lu and its %lu CPUs!", self,
             cluster->nodes[self].num_cpus);
    atomic_store_explicit(&greetings[self].ready, 1, memory_order_release);

    bool complete = true;
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        if (node == self) {
            continue;
        }
        if (wait_for(&greetings[node])) {
            print_greeting(node, &greetings[node]);
        } else {
            printf("node %lu says nothing\n", node);
            complete = false;
        }
    }
    return complete;
}
