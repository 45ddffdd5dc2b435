/* 50 MiB of memory in its image: more pages than seL4's root CNode has slots. */
#include <sel4/sel4.h>
#include <stdio.h>

enum { PAGE_BYTES = 4096 };

static char memory[50 << 20];

int main(void)
{
    for (size_t at = 0; at < sizeof(memory); at += PAGE_BYTES) {
        if (memory[at] != 0) {
            printf("byte %lu is not 0\n", (unsigned long)at);
            return 1;
        }
        memory[at] = 1;
    }
    const seL4_BootInfo *info = seL4_GetBootInfo();
    printf("%lu CNode bits, %lu slots are empty\n", (unsigned long)info->initThreadCNodeSizeBits,
           (unsigned long)(info->empty.end - info->empty.start));
    return 0;
}
