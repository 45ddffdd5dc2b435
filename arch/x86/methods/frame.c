/* Frames: Page_Map, Page_Unmap, Page_GetAddress (contract 4.9), and frames as IPC buffers (2.3). */
#include <arch/door.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <arch/x86/features.h>
#include <arch/x86/vspace.h>
#include <kernel/fast_parts.h>
#include <kernel/ipc.h>
#include <kernel/objects.h>

/* --- what an entry of a frame looks like --- */

/* The PAT bit is in another place for large pages, and huge pages ignore it (contract 4.9). */
ALWAYS_INLINE word_t frame_cache_bits(struct capability frame, word_t attributes)
{
    if ((attributes & ATTRIBUTES_ALL) == 0) {
        return 0; /* as most pages have it */
    }
    if (frame_capability_is_shared(frame)) {
        return 0; /* write-back for everybody: two memory types for one page would break coherence between nodes */
    }
    word_t bits = cache_bits(attributes);
    if (attributes & ATTRIBUTE_PAT) {
        switch (frame_capability_size(frame)) {
        case FRAME_SMALL: bits |= PAGE_SMALL_PAT; break;
        case FRAME_LARGE: bits |= PAGE_LARGE_PAT; break;
        case FRAME_HUGE: break;
        }
    }
    return bits;
}

/*
 * The entry that maps a frame. `rights` are RIGHT_READ and RIGHT_WRITE bits, already masked by the capability's;
 * without RIGHT_READ no user may access it. `attributes` as users give them (contract 4.9). Inline, because most callers
 * know already that it is a small page that users may read.
 */
ALWAYS_INLINE word_t frame_entry(struct capability frame, word_t rights, word_t attributes)
{
    word_t entry = frame_capability_base(frame) | PAGE_PRESENT | frame_cache_bits(frame, attributes);
    if (frame_capability_size(frame) != FRAME_SMALL) {
        entry |= PAGE_IS_LARGE;
    }
    if (rights & RIGHT_READ) {
        return entry | PAGE_USER | (rights & RIGHT_WRITE ? PAGE_WRITABLE : 0);
    }
    /* A supervisor page in the user half: SMEP would not keep the kernel from executing it. */
    return entry | (cpu_has_no_execute() ? PAGE_EXECUTE_DISABLE : 0);
}

/* --- Map --- */

/* A call of Map, taken apart. Its words are in registers, which nobody changes meanwhile. */
struct mapping {
    struct capability frame, root;
    vaddr_t vaddr;
    word_t rights; /* already masked by the frame's */
    word_t attributes;
};

static inline struct mapping decode_mapping(const struct invocation *call)
{
    return (struct mapping){
        .frame = call->capability,
        .root = extra_capability(call, 0),
        .vaddr = message_word(call, 0),
        .rights = frame_rights_masked(frame_capability_rights(call->capability), message_word(call, 1)),
        .attributes = message_word(call, 2),
    };
}

/* The greatest address for a page of `bits`: it ends at the end of user addresses, which is not a multiple of pages. */
static inline vaddr_t last_place(unsigned bits)
{
    return ABI_USER_TOP - BIT(bits);
}

/* The root of the VSpace that a call of Map, all of which is checked, is about. */
static inline word_t mapping_root(const struct mapping *m)
{
    return vspace_root(paging_capability_entries(m->root), mapping_capability_asid(m->root));
}

/* Everything is checked. True: something was mapped there, which CPUs may still know. */
static inline bool replace_entry(word_t *entry, const struct mapping *m, struct slot *slot)
{
    bool was_present = entry_is_present(*entry);
    slot->capability = mapping_capability_with_mapping(m->frame, mapping_capability_asid(m->root), m->vaddr);
    entry_write(entry, frame_entry(m->frame, m->rights, m->attributes));
    return was_present;
}

static inline enum outcome map_frame(word_t *entry, const struct mapping *m, struct slot *slot)
{
    if (replace_entry(entry, m, slot)) {
        shoot_down(mapping_root(m), m->vaddr, false);
    }
    return DONE;
}

/*
 * True if this is what most calls of Map are: a small page that users may read, in a place where it may be. Says no more:
 * what is wrong otherwise, or if it is only less frequent, map_any_frame() finds out.
 */
static inline bool is_ordinary(const struct mapping *m)
{
    struct capability mapped = mapping_capability_with_mapping(m->frame, mapping_capability_asid(m->root), m->vaddr);
    return frame_capability_size(m->frame) == FRAME_SMALL && (m->rights & RIGHT_READ) &&
           IS_ALIGNED(m->vaddr, ABI_PAGE_BITS) && is_vspace_root(m->root) && vspace_has_asid(m->root) &&
           (mapping_capability_is_mapped(m->frame) ? m->frame.word[1] == mapped.word[1]
                                                   : m->vaddr <= last_place(ABI_PAGE_BITS));
}

/* A frame that is mapped stays where it is. */
static enum outcome check_place(const struct mapping *m, struct answer *answer)
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

