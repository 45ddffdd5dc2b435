/* Says of each address among its arguments whether a device untyped of this node covers it. */
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
    for (int i = 1; i < argc; i++) {
        seL4_Word address = strtoul(argv[i], NULL, 0);
        printf("0x%lx %s\n", (unsigned long)address,
               is_device_memory(address) ? "is device memory" : "is no device memory");
    }
    return 0;
}
