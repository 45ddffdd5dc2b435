/*
 * The fast paths of Recv and NBRecv: a thread that waits and gives way to the next of its CPU, or
 * one that finds a signal, or with NBRecv nothing (kernel/fast_parts.h).
 */
#include <kernel/fast_parts.h>
#include <kernel/notification.h>
#include <kernel/ready.h>

/*
 * The thread that runs here when the current one waits. Null: none does, or it has to be found out.
 */
static inline struct tcb *find_next(const struct cpu *cpu)
{
    struct tcb *next = own_ready_first(cpu);
    return next != NULL && next->state == THREAD_RUNNING && may_take_over(cpu, next) &&
                   !has_undelivered_trap(next)
               ? next
               : NULL;
}

static inline struct user_context *give_way(struct cpu *cpu, struct tcb *thread, struct tcb *next)
{
    own_ready_take(cpu, next);
    return switch_to(cpu, thread, next);
}

static inline struct user_context *take_word(struct cpu *cpu, struct tcb *thread, word_t badge)
{
    context_set_badge(&thread->context, badge);
    return go_on(cpu, thread);
}

static inline struct user_context *wait_for_signal(struct notification *notification, bool block,
                                                   struct tcb *thread, struct cpu *cpu)
{
    if (notification->bound != NULL && notification->bound != thread) {
        return take_ordinary_path(thread, cpu);
    }
    if (notification_state(notification) == NOTIFICATION_ACTIVE) {
        return may_go_on(cpu, thread) ? take_word(cpu, thread, notification_take(notification))
                                      : take_ordinary_path(thread, cpu);
    }
    if (!block) {
        return may_go_on(cpu, thread) ? take_word(cpu, thread, 0) : take_ordinary_path(thread, cpu);
    }
    struct tcb *next = find_next(cpu);
    if (next == NULL) {
        return take_ordinary_path(thread, cpu);
    }
    notification_append(notification, thread);
    set_thread_state(thread, THREAD_BLOCKED_ON_NOTIFICATION);
    return give_way(cpu, thread, next);
}

static inline struct user_context *wait_for_message(struct capability c, bool block,
                                                    struct tcb *thread, struct cpu *cpu)
{
    struct endpoint *endpoint = capability_endpoint(c);
    if (is_sending(endpoint) || has_bound_signal(thread) ||
        !slot_is_empty(&thread->slots[TCB_CALLER])) {
        return take_ordinary_path(thread, cpu);
    }
    if (!block) {
        return may_go_on(cpu, thread) ? take_word(cpu, thread, 0) : take_ordinary_path(thread, cpu);
    }
    struct tcb *next = find_next(cpu);
    if (next == NULL) {
        return take_ordinary_path(thread, cpu);
    }
    thread->reply_can_grant = capability_rights(c) & RIGHT_GRANT;
    set_thread_state(thread, THREAD_BLOCKED_ON_RECEIVE);
    endpoint_append(endpoint, ENDPOINT_RECEIVING, thread);
    return give_way(cpu, thread, next);
}

ALWAYS_INLINE struct user_context *receive(enum path path, word_t pointer, bool block,
                                           struct tcb *thread, struct cpu *cpu)
{
    struct slot *slot;
    if (!find_slot(path, thread, pointer, &slot)) {
        return take_ordinary_path(thread, cpu);
    }
    struct capability c = slot->capability;
    if (capability_allows(c, CAP_NOTIFICATION, RIGHT_READ)) {
        return wait_for_signal(capability_notification(c), block, thread, cpu);
    }
    return capability_allows(c, CAP_ENDPOINT, RIGHT_READ) ? wait_for_message(c, block, thread, cpu)
                                                          : take_ordinary_path(thread, cpu);
}

NEVER_INLINE SYSCALL_PATH(general_receive)
{
    return receive(GENERAL, pointer, number == (word_t)SYS_Recv, thread, cpu);
}

SYSCALL_PATH(fast_receive)
{
    if (number != (word_t)SYS_Recv && number != (word_t)SYS_NBRecv) {
        return take_ordinary_path(thread, cpu);
    }
    return LIKELY(is_whole_cnode_capability(thread->slots[TCB_CSPACE].capability))
               ? receive(LEAN, pointer, number == (word_t)SYS_Recv, thread, cpu)
               : PASS_ON(general_receive);
}
