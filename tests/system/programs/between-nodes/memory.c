/*
 * Memory that belongs to others: status pages are for reading only, a channel only for its two
 * nodes.
 */
#include "tests.h"

#include <stdatomic.h>
#include <stdio.h>

static volatile uint64_t *target;
static atomic_int stored;

static void store(void *argument)
{
    (void)argument;
    *target = 0;
    atomic_store(&stored, 1);
}

/* A thread that tries to store there faults; it has no fault handler and stops. */
static bool is_read_only(seL4_Word node)
{
    static struct cmk_thread thread;
    seL4_CPtr copy = cmk_alloc_slot();
    if (seL4_CNode_Copy(seL4_CapInitThreadCNode, copy, seL4_WordBits, seL4_CapInitThreadCNode,
                        cluster->nodes[node].status_frame, seL4_WordBits,
                        seL4_AllRights) != seL4_NoError) {
        return false;
    }
    struct cmk_status_page *page =
        cmk_map_frames(copy, 1, seL4_PageBits, seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    if (!page) {
        return true; /* refused altogether would do too */
    }
    target = &page->state;
    if (!cmk_create_thread(&thread, 0, 255, store, NULL)) {
        return false;
    }
    uint64_t ticks = cmk_node_ticks(cmk_node_status(mesh.self));
    while (cmk_node_ticks(cmk_node_status(mesh.self)) < ticks + 20) { /* it has had its turn */
        seL4_Yield();
    }
    return atomic_load(&stored) == 0 && page->state == CMK_STATUS_RUNNING;
}

void test_status_pages(void)
{
    bool running = true;
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        const struct cmk_status_page *page = cmk_node_status(node);
        running = running && page && page->state == CMK_STATUS_RUNNING && !cmk_node_has_ended(page);
        uint64_t ticks = page ? cmk_node_ticks(page) : 0;
        while (page && cmk_node_ticks(page) == ticks) { /* bounded by the test's time limit */
            seL4_Yield();
        }
    }
    check(running, "every node's status page says that it runs, and its ticks go on");
    check(is_read_only(mesh.self), "the own status page cannot be written");
    check(is_read_only((mesh.self + 1) % mesh.num_nodes), "nor can that of another node");
    check(cmk_node_status(cluster->num_nodes) == NULL,
          "there is no status page of a node that does not exist");
}

static bool overlaps(seL4_Word start, seL4_Word bytes, const struct cmk_region *region)
{
    return start < region->paddr + region->bytes && region->paddr < start + bytes;
}

/* Whether any capability that this node began with covers part of the region. */
static bool reaches(const struct cmk_region *region)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        if (overlaps(info->untypedList[i].paddr, LIBSEL4_BIT(info->untypedList[i].sizeBits),
                     region)) {
            return true;
        }
    }
    for (seL4_CPtr slot = 1; slot < info->empty.start; slot++) {
        seL4_X86_Page_GetAddress_t address = {.error = seL4_InvalidCapability};
        bool frame = (slot >= info->userImageFrames.start && slot < info->userImageFrames.end) ||
                     (slot >= info->sharedFrames.start && slot < info->sharedFrames.end) ||
                     (slot >= info->untyped.end && slot != cluster->ipi_control &&
                      slot != cluster->node_control);
        if (frame) {
            address = seL4_X86_Page_GetAddress(slot);
        }
        if (address.error == seL4_NoError && overlaps(address.paddr, 1, region)) {
            return true;
        }
    }
    return false;
}

/* Nodes 0 and 1 have a channel; everybody is told where it lies. */
void test_foreign_channel(void)
{
    struct cmk_region region = {0};
    bool mine = false;
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        region = cluster->channels[i].region;
        mine = true;
    }
    if (cmk_mesh_broadcast(&mesh, 0, &region, sizeof(region)) != CMK_CHANNEL_OK ||
        region.bytes == 0) {
        return;
    }
    check(mine == (mesh.self <= 1), "a channel is shown to its two nodes only");
    check(reaches(&region) == (mesh.self <= 1), "no capability of another node reaches it");
}
