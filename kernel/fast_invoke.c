/*
 * Methods of kernel objects, the short way (kernel/fast_parts.h): by Call, from a CSpace of one level, with one
 * extra capability at most, if the architecture knows a short way for the object and the method. It answers without words.
 */
#include <kernel/fast_parts.h>

/* The extra capability, null if none is sent. False: it cannot be found, or there are more. */
static inline bool find_extra(const struct tcb *caller, word_t info, struct capability *extra)
{
    *extra = capability_null();
    if (message_info_extra_caps(info) == 0) {
        return true;
    }
    const struct slot *slot;
    const word_t *buffer = arch_ipc_buffer(caller, false);
    if (message_info_extra_caps(info) > 1 || buffer == NULL ||
        !find_slot(LEAN, caller, read_user_word(&buffer[ABI_IPC_CAPS_OR_BADGES]), &slot)) {
        return false;
    }
    *extra = slot->capability;
    return true;
}

struct user_context *invoke_quickly(word_t pointer, word_t info, word_t number, word_t place, struct tcb *caller,
                                    struct cpu *cpu)
{
    (void)number, (void)place;
    this_cpu = cpu;
    const struct slot *slot;
    struct capability extra;
    pointer = context_capability_register(&caller->context);
    info = context_message_info(&caller->context);
    if (!may_go_on(cpu, caller) || !is_whole_cnode_capability(caller->slots[TCB_CSPACE].capability) ||
        !find_slot(LEAN, caller, pointer, &slot) || !find_extra(caller, info, &extra) ||
        !arch_invoke_quickly((struct slot *)slot, extra, info, &caller->context)) {
        return take_ordinary_path(caller, cpu);
    }
    context_set_badge(&caller->context, 0);
    context_set_message_info(&caller->context, message_info(ERROR_NONE, 0, 0, 0));
    return go_on(cpu, caller);
}
