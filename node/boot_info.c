/*
 * The extra chunks of boot info (contract 9.8): firmware's tables, and last CMK's description of
 * the cluster.
 */
#include <api/cluster.h>
#include <node/node_builder.h>
#include <kernel/assert.h>
#include <kernel/string.h>

enum { MMAP_PAYLOAD_BYTES = 4 + 50 * 24 };

static uint64_t cluster_chunk_bytes(const struct node_builder *b)
{
    const struct cluster *cluster = &global_state.cluster;
    uint64_t cpus = 0;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        cpus += cluster->node[i].cpu_count;
    }
    return sizeof(struct cmk_boot_info) + cluster->node_count * sizeof(struct cmk_boot_node) +
           cpus * sizeof(uint64_t) + b->plan->data_count * sizeof(struct cmk_boot_data) +
           b->plan->argument_bytes;
}

uint64_t extra_chunks_bytes(const struct node_builder *b)
{
    const struct firmware_record *firmware = &global_state.firmware;
    const uint64_t header = sizeof(struct boot_info_chunk);
    return (firmware->has_vbe ? header + sizeof(firmware->vbe) : 0) + header +
           sizeof(firmware->rsdp) +
           (firmware->has_framebuffer ? header + sizeof(firmware->framebuffer) : 0) + header +
           MMAP_PAYLOAD_BYTES + header + sizeof(uint32_t) + cluster_chunk_bytes(b);
}

/* Chunks follow one another without padding, so everything is copied bytewise. */
static uint8_t *append(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *append_header(uint8_t *at, uint64_t id, uint64_t payload)
{
    struct boot_info_chunk header = {id, sizeof(header) + payload};
    return append(at, &header, sizeof(header));
}

static uint8_t *append_firmware(uint8_t *at)
{
    const struct firmware_record *firmware = &global_state.firmware;
    if (firmware->has_vbe) {
        at = append_header(at, BOOT_INFO_X86_VBE, sizeof(firmware->vbe));
        at = append(at, firmware->vbe, sizeof(firmware->vbe));
    }
    at = append_header(at, BOOT_INFO_X86_RSDP, sizeof(firmware->rsdp));
    at = append(at, firmware->rsdp, sizeof(firmware->rsdp));
    if (firmware->has_framebuffer) {
        at = append_header(at, BOOT_INFO_X86_FRAMEBUFFER, sizeof(firmware->framebuffer));
        at = append(at, firmware->framebuffer, sizeof(firmware->framebuffer));
    }
    at = append_header(at, BOOT_INFO_X86_MMAP, MMAP_PAYLOAD_BYTES);
    at = append(at, &firmware->mmap_length, sizeof(firmware->mmap_length));
    at = append(at, firmware->mmap, sizeof(firmware->mmap));
    at = append_header(at, BOOT_INFO_X86_TSC_FREQUENCY, sizeof(global_state.tsc_mhz));
    return append(at, &global_state.tsc_mhz, sizeof(global_state.tsc_mhz));
}

static uint8_t *append_nodes(uint8_t *at, struct cmk_boot_info *chunk)
{
    const struct cluster *cluster = &global_state.cluster;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        struct cmk_boot_node node = {cluster->node[i].cpu_count, chunk->apic_id_count,
                                     cluster->node[i].missing_cpus};
        at = append(at, &node, sizeof(node));
        chunk->apic_id_count += node.cpu_count;
    }
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        for (uint32_t cpu = 0; cpu < cluster->node[i].cpu_count; cpu++) {
            uint64_t apic_id = cluster->cpu[cluster->node[i].cpu[cpu]].apic_id;
            at = append(at, &apic_id, sizeof(apic_id));
        }
    }
    return at;
}

static uint8_t *append_data(uint8_t *at, const struct node_plan *plan)
{
    for (uint32_t i = 0; i < plan->data_count; i++) {
        struct cmk_boot_data data = {.address = plan->image_vaddr + plan->data[i].offset,
                                     .bytes = plan->data[i].bytes};
        memcpy(data.name, plan->data[i].name, sizeof(data.name));
        at = append(at, &data, sizeof(data));
    }
    return at;
}

void write_extra_chunks(struct node_builder *b, const struct cmk_boot_info *cluster)
{
    struct cmk_boot_info chunk = *cluster;
    uint8_t *start = append_firmware(b->extra);
    chunk.bytes = cluster_chunk_bytes(b);
    chunk.node_id = b->node;
    chunk.node_count = global_state.cluster.node_count;
    chunk.nodes_offset = sizeof(chunk);
    chunk.apic_ids_offset = chunk.nodes_offset + chunk.node_count * sizeof(struct cmk_boot_node);
    uint8_t *data = append_nodes(start + sizeof(chunk), &chunk);
    chunk.data_offset = (uint64_t)(data - start);
    chunk.data_count = b->plan->data_count;
    uint8_t *arguments = append_data(data, b->plan);
    chunk.arguments_offset = (uint64_t)(arguments - start);
    chunk.argument_count = b->plan->argument_count;
    chunk.pci_config_base = global_state.pci_config_base;
    chunk.pci_first_bus = global_state.pci_first_bus;
    chunk.pci_last_bus = global_state.pci_last_bus;
    chunk.entry_tsc = global_state.entry_tsc;
    chunk.tsc_khz = global_state.tsc_khz;
    chunk.devices_are_confined = range_bytes(global_state.cluster.iommu_tables) != 0;
    uint8_t *end = append(arguments, b->plan->arguments, b->plan->argument_bytes);
    memcpy(start, &chunk, sizeof(chunk));
    require((uint64_t)(end - b->extra) == b->extra_bytes);
}
