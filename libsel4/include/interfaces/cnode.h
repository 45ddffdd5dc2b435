/*
 * Methods of CNodes and untypeds (contract 4.4 and 4.6). In a CNode method, `_service` is the root
 * of the destination.
 */
#ifndef INTERFACES_CNODE_H
#define INTERFACES_CNODE_H

#include <sel4/invocation.h>
#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * Makes `num_objects` objects; their capabilities go to consecutive slots from `node_offset` of the
 * named CNode.
 */
static inline seL4_Error seL4_Untyped_Retype(seL4_Untyped _service, seL4_Word type,
                                             seL4_Word size_bits, seL4_CNode root,
                                             seL4_Word node_index, seL4_Word node_depth,
                                             seL4_Word node_offset, seL4_Word num_objects)
{
    struct sel4_x64_trap trap = {.mr = {type, size_bits, node_index, node_depth}};
    seL4_SetCap(0, root);
    seL4_SetMR(4, node_offset);
    seL4_SetMR(5, num_objects);
    return sel4_x64_invoke(&trap, _service, UntypedRetype, 1, 6);
}

static inline seL4_Error seL4_CNode_Revoke(seL4_CNode _service, seL4_Word index, seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {index, depth}};
    return sel4_x64_invoke(&trap, _service, CNodeRevoke, 0, 2);
}

static inline seL4_Error seL4_CNode_Delete(seL4_CNode _service, seL4_Word index, seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {index, depth}};
    return sel4_x64_invoke(&trap, _service, CNodeDelete, 0, 2);
}

static inline seL4_Error seL4_CNode_CancelBadgedSends(seL4_CNode _service, seL4_Word index,
                                                      seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {index, depth}};
    return sel4_x64_invoke(&trap, _service, CNodeCancelBadgedSends, 0, 2);
}

static inline seL4_Error seL4_CNode_Copy(seL4_CNode _service, seL4_Word dest_index,
                                         seL4_Uint8 dest_depth, seL4_CNode src_root,
                                         seL4_Word src_index, seL4_Uint8 src_depth,
                                         seL4_CapRights_t rights)
{
    struct sel4_x64_trap trap = {.mr = {dest_index, dest_depth, src_index, src_depth}};
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, rights.words[0]);
    return sel4_x64_invoke(&trap, _service, CNodeCopy, 1, 5);
}

static inline seL4_Error seL4_CNode_Mint(seL4_CNode _service, seL4_Word dest_index,
                                         seL4_Uint8 dest_depth, seL4_CNode src_root,
                                         seL4_Word src_index, seL4_Uint8 src_depth,
                                         seL4_CapRights_t rights, seL4_Word badge)
{
    struct sel4_x64_trap trap = {.mr = {dest_index, dest_depth, src_index, src_depth}};
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, rights.words[0]);
    seL4_SetMR(5, badge);
    return sel4_x64_invoke(&trap, _service, CNodeMint, 1, 6);
}

static inline seL4_Error seL4_CNode_Move(seL4_CNode _service, seL4_Word dest_index,
                                         seL4_Uint8 dest_depth, seL4_CNode src_root,
                                         seL4_Word src_index, seL4_Uint8 src_depth)
{
    struct sel4_x64_trap trap = {.mr = {dest_index, dest_depth, src_index, src_depth}};
    seL4_SetCap(0, src_root);
    return sel4_x64_invoke(&trap, _service, CNodeMove, 1, 4);
}

static inline seL4_Error seL4_CNode_Mutate(seL4_CNode _service, seL4_Word dest_index,
                                           seL4_Uint8 dest_depth, seL4_CNode src_root,
                                           seL4_Word src_index, seL4_Uint8 src_depth,
                                           seL4_Word badge)
{
    struct sel4_x64_trap trap = {.mr = {dest_index, dest_depth, src_index, src_depth}};
    seL4_SetCap(0, src_root);
    seL4_SetMR(4, badge);
    return sel4_x64_invoke(&trap, _service, CNodeMutate, 1, 5);
}

/*
 * Moves the pivot's capability to the destination and the source's to the pivot. `dest_badge` is
 * for the first.
 */
static inline seL4_Error seL4_CNode_Rotate(seL4_CNode _service, seL4_Word dest_index,
                                           seL4_Uint8 dest_depth, seL4_Word dest_badge,
                                           seL4_CNode pivot_root, seL4_Word pivot_index,
                                           seL4_Uint8 pivot_depth, seL4_Word pivot_badge,
                                           seL4_CNode src_root, seL4_Word src_index,
                                           seL4_Uint8 src_depth)
{
    struct sel4_x64_trap trap = {.mr = {dest_index, dest_depth, dest_badge, pivot_index}};
    seL4_SetCap(0, pivot_root);
    seL4_SetCap(1, src_root);
    seL4_SetMR(4, pivot_depth);
    seL4_SetMR(5, pivot_badge);
    seL4_SetMR(6, src_index);
    seL4_SetMR(7, src_depth);
    return sel4_x64_invoke(&trap, _service, CNodeRotate, 2, 8);
}

static inline seL4_Error seL4_CNode_SaveCaller(seL4_CNode _service, seL4_Word index,
                                               seL4_Uint8 depth)
{
    struct sel4_x64_trap trap = {.mr = {index, depth}};
    return sel4_x64_invoke(&trap, _service, CNodeSaveCaller, 0, 2);
}

CMK_END_C

#endif
