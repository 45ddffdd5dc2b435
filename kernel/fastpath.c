/*
 * The fast paths (kernel/fastpath.h). Each function below first looks, and returns null if anything is not as the
 * common case has it; from the line "From here on" it only acts. What it does then must be what the ordinary path does:
 * tests/unit/thread/test_fastpath.c and the fuzzer run both and compare.
 */
#include <arch/object.h>
#include <arch/switch.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/cspace.h>
#include <kernel/fastpath.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/preemption.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

_Static_assert(offsetof(struct tcb, slots[TCB_REPLY]) / 64 == offsetof(struct tcb, slots[TCB_CSPACE]) / 64,
               "the caller's two slots share a line");
_Static_assert(offsetof(struct tcb, slots[TCB_CALLER]) / 64 == offsetof(struct tcb, reply_rights) / 64 &&
                   offsetof(struct tcb, slots[TCB_CALLER]) / 64 == offsetof(struct tcb, queue_next) / 64,
               "a thread's state, links and caller slot share a line");
_Static_assert(offsetof(struct tcb, context) == 192, "the saved registers follow in three lines");

/* --- looking --- */

/* `thread` may take over this CPU from a thread that stops here: nothing better waits, and nothing has to be found out. */
static inline bool may_take_over(const struct cpu *cpu, const struct tcb *thread)
{
    return ran_here_last(cpu, thread) && thread->priority >= cpu->best_waiting && is_root_known(thread);
}

/* Capability of that type with at least these rights, in one comparison. */
static inline bool is_usable(struct capability c, enum capability_type type, word_t rights)
{
    word_t wanted = capability_with_small(capability_make(type, 0, 0), 5, 4, rights).word[0];
    return (c.word[0] & (MASK(5) | wanted)) == wanted;
}

/* Only words, no more than may be, and both sides have the buffers that these need. */
static inline bool is_plain_message(word_t info, const struct tcb *from, const struct tcb *to)
{
    word_t length_and_caps = info & MASK(9);
    return length_and_caps <= ABI_MESSAGE_REGISTERS ||
           (length_and_caps <= ABI_MAX_MESSAGE_LENGTH && arch_ipc_buffer(from, false) != NULL &&
            arch_ipc_buffer(to, true) != NULL);
}

/* --- acting --- */

/* The words beyond the registers: the buffers are there. */
static void copy_buffer(const struct tcb *from, const struct tcb *to, word_t length)
{
    const word_t *source = &arch_ipc_buffer(from, false)[ABI_IPC_MESSAGE];
    word_t *destination = &arch_ipc_buffer(to, true)[ABI_IPC_MESSAGE];
    for (word_t i = ABI_MESSAGE_REGISTERS; i < length; i++) {
        __atomic_store_n(&destination[i], read_user_word(&source[i]), __ATOMIC_RELAXED);
    }
}

/* The message of `from` as `to` gets it. */
static inline void pass_message(const struct tcb *from, struct tcb *to, word_t info, word_t badge)
{
    word_t length = info & MASK(7);
    if (length != 0) {
        unsigned registers = (unsigned)MIN(length, (word_t)ABI_MESSAGE_REGISTERS);
        for (unsigned i = 0; i < registers; i++) {
            context_set_message_register(&to->context, i, context_message_register(&from->context, i));
        }
        if (length > ABI_MESSAGE_REGISTERS) {
            copy_buffer(from, to, length);
        }
    }
    context_set_badge(&to->context, badge);
    context_set_message_info(&to->context, message_info(message_info_label(info), 0, 0, length));
}

static inline void set_state(struct tcb *thread, enum thread_state state)
{
    thread->state = (uint8_t)state;
    check_note(thread);
}

/* --- Call and ReplyRecv --- */

/* The caller's master reply capability has no child, and the receiver's caller slot is empty. */
static inline void give_reply_capability(struct tcb *caller, struct tcb *receiver)
{
    struct slot *master = &caller->slots[TCB_REPLY];
    struct slot *slot = &receiver->slots[TCB_CALLER];
    slot->capability = reply_capability(caller, false, receiver->reply_rights);
    slot->previous = master;
    slot->next_and_marks = 0;
    master->next_and_marks |= (word_t)slot;
}

