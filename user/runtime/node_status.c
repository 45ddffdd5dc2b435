/* <cmk/node_status.h> */
#include <cmk/cluster.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>

const struct cmk_status_page *cmk_node_status(seL4_Word node)
{
    static const struct cmk_status_page *pages[ABI_CMK_MAX_NODES];
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster || node >= cluster->num_nodes) {
        return NULL;
    }
    if (!pages[node]) {
        pages[node] = cmk_map_frames(cluster->nodes[node].status_frame, 1, seL4_PageBits,
                                     seL4_CanRead, seL4_X86_Default_VMAttributes);
    }
    return pages[node];
}

cmk_OtherNode cmk_other_node(seL4_Word node)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_CPtr slot = cluster && cluster->cluster_control ? cmk_alloc_slot() : 0;
    if (slot != 0 &&
        cmk_ClusterControl_GetNode(cluster->cluster_control, node, seL4_CapInitThreadCNode, slot,
                                   seL4_WordBits) != seL4_NoError) {
        cmk_free_slot(slot);
        slot = 0;
    }
    return slot;
}

bool cmk_node_watch(struct cmk_node_watch *watch, seL4_Word node)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    *watch = (struct cmk_node_watch){.page = cmk_node_status(node)};
    if (!watch->page) {
        return false;
    }
    watch->own = cmk_node_status(cluster->node_id);
    watch->ticks = cmk_node_ticks(watch->page);
    watch->moved = cmk_node_ticks(watch->own);
    return true;
}

enum cmk_node_health cmk_node_look(struct cmk_node_watch *watch, uint64_t patience)
{
    if (cmk_node_has_ended(watch->page)) {
        return CMK_NODE_ENDED;
    }
    uint64_t ticks = cmk_node_ticks(watch->page);
    uint64_t now = cmk_node_ticks(watch->own);
    if (ticks != watch->ticks) {
        watch->ticks = ticks;
        watch->moved = now;
    }
    return now - watch->moved > patience ? CMK_NODE_SILENT : CMK_NODE_WELL;
}
