/*
 * Parses the cluster's chunk of boot info (include/api/cluster.h). The kernel wrote it, yet nothing
 * in it is believed before it was checked: a program that finds nonsense here says so instead of
 * running into the dark.
 */
#include <cmk/cluster.h>
#include <string.h>

const void *cmk_find_chunk(const void *extra, size_t extra_bytes, seL4_Word id, size_t *bytes)
{
    size_t at = 0;
    while (extra_bytes - at >= sizeof(seL4_BootInfoHeader)) {
        seL4_BootInfoHeader header; /* a copy: chunks are not aligned */
        memcpy(&header, (const char *)extra + at, sizeof(header));
        if (header.len < sizeof(header) || header.len > extra_bytes - at) {
            return NULL;
        }
        if (header.id == id) {
            *bytes = header.len;
            return (const char *)extra + at;
        }
        at += header.len;
    }
    return NULL;
}

/* Whether `count` items of `size` bytes at `offset` lie inside `bytes` bytes. `size` is not 0. */
static bool inside(size_t bytes, seL4_Word offset, seL4_Word count, size_t size)
{
    return offset <= bytes && count <= (bytes - offset) / size;
}

static struct cmk_region region_from(const struct cmk_boot_region *boot)
{
    return (struct cmk_region){boot->paddr, boot->bytes, boot->first_slot, boot->slots};
}

static bool parse_channels(const struct cmk_boot_info *info, struct cmk_cluster *cluster)
{
    if (info->channel_count > ABI_CMK_MAX_CHANNELS) {
        return false;
    }
    cluster->num_channels = info->channel_count;
    for (seL4_Word i = 0; i < info->channel_count; i++) {
        const struct cmk_boot_channel *boot = &info->channel[i];
        if (boot->peer >= info->node_count || boot->peer == info->node_id) {
            return false;
        }
        cluster->channels[i] =
            (struct cmk_channel){boot->number, boot->peer, region_from(&boot->region)};
    }
    return true;
}

static bool parse_nodes(const char *chunk, const struct cmk_boot_info *info,
                        struct cmk_cluster *cluster)
{
    if (info->node_count < 1 || info->node_count > ABI_CMK_MAX_NODES ||
        info->node_id >= info->node_count || info->apic_id_count > ABI_CMK_MAX_CPUS ||
        !inside(info->bytes, info->nodes_offset, info->node_count, sizeof(struct cmk_boot_node)) ||
        !inside(info->bytes, info->apic_ids_offset, info->apic_id_count, sizeof(seL4_Word))) {
        return false;
    }
    cluster->node_id = info->node_id;
    cluster->num_nodes = info->node_count;
    memcpy(cluster->apic_id_table, chunk + info->apic_ids_offset,
           info->apic_id_count * sizeof(seL4_Word));

    for (seL4_Word i = 0; i < info->node_count; i++) {
        struct cmk_boot_node boot;
        memcpy(&boot, chunk + info->nodes_offset + i * sizeof(boot), sizeof(boot));
        if (boot.cpu_count < 1 || boot.cpu_count > ABI_CMK_MAX_NODE_CPUS ||
            !inside(info->apic_id_count, boot.first_cpu, boot.cpu_count, 1)) {
            return false;
        }
        cluster->nodes[i].num_cpus = boot.cpu_count;
        cluster->nodes[i].num_missing_cpus = boot.missing_cpus;
        cluster->nodes[i].apic_ids = &cluster->apic_id_table[boot.first_cpu];
        cluster->nodes[i].status_frame = info->first_status_slot + i;
    }
    return true;
}

static bool parse_arguments(const char *chunk, const struct cmk_boot_info *info,
                            struct cmk_cluster *cluster)
{
    if (info->argument_count > ABI_CMK_MAX_ARGUMENTS || info->arguments_offset > info->bytes) {
        return false;
    }
    size_t bytes = info->bytes - info->arguments_offset;
    if (bytes > ABI_CMK_ARGUMENT_BYTES) {
        bytes = ABI_CMK_ARGUMENT_BYTES;
    }
    memcpy(cluster->argument_text, chunk + info->arguments_offset, bytes);

    char *at = cluster->argument_text;
    char *end = at + bytes;
    for (seL4_Word i = 0; i < info->argument_count; i++) {
        char *zero = memchr(at, '\0', (size_t)(end - at));
        if (!zero) {
            return false;
        }
        cluster->argv[i] = at;
        at = zero + 1;
    }
    cluster->argc = (int)info->argument_count;
    return true;
}

bool cmk_parse_cluster(const void *chunk, size_t bytes, struct cmk_cluster *cluster)
{
    struct cmk_boot_info info;

    memset(cluster, 0, sizeof(*cluster));
    if (bytes < sizeof(info)) {
        return false;
    }
    memcpy(&info, chunk, sizeof(info));
    if (info.id != ABI_CMK_BOOT_INFO_ID || info.bytes < sizeof(info) || info.bytes > bytes) {
        return false;
    }
    cluster->ipi_control = info.ipi_control_slot;
    cluster->node_control = info.node_control_slot;
    cluster->shared = region_from(&info.shared);
    cluster->pci_config =
        (struct cmk_pci_config){info.pci_config_base, info.pci_first_bus, info.pci_last_bus};
    cluster->entry_tsc = info.entry_tsc;
    cluster->tsc_khz = info.tsc_khz;
    cluster->cluster_control = info.cluster_control_slot;
    cluster->devices_are_confined = info.devices_are_confined != 0;
    cluster->log_frame = info.first_log_slot;
    if (parse_nodes(chunk, &info, cluster) && parse_channels(&info, cluster) &&
        parse_arguments(chunk, &info, cluster)) {
        return true;
    }
    memset(cluster, 0, sizeof(*cluster));
    return false;
}
