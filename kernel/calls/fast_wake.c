/*
 * The fast paths of Send and NBSend to endpoints and notifications, interrupts, and Yield
 * (kernel/fast_parts.h).
 */
#include <kernel/fast_parts.h>
#include <kernel/irq.h>
#include <kernel/notification.h>
#include <kernel/ready.h>

/* The better one runs on; the other waits, where contract 8.1 puts it. */
static struct user_context *wake(struct cpu *cpu, struct tcb *thread, struct tcb *woken)
{
    set_thread_state(woken, THREAD_RUNNING);
    if (woken->priority > thread->priority) {
        own_ready_insert(cpu, thread, true);
        return switch_to(cpu, thread, woken);
    }
    own_ready_insert(cpu, woken, woken->priority < thread->priority);
    return go_on(cpu, thread);
}

static struct user_context *signal(struct notification *notification, word_t badge,
                                   struct tcb *thread, struct cpu *cpu)
{
    switch (notification_state(notification)) {
    case NOTIFICATION_WAITING: {
        struct tcb *waiter = notification->head;
        if (!may_wake(cpu, thread, waiter)) {
            return take_ordinary_path(thread, cpu);
        }
        notification_take_first(notification);
        context_set_badge(&waiter->context, badge);
        return wake(cpu, thread, waiter);
    }
    case NOTIFICATION_IDLE:
        if (notification->bound != NULL &&
            notification->bound->state == THREAD_BLOCKED_ON_RECEIVE) {
            return take_ordinary_path(thread, cpu);
        }
        break;
    case NOTIFICATION_ACTIVE:
        badge |= notification->badges;
        break;
    }
    if (!may_go_on(cpu, thread)) {
        return take_ordinary_path(thread, cpu);
    }
    notification_set_active(notification, badge);
    return go_on(cpu, thread);
}

ALWAYS_INLINE struct user_context *send_message_fast(enum path path, struct capability c,
                                                     word_t info, struct tcb *sender,
                                                     struct cpu *cpu)
{
    struct endpoint *endpoint = capability_endpoint(c);
    struct tcb *receiver = endpoint->head;
    struct buffers buffers;
    if (!is_receiving(endpoint) || !may_wake(cpu, sender, receiver) ||
        !find_buffers(path, info, sender, receiver, &buffers)) {
        return take_ordinary_path(sender, cpu);
    }

    /* From here on nothing can go wrong. */
    endpoint_take_first(endpoint);
    pass_message(path, sender, receiver, info, capability_badge(c), &buffers);
    return wake(cpu, sender, receiver);
}

ALWAYS_INLINE struct user_context *send(enum path path, word_t pointer, word_t info,
                                        struct tcb *sender, struct cpu *cpu)
{
    struct slot *slot;
    if (!find_slot(path, sender, pointer, &slot)) {
        return take_ordinary_path(sender, cpu);
    }
    struct capability c = slot->capability;
    if (capability_allows(c, CAP_NOTIFICATION, RIGHT_WRITE)) {
        return signal(capability_notification(c), capability_badge(c), sender, cpu);
    }
    return capability_allows(c, CAP_ENDPOINT, RIGHT_WRITE)
               ? send_message_fast(path, c, info, sender, cpu)
               : take_ordinary_path(sender, cpu);
}

NEVER_INLINE SYSCALL_PATH(general_send)
{
    return send(GENERAL, pointer, info, thread, cpu);
}

SYSCALL_PATH(fast_send)
{
    return LIKELY(is_lean(info, thread)) ? send(LEAN, pointer, info, thread, cpu)
           : is_general(info)            ? PASS_ON(general_send)
                                         : take_ordinary_path(thread, cpu);
}

/* --- interrupts --- */

struct user_context *fast_interrupt(word_t irq, struct cpu *cpu)
{
    struct tcb *thread = cpu->current;
    struct capability c = irq_slots[irq].capability;
    struct notification *notification = capability_notification(c);
    if (thread == NULL || capability_type(c) != CAP_NOTIFICATION ||
        notification_state(notification) != NOTIFICATION_WAITING ||
        !may_wake(cpu, thread, notification->head)) {
        return NULL;
    }
    struct tcb *waiter = notification->head;
    notification_take_first(notification);
    context_set_badge(&waiter->context, capability_badge(c));
    return wake(cpu, thread, waiter);
}

/* --- Yield --- */

SYSCALL_PATH(fast_yield)
{
    struct tcb *next = cpu->ready.queue[thread->priority].head;
    if (next == NULL && may_go_on(cpu, thread)) {
        return go_on(cpu, thread);
    }
    if (next == NULL || balance_on || next->state != THREAD_RUNNING || !may_take_over(cpu, next) ||
        has_undelivered_trap(next)) {
        return take_ordinary_path(thread, cpu);
    }
    ready_rotate(thread, next);
    return switch_to(cpu, thread, next);
}
