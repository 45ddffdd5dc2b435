/*
 * A channel between each two nodes, in the shared region, and what programs that run on all nodes
 * do over it: come together, and tell all the same. A node that ends is left out from then on.
 *
 * The shared region is every node's: a mesh protects from a wrong or dead node by errors, not by
 * secrecy. Two nodes that want that use a region of their own (channel=A-B) with cmk_channel_open.
 */
#ifndef CMK_MESH_H
#define CMK_MESH_H

#include <cmk/channel.h>
#include <cmk/cluster.h>
#include <cmk/language.h>

CMK_BEGIN_C

struct cmk_mesh {
    seL4_Word self, num_nodes;
    struct cmk_channel_end end[ABI_CMK_MAX_NODES]; /* to each node; end[self] is not used */
    uint64_t barriers, broadcasts[ABI_CMK_MAX_NODES];
};

/*
 * The shared region, mapped at the first call; *bytes becomes its size. Null if there is none.
 * Initial thread only.
 */
void *cmk_shared_memory(size_t *bytes);

/* The part of it that the name service does not use (cmk/names.h). */
void *cmk_shared_program_memory(size_t *bytes);

/* Bytes of a mesh's memory; 0 if the geometry is not possible. */
size_t cmk_mesh_bytes(seL4_Word num_nodes, struct cmk_channel_geometry geometry);

/*
 * Opens this node's ends. All nodes give the same place in the shared region and the same geometry,
 * and doorbells with the same irq. False if anything is not possible. Initial thread only.
 */
bool cmk_mesh_open(struct cmk_mesh *mesh, void *memory, struct cmk_channel_geometry geometry,
                   struct cmk_doorbell *bell);

/*
 * Returns when all nodes that live have called it as often as this one. All to all: each node sends
 * one message to each other. OK, or BROKEN if some peer sent anything else. No other messages may
 * be under way on the mesh.
 */
enum cmk_channel_error cmk_mesh_barrier(struct cmk_mesh *mesh);

/*
 * The root's `length` bytes at `data` become those of all others, who all call it with the same
 * root and length. DEAD: the root ended before this node got them, though others may have got them.
 * BROKEN: the root sent something else.
 */
enum cmk_channel_error cmk_mesh_broadcast(struct cmk_mesh *mesh, seL4_Word root, void *data,
                                          size_t length);

/*
 * The same, until `moment` (<cmk/timer.h>) at most: then TIMED_OUT, and the mesh is in no state to
 * go on with, since some nodes may have got what others have not.
 */
enum cmk_channel_error cmk_mesh_barrier_until(struct cmk_mesh *mesh, uint64_t moment);
enum cmk_channel_error cmk_mesh_broadcast_until(struct cmk_mesh *mesh, seL4_Word root, void *data,
                                                size_t length, uint64_t moment);

CMK_END_C

#endif
