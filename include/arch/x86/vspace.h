/*
 * Address spaces: a PML4, the tables below it, and the pages they map. All of them are kernel objects in the node's
 * private region, reached through the window. Everything here needs the lock.
 */
#ifndef ARCH_X86_VSPACE_H
#define ARCH_X86_VSPACE_H

#include <arch/x86/capability.h>
#include <arch/x86/paging.h>
#include <kernel/answer.h>
#include <kernel/invocation.h>

/* Makes a zeroed PML4 usable: gives it the node's kernel half. */
void vspace_init(word_t *pml4);

/*
 * The entry for `vaddr` in the table of kind `entry_bits`. Null: a table on the way is missing (or a page is in its
 * place); *missing_bits says which, as PML4_ENTRY_BITS and so on. At most three steps.
 */
word_t *vspace_entry(word_t *pml4, vaddr_t vaddr, unsigned entry_bits, unsigned *missing_bits);

/*
 * The entry that maps a frame. `rights` are RIGHT_READ and RIGHT_WRITE bits, already masked by the capability's;
 * without RIGHT_READ no user may access it. `attributes` as users give them (contract 4.9).
 */
word_t frame_entry(struct capability frame, word_t rights, word_t attributes, bool executable);

/* The entry that leads to a paging structure. */
word_t structure_entry(const word_t *structure, word_t attributes);

/* Where a paging structure of this capability type is entered: the kind of table above it. */
unsigned structure_entry_bits(enum capability_type type);

/*
 * The entry that a mapped frame or paging capability stands for. Null if it is not there any more: the ASID has no
 * VSpace, a table on the way is gone, or the entry maps another frame or leads to another structure.
 */
word_t *vspace_mapping_entry(struct capability c);

/* Clears that entry, if there is one. Afterwards no CPU of the node uses what it stood for. */
void vspace_unmap(struct capability c);

/*
 * The PML4 of a capability that passed arch_is_vspace_root(), with the ASID checks of contract 4.9. Null: refused.
 */
word_t *vspace_checked_root(struct capability root, struct answer *answer);

/* Rights that a user's mask leaves of a frame's (contract 4.9): read-write, read-only, or 0. */
static inline word_t frame_rights_masked(word_t rights, word_t mask)
{
    word_t left = rights & mask;
    return left & RIGHT_READ ? left : 0;
}

enum outcome frame_invoke(struct invocation *call, struct answer *answer);
enum outcome structure_invoke(struct invocation *call, struct answer *answer);

#endif
