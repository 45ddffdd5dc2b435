/*
 * Maps something of every kind that the node has (private memory in all page sizes that fit, shared
 * and channel regions, status pages, and the largest device untyped's first page), says so, and
 * runs on: for checks from the outside. With threads on every CPU of the node, so that each has
 * this VSpace loaded. With the argument "third" node 0 first starts every other node twice again.
 */
#include <cmk/cluster.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool good, const char *what)
{
    if (!good) {
        printf("cannot %s\n", what);
        exit(1);
    }
}

/* The attributes are ignored: such memory is write-back for everybody. */
static void map_region(const struct cmk_region *region, seL4_X86_VMAttributes attributes)
{
    must(region->bytes == 0 ||
             cmk_map_frames(region->first_slot, region->num_frames, seL4_LargePageBits,
                            seL4_AllRights, attributes) != NULL,
         "map a shared region");
}

static void map_private_memory(void)
{
    must(cmk_alloc_pages(100) != NULL, "map small pages");
    seL4_CPtr large = cmk_alloc_object(seL4_X86_LargePageObject, 0);
    must(large != 0 && cmk_map_frames(large, 1, seL4_LargePageBits, seL4_AllRights,
                                      seL4_X86_Default_VMAttributes) != NULL,
         "map a large page");
}

static void map_device_page(void)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        if (info->untypedList[i].isDevice && info->untypedList[i].sizeBits >= seL4_PageBits) {
            seL4_CPtr slot = cmk_alloc_slot();
            must(seL4_Untyped_Retype(info->untyped.start + i, seL4_X86_4K, 0,
                                     seL4_CapInitThreadCNode, 0, 0, slot, 1) == 0,
                 "retype a device page");
            must(cmk_map_frames(slot, 1, seL4_PageBits, seL4_AllRights, seL4_X86_Uncacheable) !=
                     NULL,
                 "map a device page");
            return;
        }
    }
}

static void run_on(void *argument)
{
    (void)argument;
    for (;;) {
        __asm__ volatile("pause");
    }
}

/* The frames that boot gave to this node and to others, by their addresses. */
static void print_frames(seL4_CPtr first, seL4_Word count)
{
    for (seL4_Word i = 0; i < count; i++) {
        seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(first + i);
        must(address.error == 0, "ask a shared frame for its address");
        printf(" %#lx", address.paddr);
    }
}

static void print_shared_frames(const struct cmk_cluster *cluster)
{
    seL4_SlotRegion shared = seL4_GetBootInfo()->sharedFrames;
    printf("frames of several nodes:");
    print_frames(shared.start, shared.end - shared.start);
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        print_frames(cluster->channels[i].region.first_slot,
                     cluster->channels[i].region.num_frames);
    }
    printf("\n");
}

enum { LIVES = 3 };

/* Node 0: all others come to their last life. They wait for it. */
static void start_others_again(const struct cmk_cluster *cluster)
{
    for (seL4_Word node = 1; node < cluster->num_nodes; node++) {
        const struct cmk_status_page *page = cmk_node_status(node);
        seL4_CPtr control = cmk_other_node(node);
        must(control != 0, "get a node's control");
        for (unsigned life = 1; life < LIVES; life++) {
            while (__atomic_load_n(&page->state, __ATOMIC_ACQUIRE) != CMK_STATUS_RUNNING) {
                __asm__ volatile("pause");
            }
            must(cmk_OtherNode_Stop(control) == 0 && cmk_OtherNode_Start(control) == 0,
                 "start a node again");
        }
    }
}

static void come_to_last_life(const struct cmk_cluster *cluster)
{
    if (cluster->node_id == 0) {
        start_others_again(cluster);
    } else if (cmk_node_status(cluster->node_id)->generation < LIVES) {
        run_on(NULL);
    }
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    must(cluster != NULL, "find the cluster");
    bool third = argc > 1 && strcmp(argv[1], "third") == 0;
    if (third) {
        come_to_last_life(cluster); /* which maps status pages, too */
    }
    map_private_memory();
    map_device_page();
    map_region(&cluster->shared, seL4_X86_Uncacheable);
    for (seL4_Word i = 0; i < cluster->num_channels; i++) {
        map_region(&cluster->channels[i].region, seL4_X86_WriteCombining);
    }
    must(third || cmk_map_frames(cluster->nodes[0].status_frame, cluster->num_nodes, seL4_PageBits,
                                 seL4_AllRights, seL4_X86_CacheDisabled) != NULL,
         "map the status pages");
    static struct cmk_thread threads[ABI_CMK_MAX_NODE_CPUS];
    for (seL4_Word cpu = 1; cpu < cluster->nodes[cluster->node_id].num_cpus; cpu++) {
        must(cmk_create_thread(&threads[cpu], cpu, 100, run_on, NULL), "create a thread");
    }
    print_shared_frames(cluster);
    printf("mapped, waiting\n");
    __asm__ volatile("xchg %bx, %bx"); /* Bochs stops here if it was told to */
    run_on(NULL);
}
