/*
 * An address space mirrored on two nodes over shared frames ("The Clustered Multikernel", 4.2.1):
 * page tables are each node's own, so node 0 keeps what is mapped, and node 1 repeats every map and
 * unmap when it is told to by a call. What lies in the frames is then at the same addresses on
 * both: node 0 builds a list of pointers, node 1 walks it, doubles the values, and both agree.
 * Before a page disappears on node 0 it is gone on node 1.
 */
#include <cmk/mesh.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>

#define MIRROR_BASE  0x200000000000ul /* where nothing else is */
#define MIRROR_BYTES (16ul << seL4_LargePageBits)
#define ITEMS        1000

enum { MAP = 1, UNMAP, WALK };

struct command {
    uint64_t method;
    uint64_t frame; /* number in the shared region */
    uint64_t vaddr;
    uint64_t writable;
};

struct result {
    uint64_t error;
    uint64_t sum;
};

struct item {
    struct item *next; /* an address that means the same on both nodes */
    uint64_t value;
};

static struct cmk_mesh mesh;
static struct cmk_doorbell bell;
static const struct cmk_region *region;

/*
 * Each node's half of a map. Frame and address are checked, whoever asks; the first frame holds the
 * channels.
 */
static uint64_t apply(const struct command *command)
{
    if (command->frame < 1 || command->frame >= region->num_frames ||
        command->vaddr < MIRROR_BASE || command->vaddr - MIRROR_BASE >= MIRROR_BYTES ||
        command->vaddr % LIBSEL4_BIT(seL4_LargePageBits) != 0) {
        return seL4_InvalidArgument;
    }
    seL4_CPtr frame = region->first_slot + command->frame;
    if (command->method == UNMAP) {
        return seL4_X86_Page_Unmap(frame);
    }
    return cmk_map_frame(frame, command->vaddr, command->writable ? seL4_ReadWrite : seL4_CanRead,
                         seL4_X86_Default_VMAttributes);
}

/*
 * Node 1 first when something goes away, node 0 first when something comes: node 1 never has more
 * than node 0.
 */
static bool mirror(const struct command *command, struct result *result)
{
    size_t length = 0;
    uint64_t own = command->method == MAP ? apply(command) : 0;
    enum cmk_channel_error error = own == 0
                                       ? cmk_channel_call(&mesh.end[1], command, sizeof(*command),
                                                          result, sizeof(*result), &length)
                                       : CMK_CHANNEL_OK;
    if (command->method == UNMAP && error == CMK_CHANNEL_OK) {
        own = apply(command);
    }
    return own == 0 && error == CMK_CHANNEL_OK && length == sizeof(*result) && result->error == 0;
}

/* Follows pointers that the other node wrote: only inside the mirrored space, and not for ever. */
static uint64_t walk_and_double(uint64_t vaddr)
{
    uint64_t sum = 0;
    struct item *item = (struct item *)vaddr;
    for (unsigned i = 0; i < ITEMS && item; i++) {
        if ((uint64_t)item < vaddr || (uint64_t)item >= vaddr + ITEMS * sizeof(*item)) {
            return 0;
        }
        struct item *next = item->next;
        sum += item->value;
        item->value *= 2;
        item = next;
    }
    return sum;
}

static int lead(void)
{
    struct result result;
    uint64_t sum = 0;
    struct command map = {MAP, 1, MIRROR_BASE, true};
    if (!mirror(&map, &result)) {
        printf("the page cannot be mapped on both nodes\n");
        return EXIT_FAILURE;
    }
    struct item *items = (struct item *)MIRROR_BASE;
    for (unsigned i = 0; i < ITEMS; i++) {
        unsigned at = i * 7 % ITEMS, next = (i + 1) * 7 % ITEMS;
        items[at] = (struct item){i + 1 < ITEMS ? &items[next] : NULL, i};
    }
    if (!mirror(&(struct command){WALK, 1, MIRROR_BASE, 0}, &result) ||
        result.sum != ITEMS * (ITEMS - 1) / 2) {
        printf("node 1 walked the list and found %lu\n", result.sum);
        return EXIT_FAILURE;
    }
    for (struct item *item = items; item; item = item->next) {
        sum += item->value;
    }
    printf("node 1 walked the list of node 0 at the same addresses: %lu; doubled it is %lu\n",
           result.sum, sum);
    map.method = UNMAP;
    if (sum != 2 * result.sum || !mirror(&map, &result)) {
        return EXIT_FAILURE;
    }
    printf("mapped and unmapped on both nodes\n");
    return EXIT_SUCCESS;
}

/* Ends well when node 0 has ended: then nothing can change any more. */
static int follow(void)
{
    for (;;) {
        struct cmk_message message;
        struct command command;
        enum cmk_channel_error error =
            cmk_channel_receive(&mesh.end[0], &message, &command, sizeof(command));
        if (error != CMK_CHANNEL_OK || message.length != sizeof(command)) {
            return error == CMK_CHANNEL_DEAD ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        struct result result = {0, 0};
        if (command.method == WALK) {
            result.sum = walk_and_double(MIRROR_BASE);
        } else {
            result.error = apply(&command);
        }
        (void)cmk_channel_reply(&mesh.end[0], &message, &result, sizeof(result));
    }
}

int main(void)
{
    size_t bytes;
    const struct cmk_cluster *cluster = cmk_cluster();
    region = cluster ? &cluster->shared : NULL;
    if (!cluster || cluster->num_nodes < 2 || region->num_frames < 2 ||
        !cmk_doorbell_create(&bell, 1)) {
        printf("this needs two nodes and shared=4M\n");
        return EXIT_FAILURE;
    }
    /*
     * Only the first frame of the region is mapped for the channels; the others are for the
     * mirrored space.
     */
    void *memory = cmk_map_frames(region->first_slot, 1, seL4_LargePageBits, seL4_ReadWrite,
                                  seL4_X86_Default_VMAttributes);
    bytes = LIBSEL4_BIT(seL4_LargePageBits);
    static const struct cmk_channel_geometry geometry = {16, 0};
    if (!memory || cmk_mesh_bytes(cluster->num_nodes, geometry) > bytes ||
        !cmk_mesh_open(&mesh, memory, geometry, &bell)) {
        return EXIT_FAILURE;
    }
    return mesh.self == 0 ? lead() : mesh.self == 1 ? follow() : EXIT_SUCCESS;
}