/* The reverse: a reply capability is its master's only child, and has none itself. */
static inline void take_reply_capability(struct tcb *caller, struct slot *slot)
{
    caller->slots[TCB_REPLY].next_and_marks &= SLOT_MARKS;
    *slot = (struct slot){0};
}

static struct tcb *fast_call(word_t pointer, word_t info, struct tcb *caller, struct cpu *cpu)
{
    const struct slot *slot = resolve(caller->slots[TCB_CSPACE].capability, pointer);
    if (slot == NULL || !is_usable(slot->capability, CAP_ENDPOINT, RIGHT_WRITE) ||
        !(capability_rights(slot->capability) & (RIGHT_GRANT | RIGHT_GRANT_REPLY))) {
        return NULL;
    }
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    struct tcb *receiver = endpoint->head;
    if (endpoint_state(endpoint) != ENDPOINT_RECEIVING || !may_take_over(cpu, receiver) ||
        !is_plain_message(info, caller, receiver)) {
        return NULL;
    }

    /* From here on nothing can go wrong. */
    endpoint_take_first(endpoint);
    pass_message(caller, receiver, info, capability_badge(slot->capability));
    give_reply_capability(caller, receiver);
    set_state(caller, THREAD_BLOCKED_ON_REPLY);
    set_state(receiver, THREAD_RUNNING);
    switch_thread(cpu, caller, receiver);
    return receiver;
}

/* A signal that waits for the thread itself comes before any message. */
static inline bool has_bound_signal(const struct tcb *thread)
{
    const struct notification *bound = thread->bound_notification;
    return bound != NULL && notification_state(bound) == NOTIFICATION_ACTIVE;
}

static struct tcb *fast_reply_recv(word_t pointer, word_t info, struct tcb *server, struct cpu *cpu)
{
    const struct slot *slot = resolve(server->slots[TCB_CSPACE].capability, pointer);
    if (slot == NULL || !is_usable(slot->capability, CAP_ENDPOINT, RIGHT_READ)) {
        return NULL;
    }
    struct endpoint *endpoint = capability_endpoint(slot->capability);
    struct slot *reply_slot = &server->slots[TCB_CALLER];
    if (endpoint_state(endpoint) == ENDPOINT_SENDING || has_bound_signal(server) ||
        capability_type(reply_slot->capability) != CAP_REPLY) {
        return NULL;
    }
    struct tcb *caller = capability_tcb(reply_slot->capability);
    if (caller->fault.type != FAULT_NONE || !may_take_over(cpu, caller) ||
        !is_plain_message(info, server, caller)) {
        return NULL;
    }

    /* From here on nothing can go wrong. */
    pass_message(server, caller, info, 0);
    take_reply_capability(caller, reply_slot);
    server->reply_rights = capability_rights(slot->capability) & RIGHT_GRANT;
    set_state(server, THREAD_BLOCKED_ON_RECEIVE);
    set_state(caller, THREAD_RUNNING);
    endpoint_append(endpoint, ENDPOINT_RECEIVING, server);
    switch_thread(cpu, server, caller);
    return caller;
}

/* --- waking --- */

/*
 * `thread` wakes `woken`, which then waits in no queue. With balance=on the other CPUs would have to be looked at, too;
 * and a CPU on which `woken` did not run last may have to be called.
 */
static inline bool may_wake(const struct cpu *cpu, const struct tcb *thread, const struct tcb *woken)
{
    return !balance_on && ran_here_last(cpu, woken) &&
           is_root_known(woken->priority > thread->priority ? woken : thread);
}

/* The better one runs on; the other waits, where contract 8.1 puts it. */
static inline struct tcb *wake(struct cpu *cpu, struct tcb *thread, struct tcb *woken)
{
    set_state(woken, THREAD_RUNNING);
    if (woken->priority > thread->priority) {
        ready_insert(thread, true);
        switch_thread(cpu, thread, woken);
        return woken;
    }
    ready_insert(woken, woken->priority < thread->priority);
    return thread;
}

