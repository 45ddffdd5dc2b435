/*
 * Address spaces: a PML4, the tables below it, and the pages they map. All of them are kernel
 * objects in the node's private region, reached through the window. Everything here needs the lock.
 */
#ifndef X86_VSPACE_H
#define X86_VSPACE_H

#include <arch/memory.h>
#include <x86/asid.h>
#include <x86/page_walk.h>
#include <kernel/answer.h>
#include <kernel/cpu.h>
#include <kernel/invocation.h>

/* Makes a zeroed PML4 usable: gives it the node's kernel half. */
void vspace_init(word_t *pml4);

/* page_walk() of a VSpace, for an entry of any kind. */
word_t *vspace_entry(word_t *pml4, vaddr_t vaddr, unsigned entry_bits, unsigned *missing_bits);

/*
 * The same for an entry in a page table, as straight code: most pages are small. Null: a table is
 * missing.
 */
static inline word_t *vspace_small_page_entry(word_t *pml4, vaddr_t vaddr)
{
    unsigned missing_bits;
    return page_walk(pml4, vaddr, TABLE_ENTRY_BITS, &missing_bits);
}

/* Attributes as users write them (contract 4.9). */
enum {
    ATTRIBUTE_WRITE_THROUGH = 1,
    ATTRIBUTE_CACHE_DISABLE = 2,
    ATTRIBUTE_PAT = 4,
    ATTRIBUTES_ALL = 7
};

static inline word_t cache_bits(word_t attributes)
{
    return (attributes & ATTRIBUTE_WRITE_THROUGH ? PAGE_WRITE_THROUGH : 0) |
           (attributes & ATTRIBUTE_CACHE_DISABLE ? PAGE_CACHE_DISABLE : 0);
}

/* The entry that leads to a paging structure. */
word_t structure_entry(const word_t *structure, word_t attributes);

/* Where a paging structure of this capability type is entered: the kind of table above it. */
unsigned structure_entry_bits(enum target_capability_type type);

/*
 * The entry that a mapped frame or paging capability stands for. Null if it is not there any more:
 * the ASID has no VSpace, a table on the way is gone, or the entry maps another frame or leads to
 * another structure.
 */
word_t *vspace_mapping_entry(struct capability c);

/* Clears that entry, if there is one. Afterwards no CPU of the node uses what it stood for. */
void vspace_unmap(struct capability c);

/* True if `c` is a PML4 with an ASID, whether or not that is still its own. */
static inline bool is_vspace_root(struct capability c)
{
    return target_capability_type(c) == CAP_PML4 && mapping_capability_is_mapped(c);
}

/*
 * True if the ASID of a capability for which is_vspace_root() holds is still that of its PML4: its
 * pool may have been deleted, and another VSpace have got the number.
 */
static inline bool vspace_has_asid(struct capability root)
{
    return asid_root(mapping_capability_asid(root)) == paging_capability_entries(root);
}

/* If that is not so, the errors of contract 4.9. */
MUST_USE enum outcome vspace_refuse_root(struct capability root, struct answer *answer);

/* The root (see pcid.h) of the VSpace that has this PML4 and ASID. */
static inline word_t vspace_root(const word_t *pml4, word_t asid)
{
    return window_to_physical(pml4) | (asid & this_cpu->arch.pcid_mask);
}

/* Rights that a user's mask leaves of a frame's (contract 4.9): read-write, read-only, or 0. */
static inline word_t frame_rights_masked(word_t rights, word_t mask)
{
    word_t left = rights & mask;
    return left & RIGHT_READ ? left : 0;
}

MUST_USE enum outcome frame_invoke(struct invocation *call, struct answer *answer);
MUST_USE enum outcome structure_invoke(struct invocation *call, struct answer *answer);

#endif
