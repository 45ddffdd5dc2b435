/*
 * Containment: one node's kernel goes wrong, the others run on. Arguments: which node fails, and how ("write PADDR": its
 * kernel writes where its window would have that physical address; "assert"). The failing node waits until the others have
 * started; they go on until they have seen it stop in its status page, and then still work.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cmk_cluster *cluster;

static const volatile struct cmk_status_page *status_of(seL4_Word node)
{
    return cmk_map_frames(cluster->nodes[node].status_frame, 1, seL4_PageBits, seL4_CanRead, seL4_X86_Default_VMAttributes);
}

static int fail(char **how)
{
    for (unsigned i = 0; i < 2000; i++) {
        seL4_Yield();
    }
    bool write = strcmp(how[0], "write") == 0;
    printf("failing by %s\n", how[0]);
    cmk_NodeControl_Trigger(cluster->node_control, write ? CMK_TRIGGER_WRITE : CMK_TRIGGER_ASSERT,
                            write ? strtoul(how[1], NULL, 0) : 0);
    printf("still here after the trigger\n");
    return 2;
}

static int survive(seL4_Word failing)
{
    const volatile struct cmk_status_page *status = status_of(failing);
    while (status->state != CMK_STATUS_STOPPED) {
        seL4_Yield();
    }
    void *memory = cmk_alloc_pages(64);
    if (memory == NULL) {
        return 3;
    }
    memset(memory, 0xa5, 64 << seL4_PageBits);
    printf("survived; node %lu stopped: %s\n", failing, (const char *)(seL4_Word)status->reason);
    return 0;
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    if (cluster == NULL || argc < 3) {
        return 4;
    }
    seL4_Word failing = strtoul(argv[1], NULL, 0);
    return cluster->node_id == failing ? fail(&argv[2]) : survive(failing);
}
