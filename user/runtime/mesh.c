/* <cmk/mesh.h> */
#include "channel_memory.h"
#include "shared_layout.h"

#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <cmk/timer.h>

#define BARRIER_TAG   (1ul << 62)
#define BROADCAST_TAG (2ul << 62)

void *cmk_shared_memory(size_t *bytes)
{
    static void *memory;
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!memory && cluster && cluster->shared.num_frames > 0) {
        memory = cmk_map_frames(cluster->shared.first_slot, cluster->shared.num_frames,
                                seL4_LargePageBits, seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    }
    *bytes = memory ? cluster->shared.bytes : 0;
    return memory;
}

void *cmk_shared_program_memory(size_t *bytes)
{
    unsigned char *memory = cmk_shared_memory(bytes);
    if (!memory || *bytes < NAMES_BYTES) {
        return NULL;
    }
    *bytes -= NAMES_BYTES;
    return memory + NAMES_BYTES;
}

size_t cmk_mesh_bytes(seL4_Word num_nodes, struct cmk_channel_geometry geometry)
{
    return num_nodes <= ABI_CMK_MAX_NODES
               ? num_nodes * (num_nodes - 1) / 2 * cmk_channel_bytes(geometry)
               : 0;
}

/* Pairs are numbered by the greater node, then by the smaller one. */
static seL4_Word pair_number(seL4_Word a, seL4_Word b)
{
    seL4_Word greater = a > b ? a : b;
    return greater * (greater - 1) / 2 + (a > b ? b : a);
}

bool cmk_mesh_open(struct cmk_mesh *mesh, void *memory, struct cmk_channel_geometry geometry,
                   struct cmk_doorbell *bell)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster || !memory) {
        return false;
    }
    *mesh = (struct cmk_mesh){.self = cluster->node_id, .num_nodes = cluster->num_nodes};
    for (seL4_Word node = 0; node < mesh->num_nodes; node++) {
        if (node == mesh->self) {
            continue;
        }
        struct cmk_channel_config config = {
            .geometry = geometry,
            .side = mesh->self > node,
            .peer_status = cmk_node_status(node),
            .bell = bell,
            .button = bell ? cmk_doorbell_button(node, bell->irq) : 0,
        };
        unsigned char *at =
            (unsigned char *)memory + pair_number(mesh->self, node) * cmk_channel_bytes(geometry);
        if (!config.peer_status || (bell && config.button == 0) ||
            !cmk_channel_open(&mesh->end[node], at, &config)) {
            return false;
        }
    }
    return true;
}

/* A message with exactly this tag and length; anything else breaks the channel. */
static enum cmk_channel_error receive_exactly(struct cmk_channel_end *end, uint64_t tag, void *data,
                                              size_t length, uint64_t moment)
{
    struct cmk_message message;
    enum cmk_channel_error error = cmk_channel_receive_until(end, &message, data, length, moment);
    bool wrong = error == CMK_CHANNEL_TOO_LONG ||
                 (error == CMK_CHANNEL_OK &&
                  (message.kind != CMK_MESSAGE || message.tag != tag || message.length != length));
    return wrong ? channel_break(end) : error;
}

/* The worse of two answers of peers. A dead one does not count: it is left out. */
static enum cmk_channel_error worse(enum cmk_channel_error a, enum cmk_channel_error b)
{
    return a == CMK_CHANNEL_BROKEN || b == CMK_CHANNEL_BROKEN         ? CMK_CHANNEL_BROKEN
           : a == CMK_CHANNEL_TIMED_OUT || b == CMK_CHANNEL_TIMED_OUT ? CMK_CHANNEL_TIMED_OUT
                                                                      : CMK_CHANNEL_OK;
}

enum cmk_channel_error cmk_mesh_barrier_until(struct cmk_mesh *mesh, uint64_t moment)
{
    uint64_t tag = BARRIER_TAG | ++mesh->barriers;
    enum cmk_channel_error result = CMK_CHANNEL_OK;
    for (seL4_Word node = 0; node < mesh->num_nodes; node++) {
        if (node != mesh->self) {
            result = worse(result, cmk_channel_send_until(&mesh->end[node], tag, NULL, 0, moment));
        }
    }
    for (seL4_Word node = 0; node < mesh->num_nodes; node++) {
        if (node != mesh->self) {
            result = worse(result, receive_exactly(&mesh->end[node], tag, NULL, 0, moment));
        }
    }
    return result;
}

enum cmk_channel_error cmk_mesh_barrier(struct cmk_mesh *mesh)
{
    return cmk_mesh_barrier_until(mesh, CMK_TIMER_NEVER);
}

enum cmk_channel_error cmk_mesh_broadcast_until(struct cmk_mesh *mesh, seL4_Word root, void *data,
                                                size_t length, uint64_t moment)
{
    if (root >= mesh->num_nodes) {
        return CMK_CHANNEL_UNEXPECTED;
    }
    uint64_t tag = BROADCAST_TAG | ++mesh->broadcasts[root];
    if (mesh->self != root) {
        return receive_exactly(&mesh->end[root], tag, data, length, moment);
    }
    enum cmk_channel_error result = CMK_CHANNEL_OK;
    for (seL4_Word node = 0; node < mesh->num_nodes; node++) {
        if (node == mesh->self) {
            continue;
        }
        enum cmk_channel_error error =
            cmk_channel_send_until(&mesh->end[node], tag, data, length, moment);
        if (error == CMK_CHANNEL_TOO_LONG) {
            return error;
        }
        result = error == CMK_CHANNEL_TIMED_OUT ? error : result;
    }
    return result;
}

enum cmk_channel_error cmk_mesh_broadcast(struct cmk_mesh *mesh, seL4_Word root, void *data,
                                          size_t length)
{
    return cmk_mesh_broadcast_until(mesh, root, data, length, CMK_TIMER_NEVER);
}
