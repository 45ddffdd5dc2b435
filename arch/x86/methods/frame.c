/* The methods of frames: Page_Map, Page_Unmap, Page_GetAddress (contract 4.9). */
#include <x86/frame_mapping.h>
#include <kernel/objects.h>

static inline MUST_USE enum outcome map_frame(word_t *entry, const struct mapping *m,
                                              struct slot *slot)
{
    struct stale stale = replace_entry(entry, m, slot);
    if (is_anything_stale(stale)) {
        shoot_down(stale);
    }
    return DONE;
}

/* A frame that is mapped stays where it is. */
static MUST_USE enum outcome check_place(const struct mapping *m, struct answer *answer)
{
    if (!mapping_capability_is_mapped(m->frame)) {
        unsigned bits = frame_size_bits(frame_capability_size(m->frame));
        return m->vaddr <= last_place(bits) ? DONE : refuse_argument(answer, 0);
    }
    if (mapping_capability_asid(m->frame) != mapping_capability_asid(m->root)) {
        return refuse_capability(answer, 1);
    }
    return mapping_capability_vaddr(m->frame) == m->vaddr ? DONE : refuse_argument(answer, 0);
}

/* *entry is the frame's: a page of the same size may be there already, a table may not. */
static MUST_USE enum outcome find_entry(const struct mapping *m, word_t **entry,
                                        struct answer *answer)
{
    enum frame_size size = frame_capability_size(m->frame);
    unsigned bits = frame_size_bits(size), missing_bits;
    if (!IS_ALIGNED(m->vaddr, bits)) {
        return refuse(answer, ERROR_ALIGNMENT);
    }
    *entry = vspace_entry(paging_capability_entries(m->root), m->vaddr, bits, &missing_bits);
    if (*entry == NULL) {
        return refuse_missing(answer, false, missing_bits);
    }
    if (entry_is_table(**entry, bits)) {
        return refuse(answer, ERROR_DELETE_FIRST);
    }
    /*
     * Huge frames can be made and handed round, but this CPU would take their entry's PS bit for a
     * reserved one.
     */
    return size == FRAME_HUGE && !cpu_has_huge_pages() ? refuse(answer, ERROR_ILLEGAL_OPERATION)
                                                       : DONE;
}

/* Any call of Map with enough arguments, with all checks in the contract's order. */
static COLD MUST_USE enum outcome map_any_frame(const struct invocation *call,
                                                struct answer *answer)
{
    struct mapping m = decode_mapping(call);
    if (!is_vspace_root(m.root)) {
        return refuse_capability(answer, 1);
    }
    if (check_place(&m, answer) != DONE) {
        return REFUSED;
    }
    if (!vspace_has_asid(m.root)) {
        return vspace_refuse_root(m.root, answer);
    }
    word_t *entry = NULL;
    return find_entry(&m, &entry, answer) == DONE ? map_frame(entry, &m, call->slot) : REFUSED;
}

static MUST_USE enum outcome frame_map(const struct invocation *call, struct answer *answer)
{
    if (lacks_arguments(call, LABEL_X86PageMap)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct mapping m = decode_mapping(call);
    if (is_ordinary(&m)) {
        word_t *entry = vspace_small_page_entry(paging_capability_entries(m.root), m.vaddr);
        if (entry != NULL) {
            return map_frame(entry, &m, call->slot);
        }
    }
    return map_any_frame(call, answer);
}

/* --- the other methods --- */

static MUST_USE enum outcome frame_unmap(const struct invocation *call)
{
    if (mapping_capability_is_mapped(call->capability)) {
        vspace_unmap(call->capability);
        call->slot->capability = mapping_capability_with_mapping(call->capability, 0, 0);
    }
    return DONE;
}

enum outcome frame_invoke(struct invocation *call, struct answer *answer)
{
    switch (call->label) {
    case LABEL_X86PageMap:
        return frame_map(call, answer);
    case LABEL_X86PageUnmap:
        return frame_unmap(call);
    case LABEL_X86PageGetAddress:
        return answer_word(answer, frame_capability_base(call->capability));
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}
