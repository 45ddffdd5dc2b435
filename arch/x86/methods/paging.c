/*
 * PDPTs, page directories and page tables: Map and Unmap (contract 4.9). One code for all three, at
 * its level.
 */
#include <arch/object.h>
#include <x86/vspace.h>
#include <kernel/derivation.h>
#include <kernel/string.h>

static MUST_USE enum outcome structure_map(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct capability structure = call->capability;
    struct capability root = extra_capability(call, 0);
    unsigned bits = structure_entry_bits(target_capability_type(structure));
    vaddr_t vaddr = ALIGN_DOWN(message_word(call, 0), bits);
    word_t attributes = message_word(call, 1);

    if (mapping_capability_is_mapped(structure)) {
        return refuse_capability(answer, 0);
    }
    if (!is_vspace_root(root)) {
        return refuse_capability(answer, 1);
    }
    if (vaddr > ABI_USER_TOP) {
        return refuse_argument(answer, 0);
    }
    if (!vspace_has_asid(root)) {
        return vspace_refuse_root(root, answer);
    }
    unsigned missing_bits;
    word_t *entry = vspace_entry(paging_capability_entries(root), vaddr, bits, &missing_bits);
    if (entry == NULL) {
        return refuse_missing(answer, false, missing_bits);
    }
    if (entry_is_present(*entry)) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }

    entry_write(entry, structure_entry(paging_capability_entries(structure), attributes));
    call->slot->capability =
        mapping_capability_with_mapping(structure, mapping_capability_asid(root), vaddr);
    return DONE;
}

/*
 * Frames still mapped through the table keep saying so in their capabilities; their own unmapping
 * looks whether the entry still maps them. The table is cleared after no CPU walks it any more, so
 * that it can be mapped again.
 */
static MUST_USE enum outcome structure_unmap(struct invocation *call, struct answer *answer)
{
    struct capability structure = call->capability;
    if (!is_final(call->slot)) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    if (mapping_capability_is_mapped(structure)) {
        vspace_unmap(structure);
        memset(paging_capability_entries(structure), 0, BIT(ABI_PAGING_STRUCTURE_BITS));
        call->slot->capability = mapping_capability_with_mapping(structure, 0, 0);
    }
    return DONE;
}

static const struct {
    enum invocation_label map, unmap;
} labels[] = {
    [CAP_PDPT] = {LABEL_X86PDPTMap, LABEL_X86PDPTUnmap},
    [CAP_PAGE_DIRECTORY] = {LABEL_X86PageDirectoryMap, LABEL_X86PageDirectoryUnmap},
    [CAP_PAGE_TABLE] = {LABEL_X86PageTableMap, LABEL_X86PageTableUnmap},
};

enum outcome structure_invoke(struct invocation *call, struct answer *answer)
{
    enum target_capability_type type = target_capability_type(call->capability);
    if (call->label == labels[type].map) {
        return structure_map(call, answer);
    }
    if (call->label == labels[type].unmap) {
        return structure_unmap(call, answer);
    }
    return refuse(answer, ERROR_ILLEGAL_OPERATION);
}
