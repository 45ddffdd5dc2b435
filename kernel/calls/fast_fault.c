/*
 * The fast paths of a fault to its handler, and of the handler's ReplyRecv (kernel/fast_parts.h).
 */
#include <kernel/fast_parts.h>
#include <kernel/fault.h>

/* --- the fault --- */

/* Like a Call of the handler's endpoint. */
static struct user_context *fault(enum fault_type type, word_t word0, word_t word1,
                                  struct tcb *thread, struct cpu *cpu)
{
    struct slot *slot;
    if (!find_slot(GENERAL, thread, thread->fault_handler, &slot) ||
        !capability_allows(slot->capability, CAP_ENDPOINT, RIGHT_WRITE) ||
        !capability_has_any_right(slot->capability, RIGHT_GRANT | RIGHT_GRANT_REPLY)) {
        return NULL;
    }
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    struct tcb *handler = endpoint->head;
    if (!is_receiving(endpoint) || !may_take_over(cpu, handler)) {
        return NULL;
    }

    /* From here on nothing can go wrong. */
    endpoint_take_first(endpoint);
    thread->fault_type = (uint8_t)type;
    thread->fault.words[0] = word0;
    thread->fault.words[1] = word1;
    word_t length = copy_fault_message(thread, handler);
    context_set_badge(&handler->context, capability_badge(slot->capability));
    context_set_message_info(&handler->context, message_info(type, 0, 0, length));
    return run_receiver(cpu, thread, handler);
}

struct user_context *fast_vm_fault(vaddr_t address, word_t fault_status, struct tcb *thread,
                                   struct cpu *cpu)
{
    return fault(FAULT_VM, address, fault_status & MASK(VM_FAULT_STATUS_BITS), thread, cpu);
}

struct user_context *fast_user_exception(word_t vector, word_t error, struct tcb *thread,
                                         struct cpu *cpu)
{
    return fault(FAULT_USER_EXCEPTION, vector, error & MASK(USER_EXCEPTION_ERROR_BITS), thread,
                 cpu);
}

/* --- the reply: ReplyRecv of a fault handler --- */

/*
 * The reply lets the thread go on, at an address that can be loaded (the reply can only make it a
 * better one).
 */
static inline bool restarts(const struct tcb *faulted, word_t info)
{
    return message_info_label(info) == 0 && context_can_restart(&faulted->context) &&
           !has_undelivered_trap(faulted);
}

SYSCALL_PATH(reply_to_fault_recv)
{
    pointer = context_capability_register(&thread->context);
    info = context_message_info(&thread->context);
    struct slot *slot;
    struct slot *reply_slot = &thread->slots[TCB_CALLER];
    struct tcb *faulted =
        capability_tcb(reply_slot->capability); /* the caller of this has seen that it is a reply */
    if (!is_general(info) || !find_slot(GENERAL, thread, pointer, &slot) ||
        !may_take_over(cpu, faulted) || !restarts(faulted, info)) {
        return take_ordinary_path(thread, cpu);
    }

    /* From here on nothing can go wrong. */
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    apply_fault_reply(thread, faulted);
    faulted->fault_type = FAULT_NONE;
    take_reply_capability(faulted, reply_slot);
    context_restart(&faulted->context);
    return run_caller(cpu, thread, slot, endpoint, faulted);
}
