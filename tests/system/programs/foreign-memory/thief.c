/* All ways to memory that a program knows, on a node to which the memory does not belong. */
#include "foreign.h"

#include <cmk/resources.h>
#include <stdio.h>

#define ROOT seL4_CapInitThreadCNode

static seL4_Word tag, target, target_bytes;

static bool is_there(seL4_Word paddr, seL4_Word bytes)
{
    return paddr < target + target_bytes && target < paddr + bytes;
}

/* Whether the words are free of the secret; they are overwritten. */
static bool is_clean(volatile seL4_Word *words, seL4_Word bytes)
{
    for (seL4_Word i = 0; i < bytes / sizeof(seL4_Word); i++) {
        if (words[i] >> 32 == tag) {
            return false;
        }
        words[i] = 0x1badc0de;
    }
    return true;
}

static seL4_Word address_of(seL4_CPtr frame)
{
    seL4_X86_Page_GetAddress_t answer = seL4_X86_Page_GetAddress(frame);
    return answer.error == seL4_NoError ? answer.paddr : 0;
}

/*
 * All of this node's own memory, in frames of the size, until no memory is left. The last ones pay
 * for paging structures.
 */
static bool search_memory(seL4_Word type, seL4_Word bits, seL4_Word *frames)
{
    for (*frames = 0;; ++*frames) {
        seL4_CPtr slot = cmk_alloc_slot();
        if (slot == 0 || cmk_retype(type, 0, 1, slot) != seL4_NoError) {
            return true;
        }
        if (is_there(address_of(slot), LIBSEL4_BIT(bits))) {
            return false;
        }
        seL4_Word *words =
            cmk_map_frames(slot, 1, bits, seL4_ReadWrite, seL4_X86_Default_VMAttributes);
        if (!words) {
            return true;
        }
        if (!is_clean(words, LIBSEL4_BIT(bits))) {
            printf("the secret is at 0x%lx\n", address_of(slot));
            return false;
        }
    }
}

/*
 * Untypeds, for devices too: none covers it, whatever boot info says of it. Devices are not
 * touched.
 */
static bool search_untypeds(void)
{
    const seL4_BootInfo *info = seL4_GetBootInfo();
    for (seL4_Word i = 0; i < info->untyped.end - info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &info->untypedList[i];
        seL4_Word page_bits =
            untyped->sizeBits >= seL4_LargePageBits ? seL4_LargePageBits : seL4_PageBits;
        if (is_there(untyped->paddr, LIBSEL4_BIT(untyped->sizeBits))) {
            return false;
        }
        if (!untyped->isDevice || untyped->sizeBits < seL4_PageBits) {
            continue;
        }
        seL4_CPtr slot = cmk_alloc_slot();
        seL4_Word type = page_bits == seL4_PageBits ? seL4_X86_4K : seL4_X86_LargePageObject;
        if (seL4_Untyped_Retype(info->untyped.start + i, type, 0, ROOT, 0, 0, slot, 1) !=
                seL4_NoError ||
            address_of(slot) != untyped->paddr) {
            return false;
        }
        seL4_CNode_Delete(ROOT, slot, seL4_WordBits);
        cmk_free_slot(slot);
    }
    return true;
}

/* Copies with every badge that looks like an address, of all that this node began with. */
static bool forge_copies(void)
{
    const seL4_Word badges[] = {target,       target | 1, target >> 12, target >> 21,
                                target << 12, ~0ul,       ~target};
    seL4_CPtr copy = cmk_alloc_slot();
    for (seL4_CPtr slot = 1; slot < seL4_GetBootInfo()->empty.start; slot++) {
        for (unsigned i = 0; i < sizeof(badges) / sizeof(badges[0]); i++) {
            if (seL4_CNode_Mint(ROOT, copy, seL4_WordBits, ROOT, slot, seL4_WordBits,
                                seL4_AllRights, badges[i]) != seL4_NoError) {
                continue;
            }
            bool bad = is_there(address_of(copy), 1);
            seL4_CNode_Delete(ROOT, copy, seL4_WordBits);
            if (bad) {
                return false;
            }
        }
    }
    return true;
}

/*
 * Invokes a capability with every label and words that look like the target's address; afterwards
 * it is what it was.
 */
static bool forge_calls(seL4_CPtr slot)
{
    static const seL4_CPtr extras[] = {seL4_CapInitThreadVSpace, seL4_CapInitThreadCNode,
                                       seL4_CapInitThreadTCB};
    seL4_Word before = address_of(slot);
    for (seL4_Word label = 0; label < 80; label++) {
        for (unsigned i = 0; i < 3 * 4; i++) {
            seL4_Word shift = i / 3 * 12;
            struct sel4_x64_trap trap = {.mr = {target >> shift, target >> shift, 3, target}};
            for (unsigned word = 4; word < 8; word++) {
                seL4_SetMR(word, target >> shift);
            }
            seL4_SetCap(0, extras[i % 3]);
            (void)sel4_x64_invoke(&trap, slot, label, 1, 8);
        }
    }
    return !is_there(address_of(slot), 1) && address_of(slot) == before;
}

static bool forge_all_calls(void)
{
    bool good = true;
    for (seL4_Word i = 0; i < cluster->shared.num_frames; i++) {
        good = forge_calls(cluster->shared.first_slot + i) && good;
    }
    for (seL4_Word node = 0; node < cluster->num_nodes; node++) {
        good = forge_calls(cluster->nodes[node].status_frame) && good;
    }
    static const seL4_Word types[] = {seL4_X86_4K,
                                      seL4_X86_LargePageObject,
                                      seL4_UntypedObject,
                                      seL4_X86_PageTableObject,
                                      seL4_X86_PageDirectoryObject,
                                      seL4_X86_PDPTObject,
                                      seL4_X64_PML4Object};
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        seL4_CPtr object = cmk_alloc_object(types[i], seL4_PageBits);
        good = object != 0 && forge_calls(object) && good;
    }
    return good && forge_calls(seL4_CapIRQControl) && forge_calls(seL4_CapIOPortControl) &&
           forge_calls(seL4_CapASIDControl) && forge_calls(cluster->ipi_control);
}

/* The kernel would write there itself. */
static bool try_as_buffer(void)
{
    return seL4_TCB_SetIPCBuffer(seL4_CapInitThreadTCB, target & ~0x1ffful,
                                 cluster->shared.first_slot) != seL4_NoError &&
           seL4_TCB_SetIPCBuffer(seL4_CapInitThreadTCB, 0x200000, cluster->nodes[0].status_frame) !=
               seL4_NoError;
}

void steal(void)
{
    seL4_Word large, small;
    tag = atomic_load(&board->tag);
    target = atomic_load(&board->paddr);
    target_bytes = atomic_load(&board->bytes);
    check(tag != 0 && target_bytes != 0, "the-secret-is-there");
    check(search_untypeds(), "no-untyped-covers-it");
    check(try_as_buffer(), "shared-frames-are-no-IPC-buffers");
    check(forge_copies(), "no-forged-copy-leads-there");
    check(forge_all_calls(), "no-forged-call-leads-there");
    seL4_X86_Page_Unmap(cluster->shared.first_slot); /* wherever those calls have mapped it */
    board = cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits, seL4_ReadWrite,
                           seL4_X86_Default_VMAttributes);
    bool clean = search_memory(seL4_X86_LargePageObject, seL4_LargePageBits, &large) &&
                 search_memory(seL4_X86_4K, seL4_PageBits, &small);
    check(clean && large > 10, "the-secret-is-nowhere-in-all-memory-that-can-be-had");
    printf("searched and overwrote %lu large and %lu small frames\n", large, small);
}
