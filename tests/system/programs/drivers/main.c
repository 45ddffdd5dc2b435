/*
 * Devices of nodes: node 0 has all that is left, node 1 has the function 00:05.0 (QEMU's edu) and
 * com2's ports, node 2 has nothing. Prints PASS and FAIL lines. With an argument, node 1's kernel
 * is asked for its counts of interrupts: debug kernels only.
 */
#include "suite.h"

#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned failures;

void report(const char *name, bool good)
{
    failures += !good;
    printf("%s %s\n", good ? "PASS" : "FAIL", name);
}

void check_equal(const char *name, seL4_Word value, seL4_Word expected)
{
    if (value != expected) {
        printf("%s: 0x%lx, expected 0x%lx\n", name, value, expected);
    }
    report(name, value == expected);
}

static uint64_t milliseconds(void)
{
    static uint32_t megahertz;
    if (megahertz == 0) {
        size_t bytes;
        const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
        __builtin_memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    return __builtin_ia32_rdtsc() / (megahertz * 1000ul);
}

void wait_until(_Atomic uint64_t *word, uint64_t value)
{
    while (atomic_load_explicit(word, memory_order_acquire) < value) {
        seL4_Yield();
    }
}

void pause_milliseconds(unsigned count)
{
    uint64_t end = milliseconds() + count;
    while (milliseconds() < end) {
        seL4_Yield();
    }
}

int main(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    struct common *common = cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits,
                                           seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    if (cluster->node_id == 0) {
        test_node_with_all();
    } else if (cluster->node_id == 1) {
        test_node_with_list();
    } else {
        test_node_without();
    }
    test_messages(cluster, common);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
