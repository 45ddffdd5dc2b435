/*
 * Methods of kernel objects, the short way (kernel/fast_parts.h): by Call, from a CSpace of one
 * level, if the architecture knows a short way for the object and the method. It answers without
 * words.
 */
#include <kernel/fast_parts.h>

struct user_context *invoke_quickly(word_t pointer, word_t info, word_t number, word_t place,
                                    struct tcb *caller, struct cpu *cpu)
{
    (void)number, (void)place;
    this_cpu = cpu;
    const struct slot *slot;
    pointer = context_capability_register(&caller->context);
    info = context_message_info(&caller->context);
    if (!may_go_on(cpu, caller) ||
        !is_whole_cnode_capability(caller->slots[TCB_CSPACE].capability) ||
        !find_slot(LEAN, caller, pointer, &slot)) {
        return take_ordinary_path(caller, cpu);
    }
    return arch_invoke_quickly((struct slot *)slot, info, caller, cpu);
}
