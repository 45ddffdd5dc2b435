/*
 * The fast path of methods of kernel objects (kernel/fast_parts.h): by Call, from a CSpace of one
 * level, if the architecture has a fast path for the object and the method. It answers without
 * words.
 */
#include <kernel/fast_parts.h>

SYSCALL_PATH(fast_invoke)
{
    this_cpu = cpu;
    struct slot *slot;
    pointer = context_capability_register(&thread->context);
    info = context_message_info(&thread->context);
    if (!may_go_on(cpu, thread) ||
        !is_whole_cnode_capability(thread->slots[TCB_CSPACE].capability) ||
        !find_slot(LEAN, thread, pointer, &slot)) {
        return take_ordinary_path(thread, cpu);
    }
    return arch_invoke_quickly(slot, info, thread, cpu);
}