/* The entry for the frame; pages of the same size may be there already, tables may not. Null: refused. */
static word_t *find_entry(const struct mapping *m, struct answer *answer)
{
    enum frame_size size = frame_capability_size(m->frame);
    unsigned bits = frame_size_bits(size), missing_bits;
    word_t *entry = NULL;
    if (!IS_ALIGNED(m->vaddr, bits)) {
        refuse(answer, ERROR_ALIGNMENT);
    } else if ((entry = vspace_entry(paging_capability_entries(m->root), m->vaddr, bits, &missing_bits)) == NULL) {
        refuse_missing(answer, false, missing_bits);
    } else if (entry_is_table(*entry, bits)) {
        refuse(answer, ERROR_DELETE_FIRST);
    } else if (size == FRAME_HUGE && !cpu_has_huge_pages()) {
        /* Huge frames can be made and handed round, but this CPU would take their entry's PS bit for a reserved one. */
        refuse(answer, ERROR_ILLEGAL_OPERATION);
    } else {
        return entry;
    }
    return NULL;
}

/* Any call of Map with enough arguments, with all checks in the contract's order. */
static RARE enum outcome map_any_frame(const struct invocation *call, struct answer *answer)
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
    word_t *entry = find_entry(&m, answer);
    return entry != NULL ? map_frame(entry, &m, call->slot) : REFUSED;
}

static enum outcome frame_map(const struct invocation *call, struct answer *answer)
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

static enum outcome frame_unmap(const struct invocation *call)
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

/* --- frames as IPC buffers --- */

bool arch_is_buffer_frame(struct capability c)
{
    return capability_is_plain_frame(c, 0);
}

/* The address is a multiple of the buffer's size (checked when it was set), so the buffer ends inside the frame. */
static inline word_t *ipc_buffer_in(struct capability frame, const struct tcb *thread)
{
    word_t offset = thread->ipc_buffer & MASK(frame_size_bits(frame_capability_size(frame)));
    return window(frame_capability_base(frame) + offset);
}

word_t *arch_ipc_buffer(const struct tcb *thread, bool writable)
{
    struct capability frame = thread->slots[TCB_IPC_BUFFER].capability;
    bool is_usable = capability_is_plain_frame(frame, writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ);
    return is_usable ? ipc_buffer_in(frame, thread) : NULL;
}

/* --- Map and Unmap, the short way --- */

/* A function of its own, the last that is called: so those that call it have nothing to keep meanwhile. */
static NEVER_INLINE struct user_context *shoot_down_and_answer(word_t root, vaddr_t vaddr, struct tcb *caller,
                                                               struct cpu *cpu)
{
    shoot_down(root, vaddr, false);
    return answer_done(cpu, caller);
}

/* The capability that the buffer names first. False: not found. Buffers in larger frames are too rare. */
static inline bool find_extra(const struct tcb *caller, struct capability *extra)
{
    struct capability frame = caller->slots[TCB_IPC_BUFFER].capability;
    if (!capability_is_plain_frame(frame, RIGHT_READ) || frame_capability_size(frame) != FRAME_SMALL) {
        return false;
    }
    const word_t *buffer = ipc_buffer_in(frame, caller);
    const struct slot *slot;
    if (!find_slot(LEAN, caller, read_user_word(&buffer[ABI_IPC_CAPS_OR_BADGES]), &slot)) {
        return false;
    }
    *extra = slot->capability;
    return true;
}

/* What frame_map() does first, from the message's words as they come. */
static NEVER_INLINE struct user_context *map_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                                     struct cpu *cpu)
{
    struct capability root;
    if (message_info_length(info) < 3 || !find_extra(caller, &root)) {
        return take_ordinary_path(caller, cpu);
    }
    struct mapping m = {
        .frame = slot->capability,
        .root = root,
        .vaddr = context_message_register(&caller->context, 0),
        .rights = frame_rights_masked(frame_capability_rights(slot->capability),
                                      context_message_register(&caller->context, 1)),
        .attributes = context_message_register(&caller->context, 2),
    };
    word_t *entry = is_ordinary(&m) ? vspace_small_page_entry(paging_capability_entries(m.root), m.vaddr) : NULL;
    if (entry == NULL) {
        return take_ordinary_path(caller, cpu);
    }
    if (replace_entry(entry, &m, slot)) {
        return shoot_down_and_answer(mapping_root(&m), m.vaddr, caller, cpu);
    }
    return answer_done(cpu, caller);
}

static NEVER_INLINE struct user_context *unmap_quickly(struct slot *slot, struct tcb *caller, struct cpu *cpu)
{
    vspace_unmap(slot->capability);
    slot->capability = mapping_capability_with_mapping(slot->capability, 0, 0);
    return answer_done(cpu, caller);
}

/* The message has that label and so many extra capabilities. */
static inline bool is_call_of(word_t info, word_t label, word_t extra_caps)
{
    word_t fields = message_info(MASK(WORD_BITS - 12), 0, 3, 0);
    return (info & fields) == message_info(label, 0, extra_caps, 0);
}

struct user_context *arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller, struct cpu *cpu)
{
    if (capability_type(slot->capability) == CAP_FRAME) {
        if (is_call_of(info, LABEL_X86PageMap, 1)) {
            return map_quickly(slot, info, caller, cpu);
        }
        if (is_call_of(info, LABEL_X86PageUnmap, 0) && mapping_capability_is_mapped(slot->capability)) {
            return unmap_quickly(slot, caller, cpu);
        }
    }
    return take_ordinary_path(caller, cpu);
}
