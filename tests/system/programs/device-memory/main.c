/*
 * What came of firmware's tables: the CPUs of each node, and of each address among the arguments
 * whether a device untyped of this node covers it.
 */
#include <cmk/cluster.h>
#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_device_memory(seL4_Word address)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    seL4_Word count = info->untyped.end - info->untyped.start;
    for (seL4_Word i = 0; i < count; i++) {
        const seL4_UntypedDesc *untyped = &info->untypedList[i];
        if (untyped->isDevice && address >= untyped->paddr &&
            address - untyped->paddr < (seL4_Word)1 << untyped->sizeBits) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        printf("node %lu has %lu CPUs, %lu missing\n", node, cluster->nodes[node].num_cpus,
               cluster->nodes[node].num_missing_cpus);
    }
    for (int i = 1; i < argc; i++) {
        seL4_Word address = strtoul(argv[i], NULL, 0);
        printf("0x%lx %s\n", (unsigned long)address,
               is_device_memory(address) ? "is device memory" : "is no device memory");
    }
    return 0;
}
