/* The fast paths of Call and ReplyRecv (kernel/fast_parts.h). */
#include <kernel/assert.h>
#include <kernel/fast_parts.h>
#include <kernel/notification.h>

#define LINE_OF(field) (offsetof(struct tcb, field) / 64)
_Static_assert(LINE_OF(slots[TCB_CSPACE]) == LINE_OF(slots[TCB_REPLY]),
               "a caller's two slots share a cache line");
_Static_assert(LINE_OF(slots[TCB_CALLER]) == LINE_OF(queue_next) &&
                   LINE_OF(queue_next) == LINE_OF(fault_type),
               "a thread's caller slot, links, page table and kind of fault share a cache line");
_Static_assert(LINE_OF(last_cpu) == LINE_OF(queue_next) + 1 &&
                   LINE_OF(last_cpu) == LINE_OF(reply_can_grant) &&
                   LINE_OF(last_cpu) == LINE_OF(context) &&
                   LINE_OF(context.ss) == LINE_OF(last_cpu) + 2,
               "state and saved registers follow, in three lines");
_Static_assert(LINE_OF(blocked_on) == LINE_OF(bound_notification),
               "what a server's ReplyRecv touches beyond its saved registers is in one cache line");

/* --- Call --- */

ALWAYS_INLINE struct user_context *call(enum path path, word_t pointer, word_t info,
                                        struct tcb *caller, struct cpu *cpu)
{
    struct slot *slot;
    if (!find_slot(path, caller, pointer, &slot)) {
        return take_ordinary_path(caller, cpu);
    }
    if (!capability_allows(slot->capability, CAP_ENDPOINT, RIGHT_WRITE) ||
        !capability_has_any_right(slot->capability, RIGHT_GRANT | RIGHT_GRANT_REPLY)) {
        return PASS_ON_CONTEXT(fast_invoke, caller, cpu);
    }
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    struct tcb *receiver = endpoint->head;
    struct buffers buffers;
    if (!is_receiving(endpoint) || !may_take_over(cpu, receiver) ||
        !find_buffers(path, info, caller, receiver, &buffers)) {
        return take_ordinary_path(caller, cpu);
    }

    /* From here on nothing can go wrong. */
    endpoint_take_first(endpoint);
    pass_message(path, caller, receiver, info, capability_badge(slot->capability), &buffers);
    return run_receiver(cpu, caller, receiver);
}

NEVER_INLINE SYSCALL_PATH(general_call)
{
    return call(GENERAL, pointer, info, thread, cpu);
}

SYSCALL_PATH(fast_call)
{
    return LIKELY(is_lean(info, thread)) ? call(LEAN, pointer, info, thread, cpu)
           : is_general(info)            ? PASS_ON(general_call)
                                         : PASS_ON_CONTEXT(fast_invoke, thread, cpu);
}

/* --- ReplyRecv --- */

ALWAYS_INLINE struct user_context *reply_recv(enum path path, word_t pointer, word_t info,
                                              struct tcb *server, struct cpu *cpu)
{
    struct slot *slot;
    if (!find_slot(path, server, pointer, &slot) ||
        !capability_allows(slot->capability, CAP_ENDPOINT, RIGHT_READ)) {
        return take_ordinary_path(server, cpu);
    }
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    struct slot *reply_slot = &server->slots[TCB_CALLER];
    if (is_sending(endpoint) || has_bound_signal(server) ||
        capability_type(reply_slot->capability) != CAP_REPLY) {
        return take_ordinary_path(server, cpu);
    }
    struct tcb *caller = capability_tcb(reply_slot->capability);
    struct buffers buffers;
    if (caller->fault_type != FAULT_NONE) {
        return PASS_ON_CONTEXT(reply_to_fault_recv, server, cpu);
    }
    if (!may_take_over(cpu, caller) || !find_buffers(path, info, server, caller, &buffers)) {
        return take_ordinary_path(server, cpu);
    }

    /* From here on nothing can go wrong. */
    pass_message(path, server, caller, info, 0, &buffers);
    take_reply_capability(caller, reply_slot);
    return run_caller(cpu, server, slot, endpoint, caller);
}

NEVER_INLINE SYSCALL_PATH(general_reply_recv)
{
    return reply_recv(GENERAL, pointer, info, thread, cpu);
}

SYSCALL_PATH(fast_reply_recv)
{
    return LIKELY(is_lean(info, thread)) ? reply_recv(LEAN, pointer, info, thread, cpu)
           : is_general(info)            ? PASS_ON(general_reply_recv)
                                         : take_ordinary_path(thread, cpu);
}
