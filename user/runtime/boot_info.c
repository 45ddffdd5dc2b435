/* What the kernel told the initial thread, kept for the whole program. Written before main only. */
#include "runtime.h"

#include <cmk/cluster.h>

static seL4_BootInfo *boot_info;
static struct cmk_cluster cluster;
static bool has_cluster;

void keep_boot_info(seL4_BootInfo *info)
{
    boot_info = info;
    size_t bytes;
    const void *chunk = cmk_find_boot_info(ABI_CMK_BOOT_INFO_ID, &bytes);
    has_cluster = chunk && cmk_parse_cluster(chunk, bytes, &cluster);
}

const void *cmk_find_boot_info(seL4_Word id, size_t *bytes)
{
    return cmk_find_chunk((const char *)boot_info + seL4_BootInfoFrameSize, boot_info->extraLen, id,
                          bytes);
}

seL4_BootInfo *seL4_GetBootInfo(void)
{
    return boot_info;
}

const struct cmk_cluster *cmk_cluster(void)
{
    return has_cluster ? &cluster : NULL;
}
