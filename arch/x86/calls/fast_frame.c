/*
 * The fast paths of Map and Unmap, for small pages: what arch/x86/methods/frame.c does, without
 * what they do not need.
 */
#include <arch/object.h>
#include <x86/frame_mapping.h>
#include <x86/ipc_buffer.h>
#include <kernel/fast_parts.h>
#include <kernel/ipc.h>
#include <kernel/profile.h>

/*
 * A function of its own, the last that is called: so those that call it have nothing to keep
 * across it.
 */
static NEVER_INLINE struct user_context *shoot_down_and_answer(struct stale stale,
                                                               struct tcb *caller, struct cpu *cpu)
{
    shoot_down(stale);
    return answer_done(cpu, caller);
}

/*
 * The capability that the buffer names first. False: not found. Buffers in larger frames are too
 * rare.
 */
static inline bool find_extra(const struct tcb *caller, struct capability *extra)
{
    struct capability frame = caller->slots[TCB_IPC_BUFFER].capability;
    if (!capability_is_plain_frame(frame, RIGHT_READ) ||
        frame_capability_size(frame) != FRAME_SMALL) {
        return false;
    }
    const word_t *buffer = ipc_buffer_in(frame, caller);
    struct slot *slot;
    if (!find_slot(LEAN, caller, read_user_word(&buffer[ABI_IPC_CAPS_OR_BADGES]), &slot)) {
        return false;
    }
    *extra = slot->capability;
    return true;
}

/* What frame_map() does first, from the message's words as they come. */
static NEVER_INLINE struct user_context *map_quickly(struct slot *slot, word_t info,
                                                     struct tcb *caller, struct cpu *cpu)
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
    word_t *entry = is_ordinary(&m)
                        ? vspace_small_page_entry(paging_capability_entries(m.root), m.vaddr)
                        : NULL;
    if (entry == NULL) {
        return take_ordinary_path(caller, cpu);
    }
    struct stale stale = replace_entry(entry, &m, slot);
    return is_anything_stale(stale) ? shoot_down_and_answer(stale, caller, cpu)
                                    : answer_done(cpu, caller);
}

static NEVER_INLINE struct user_context *unmap_quickly(struct slot *slot, struct tcb *caller,
                                                       struct cpu *cpu)
{
    vspace_unmap(slot->capability);
    slot->capability = mapping_capability_with_mapping(slot->capability, 0, 0);
    return answer_done(cpu, caller);
}

/*
 * What the two calls' message info has as label and number of extra capabilities. The node's
 * profile decides; kept whole, so that a comparison costs what one with a constant does. Constant
 * after boot.
 */
#define CALL_OF(label, extra_caps) ((word_t)(label) << 12 | (extra_caps) << 7)
static word_t map_call = CALL_OF(LABEL_X86PageMap, 1);
static word_t unmap_call = CALL_OF(LABEL_X86PageUnmap, 0);

void arch_use_profile(enum profile profile)
{
    map_call = CALL_OF(label_said(profile, LABEL_X86PageMap), 1);
    unmap_call = CALL_OF(label_said(profile, LABEL_X86PageUnmap), 0);
}

struct user_context *arch_invoke_quickly(struct slot *slot, word_t info, struct tcb *caller,
                                         struct cpu *cpu)
{
    if (target_capability_type(slot->capability) == CAP_FRAME) {
        word_t call = info & CALL_OF(MASK(WORD_BITS - 12), 3);
        if (call == map_call) {
            return map_quickly(slot, info, caller, cpu);
        }
        if (call == unmap_call && mapping_capability_is_mapped(slot->capability)) {
            return unmap_quickly(slot, caller, cpu);
        }
    }
    return take_ordinary_path(caller, cpu);
}
