/* What the files of init_node_state share while they build the initial thread's world. */
#ifndef NODE_NODE_BUILDER_H
#define NODE_NODE_BUILDER_H

#include <api/boot_info.h>
#include <api/cluster.h>
#include <kernel/slot.h>
#include <node/node.h>

enum { INITIAL_ASID = 1 };

struct node_builder {
    uint32_t node;
    const struct node_plan *plan;
    struct boot_allocator *allocator;
    struct slot *cnode;
    word_t next_slot;       /* the next one that is free */
    struct boot_info *info; /* window address */
    word_t *pml4;           /* window address */
    vaddr_t ipc_buffer_vaddr, info_vaddr, extra_vaddr;
    uint8_t *extra;           /* window address of the extra chunks */
    uint64_t extra_bytes;     /* exact */
    unsigned extra_size_bits; /* of the memory for them */
};

/* Zeroed memory of the node; the node stops when there is none. */
paddr_t take_memory(struct node_builder *b, unsigned size_bits);

/* Puts an original capability into the next free slot, or into `slot`. */
struct slot *provide(struct node_builder *b, struct capability c);
struct slot *provide_at(struct node_builder *b, word_t slot, struct capability c);

/*
 * node/initial_vspace.c: PML4 and paging structures for image, IPC buffer and boot info; then their
 * frames.
 */
void make_initial_vspace(struct node_builder *b);
void map_initial_frames(struct node_builder *b);

/* node/boot_info.c: how many bytes the extra chunks take; then fills them in. */
uint64_t extra_chunks_bytes(const struct node_builder *b);
void write_extra_chunks(struct node_builder *b, const struct cmk_boot_info *cluster);

/* node/untypeds.c: device and RAM untypeds, from everything that is left. */
void provide_untypeds(struct node_builder *b);

#endif
