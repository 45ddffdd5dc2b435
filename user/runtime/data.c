/* <cmk/data.h>: found in CMK's chunk of boot info, each time. */
#include <cmk/cluster.h>
#include <cmk/data.h>
#include <string.h>

static bool has_name(const struct cmk_boot_data *data, const char *name)
{
    return strncmp(data->name, name, sizeof(data->name)) == 0;
}

const void *cmk_find_data(const char *name, size_t *size)
{
    size_t bytes;
    const char *chunk = cmk_find_boot_info(ABI_CMK_BOOT_INFO_ID, &bytes);
    struct cmk_boot_info info = {0};
    *size = 0;
    if (chunk == NULL || bytes < sizeof(info)) {
        return NULL;
    }
    memcpy(&info, chunk, sizeof(info));
    if (info.data_offset > bytes ||
        info.data_count > (bytes - info.data_offset) / sizeof(struct cmk_boot_data)) {
        return NULL;
    }
    for (seL4_Word i = 0; i < info.data_count; i++) {
        struct cmk_boot_data data;
        memcpy(&data, chunk + info.data_offset + i * sizeof(data), sizeof(data));
        if (has_name(&data, name)) {
            *size = data.bytes;
            return (const void *)data.address;
        }
    }
    return NULL;
}