/* `thread` goes on, as it was. */
static inline struct tcb *go_on(struct tcb *thread)
{
    return is_root_known(thread) ? thread : NULL;
}

static struct tcb *fast_signal(struct notification *notification, word_t badge, struct tcb *thread, struct cpu *cpu)
{
    if (notification_state(notification) == NOTIFICATION_WAITING) {
        struct tcb *waiter = notification->head;
        if (!may_wake(cpu, thread, waiter)) {
            return NULL;
        }
        notification_take_first(notification);
        context_set_badge(&waiter->context, badge);
        return wake(cpu, thread, waiter);
    }
    if (notification_state(notification) == NOTIFICATION_ACTIVE) {
        badge |= notification->badges;
    } else if (notification->bound != NULL && notification->bound->state == THREAD_BLOCKED_ON_RECEIVE) {
        return NULL;
    }
    if (go_on(thread) == NULL) {
        return NULL;
    }
    notification_set_active(notification, badge);
    return thread;
}

static struct tcb *fast_send(word_t pointer, word_t info, struct tcb *sender, struct cpu *cpu)
{
    const struct slot *slot = resolve(sender->slots[TCB_CSPACE].capability, pointer);
    if (slot == NULL) {
        return NULL;
    }
    struct capability c = slot->capability;
    if (is_usable(c, CAP_NOTIFICATION, RIGHT_WRITE)) {
        return fast_signal(capability_notification(c), capability_badge(c), sender, cpu);
    }
    if (!is_usable(c, CAP_ENDPOINT, RIGHT_WRITE)) {
        return NULL;
    }
    struct endpoint *endpoint = capability_endpoint(c);
    struct tcb *receiver = endpoint->head;
    if (endpoint_state(endpoint) != ENDPOINT_RECEIVING || !may_wake(cpu, sender, receiver) ||
        !is_plain_message(info, sender, receiver)) {
        return NULL;
    }

    /* From here on nothing can go wrong. */
    endpoint_take_first(endpoint);
    pass_message(sender, receiver, info, capability_badge(c));
    return wake(cpu, sender, receiver);
}

/* --- Yield --- */

static struct tcb *fast_yield(struct tcb *thread, struct cpu *cpu)
{
    struct tcb *next = cpu->ready.queue[thread->priority].head;
    if (next == NULL) {
        return go_on(thread);
    }
    if (balance_on || next->state != THREAD_RUNNING || !may_take_over(cpu, next) || has_undelivered_trap(next)) {
        return NULL;
    }
    ready_remove(next);
    ready_insert(thread, false);
    switch_thread(cpu, thread, next);
    return next;
}

/* --- all of them --- */

word_t fastpath_obstacles;

struct tcb *fastpath(word_t pointer, word_t info, word_t number, struct tcb *thread, struct cpu *cpu)
{
    if (fastpath_obstacles != 0 || cpu->reschedule) {
        return NULL;
    }
    switch ((int64_t)number) {
    case SYS_Call: return fast_call(pointer, info, thread, cpu);
    case SYS_ReplyRecv: return fast_reply_recv(pointer, info, thread, cpu);
    case SYS_Send:
    case SYS_NBSend: return fast_send(pointer, info, thread, cpu);
    case SYS_Yield: return fast_yield(thread, cpu);
    default: return NULL;
    }
}

/* Debug builds: what begins and ends every entry. */
static void begin_checked(struct cpu *cpu)
{
    this_cpu = cpu;
    preemption_reset();
    check_entry();
}

static void end_checked(const struct tcb *next)
{
    check_exit(next);
    preemption_end();
}

struct user_context *syscall_entry(word_t pointer, word_t info, word_t number, struct tcb *thread, struct cpu *cpu)
{
    if (DEBUG_BUILD) {
        begin_checked(cpu);
    }
    assert(cpu->current == thread);
    struct tcb *next = fastpath(pointer, info, number, thread, cpu);
    if (next == NULL) {
        return syscall_slowly(cpu, thread);
    }
    if (DEBUG_BUILD) {
        end_checked(next);
    }
    return finish_exit(cpu, next);
}
