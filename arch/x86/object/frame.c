/* Frames: Page_Map, Page_Unmap, Page_GetAddress (contract 4.9), and frames as IPC buffers (2.3). */
#include <arch/door.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <arch/x86/features.h>
#include <arch/x86/vspace.h>
#include <kernel/objects.h>

/* Is `vaddr` where this frame may be mapped in the VSpace of `root`, as far as the capabilities tell? */
static enum outcome check_frame_place(struct capability frame, struct capability root, vaddr_t vaddr,
                                      struct answer *answer)
{
    if (mapping_capability_is_mapped(frame)) {
        if (mapping_capability_asid(frame) != mapping_capability_asid(root)) {
            return refuse_capability(answer, 1);
        }
        return mapping_capability_vaddr(frame) == vaddr ? DONE : refuse_argument(answer, 0);
    }
    word_t bytes = BIT(frame_size_bits(frame_capability_size(frame)));
    /* In this order the sum cannot wrap. */
    if (vaddr > ABI_USER_TOP || vaddr + bytes > ABI_USER_TOP) {
        return refuse_argument(answer, 0);
    }
    return DONE;
}

/*
 * The entry that is to map `frame`. Null: refused. Pages of the same size may be there already, tables may not.
 */
static word_t *find_frame_entry(struct capability frame, word_t *pml4, vaddr_t vaddr, struct answer *answer)
{
    unsigned bits = frame_size_bits(frame_capability_size(frame));
    if (!IS_ALIGNED(vaddr, bits)) {
        refuse(answer, ERROR_ALIGNMENT);
        return NULL;
    }
    unsigned missing_bits;
    word_t *entry = vspace_entry(pml4, vaddr, bits, &missing_bits);
    if (entry == NULL) {
        refuse_missing(answer, false, missing_bits);
        return NULL;
    }
    if (entry_is_table(*entry, bits)) {
        refuse(answer, ERROR_DELETE_FIRST);
        return NULL;
    }
    if (frame_capability_size(frame) == FRAME_HUGE && !cpu_has_huge_pages()) {
        /* Huge frames can be made and handed round, but this CPU would take their entry's PS bit for a reserved one. */
        refuse(answer, ERROR_ILLEGAL_OPERATION);
        return NULL;
    }
    return entry;
}

static enum outcome frame_map(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    struct capability frame = call->capability;
    struct capability root = extra_capability(call, 0);
    vaddr_t vaddr = message_word(call, 0);
    word_t rights = frame_rights_masked(frame_capability_rights(frame), message_word(call, 1));
    word_t attributes = message_word(call, 2);

    if (!arch_is_vspace_root(root)) {
        return refuse_capability(answer, 1);
    }
    if (check_frame_place(frame, root, vaddr, answer) != DONE) {
        return REFUSED;
    }
    word_t *pml4 = vspace_checked_root(root, answer);
    if (pml4 == NULL) {
        return REFUSED;
    }
    word_t *entry = find_frame_entry(frame, pml4, vaddr, answer);
    if (entry == NULL) {
        return REFUSED;
    }

    bool was_present = entry_is_present(*entry);
    entry_write(entry, frame_entry(frame, rights, attributes, true));
    call->slot->capability = mapping_capability_with_mapping(frame, mapping_capability_asid(root), vaddr);
    if (was_present) {
        shoot_down(window_to_physical(pml4), vaddr, false);
    }
    return DONE;
}

static enum outcome frame_unmap(struct invocation *call)
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
    case LABEL_X86PageMap: return frame_map(call, answer);
    case LABEL_X86PageUnmap: return frame_unmap(call);
    case LABEL_X86PageGetAddress: return answer_word(answer, frame_capability_base(call->capability));
    default: return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

bool arch_is_buffer_frame(struct capability c)
{
    return capability_type(c) == CAP_FRAME && !frame_capability_is_device(c);
}

word_t *arch_ipc_buffer(const struct tcb *thread, bool writable)
{
    struct capability frame = thread->slots[TCB_IPC_BUFFER].capability;
    word_t needed = writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
    if (!arch_is_buffer_frame(frame) || (frame_capability_rights(frame) & needed) != needed) {
        return NULL;
    }
    /* The address is a multiple of the buffer's size (checked when it was set), so the buffer ends inside the frame. */
    word_t offset = thread->ipc_buffer & MASK(frame_size_bits(frame_capability_size(frame)));
    return window(frame_capability_base(frame) + offset);
}
