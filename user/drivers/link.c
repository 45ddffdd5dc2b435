/* <drivers/link.h> */
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <drivers/link.h>

bool link_open(struct cmk_channel_end *end, const struct cmk_channel *channel,
               struct cmk_doorbell *bell)
{
    struct cmk_channel_config config = {
        .geometry = {.lines = LINK_LINES},
        .side = cmk_cluster()->node_id < channel->peer ? 0 : 1,
        .peer_status = cmk_node_status(channel->peer),
        .bell = bell,
        .button = cmk_doorbell_button(channel->peer, LINK_IRQ),
    };
    if (config.button == 0 || cmk_channel_bytes(config.geometry) > channel->region.bytes) {
        return false;
    }
    void *memory =
        cmk_map_frames(channel->region.first_slot, channel->region.num_frames, seL4_LargePageBits,
                       seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    return memory && cmk_channel_open(end, memory, &config);
}

const struct cmk_channel *link_find_channel(seL4_Word peer)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    for (seL4_Word i = 0; cluster && i < cluster->num_channels; i++) {
        if (cluster->channels[i].peer == peer) {
            return &cluster->channels[i];
        }
    }
    return NULL;
}
