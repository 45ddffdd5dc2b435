/*
 * A replicated key-value store in the shape of Multimed (Salomie and others, EuroSys 2011): node 1
 * orders all writes, the nodes above hold replicas that follow its log, and a dispatcher on node 0
 * sends writes to node 1 and spreads reads over the replicas. A client sees its own writes, because
 * a read names the last write that it must show. The nodes find each other's channels with the name
 * service.
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

struct cmk_names names;
static struct cmk_doorbell bell;

bool publish(const char *name)
{
    return cmk_names_publish(&names, name, (struct cmk_channel_geometry){64, 0}) == CMK_NAMES_OK;
}

/* Bounded by the start of the other node, or the end of node 0. */
bool connect_to(const char *name, struct cmk_channel_end *end)
{
    enum cmk_names_error error;
    while ((error = cmk_names_connect(&names, name, end)) == CMK_NAMES_NONE) {
        seL4_Yield();
    }
    return error == CMK_NAMES_OK;
}

/* Bounded likewise: whoever connects rings this node. */
bool accept_one(const char *name, struct cmk_channel_end *end, seL4_Word *node)
{
    enum cmk_names_error error;
    while ((error = cmk_names_accept(&names, name, end, node)) == CMK_NAMES_NONE) {
        cmk_doorbell_sleep(&bell);
    }
    return error == CMK_NAMES_OK;
}

int main(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!cluster || cluster->num_nodes < 3 || !cmk_doorbell_create(&bell, 1) ||
        !cmk_names_start() || !cmk_names_join(&names, &bell)) {
        printf("this needs three nodes or more, and 2 MiB of shared memory\n");
        return EXIT_FAILURE;
    }
    seL4_Word replicas = cluster->num_nodes - 2;
    return cluster->node_id == 0        ? dispatch(replicas)
           : cluster->node_id == WRITER ? serve_writes(replicas)
                                        : serve_reads(cluster->node_id);
}
