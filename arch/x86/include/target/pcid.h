/*
 * PCIDs: tags on what a TLB holds, so that loading CR3 need not drop what other VSpaces left there
 * (Intel SDM volume 3, 4.10.1; docs/pcid.md). A VSpace's PCID is its ASID: there are as many of one
 * as of the other. The node's own page table, which maps nothing of users, has PCID 0, and ASID 0
 * is never given out.
 *
 * A "root" below is a CR3 value without its highest bit: the physical address of a PML4, and its
 * PCID in the bits below, which are 0 where PCIDs are not used.
 */
#ifndef TARGET_PCID_H
#define TARGET_PCID_H

#include <target/paging.h>
#include <kernel/cpu.h>

#define PCID_BITS 12
_Static_assert(BIT(PCID_BITS) == ABI_ASID_POOLS << ABI_ASID_POOL_INDEX_BITS,
               "one PCID for each ASID");

/* Loading CR3 with it keeps what the TLB and the paging-structure caches have with that PCID. */
#define CR3_KEEP BIT(63)

/*
 * By PCID: the generation of a VSpace, as the set of CPUs that have loaded it since it began. So
 * nothing that they keep with this PCID is older. A new generation begins whenever something is
 * unmapped, and when another VSpace gets the PCID. (With numbers instead, each CPU would need one
 * for each VSpace to compare with, and all that it would learn is whether they differ.) Node state:
 * written and read under the lock.
 */
extern word_t generation_seen[BIT(PCID_BITS)];

static inline word_t pcid_of(word_t root)
{
    return root & MASK(PCID_BITS);
}

static inline paddr_t pml4_of(word_t root)
{
    return ALIGN_DOWN(root, PCID_BITS);
}

/*
 * What `cpu`, which is this CPU, must load to use `root`: once for each generation, the old entries
 * are dropped.
 */
static inline word_t cr3_of(const struct cpu *cpu, word_t root)
{
    word_t pcid = pcid_of(root);
    if (LIKELY(pcid == 0)) {
        return root; /* no PCIDs, or the node's own: there is nothing to keep with PCID 0 */
    }
    word_t self = BIT(cpu->index);
    if (generation_seen[pcid] & self) {
        return root | CR3_KEEP;
    }
    generation_seen[pcid] |= self;
    return root;
}

/* `keeps`: the CPUs that have dropped everything old already, or never had it. */
static inline void begin_generation(word_t pcid, word_t keeps)
{
    if (pcid != 0) {
        generation_seen[pcid] &= keeps;
    }
}

#endif
