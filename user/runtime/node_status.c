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
        pages[node] = cmk_map_frames(cluster->nodes[node].status_frame, 1, seL4_PageBits, seL4_CanRead,
                                     seL4_X86_Default_VMAttributes);
    }
    return pages[node];
}
