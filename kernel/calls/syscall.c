/*
 * System calls: finding the capability, carrying the invocation out, and answering it (contract
 * 1.3, 4.1).
 */
#include <arch/console.h>
#include <arch/machine.h>
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/cluster.h>
#include <kernel/cnode.h>
#include <kernel/cspace.h>
#include <kernel/debug.h>
#include <kernel/derivation.h>
#include <kernel/domain.h>
#include <kernel/entry.h>
#include <kernel/fault.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/notification.h>
#include <kernel/preemption.h>
#include <kernel/profile.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>
#include <kernel/untyped.h>

/* --- invocations --- */

static MUST_USE enum outcome endpoint_invoke(struct invocation *call, struct answer *answer)
{
    if (!(capability_rights(call->capability) & RIGHT_WRITE)) {
        return refuse_capability(answer, 0);
    }
    send_message(call->caller, call->capability, call->kind);
    return DONE;
}

static MUST_USE enum outcome notification_invoke(struct invocation *call, struct answer *answer)
{
    if (!(capability_rights(call->capability) & RIGHT_WRITE)) {
        return refuse_capability(answer, 0);
    }
    signal_notification(capability_notification(call->capability),
                        capability_badge(call->capability));
    return DONE;
}

static MUST_USE enum outcome reply_invoke(struct invocation *call)
{
    send_reply(call->caller, capability_tcb(call->capability), call->slot,
               capability_rights(call->capability) & RIGHT_GRANT);
    return DONE;
}

static MUST_USE enum outcome invoke(struct invocation *call, struct answer *answer)
{
    switch (capability_type(call->capability)) {
    case CAP_NULL:
    case CAP_ZOMBIE:
        return refuse_capability(answer, 0);
    case CAP_ENDPOINT:
        return endpoint_invoke(call, answer);
    case CAP_NOTIFICATION:
        return notification_invoke(call, answer);
    case CAP_REPLY:
        return reply_invoke(call);
    case CAP_UNTYPED:
        return untyped_invoke(call, answer);
    case CAP_CNODE:
        return cnode_invoke(call, answer);
    case CAP_TCB:
        return tcb_invoke(call, answer);
    case CAP_IRQ_CONTROL:
        return irq_control_invoke(call, answer);
    case CAP_IRQ_HANDLER:
        return irq_handler_invoke(call, answer);
    case CAP_DOMAIN:
        return domain_invoke(call, answer);
    case CAP_IPI_CONTROL:
        return ipi_control_invoke(call, answer);
    case CAP_IPI_SIGNAL:
        return ipi_signal_invoke(call, answer);
    case CAP_NODE_CONTROL:
        return node_control_invoke(call, answer);
    }
    return arch_invoke(call, answer);
}

/* The reply of the kernel to an invocation made with Call. */
static void give_answer(struct tcb *caller, const struct answer *answer)
{
    word_t length = answer->length;
    word_t *buffer = NULL;
    if (length > ABI_MESSAGE_REGISTERS) {
        buffer = arch_ipc_buffer(caller, true);
        length = buffer != NULL ? length : ABI_MESSAGE_REGISTERS;
    }
    for (unsigned i = 0; i < length; i++) {
        give_word(caller, buffer, i, answer->words[i]);
    }
    context_set_badge(&caller->context, 0);
    context_set_message_info(&caller->context, message_info(answer->label, 0, 0, length));
}

/*
 * While an invocation is under way, its caller is in state RESTART: if it is suspended, or the work
 * is interrupted, it makes the system call again. If it is still in that state afterwards, it
 * neither blocked nor stopped, and goes on.
 */
static void carry_out(struct invocation *call)
{
    struct tcb *caller = call->caller;
    struct answer answer;
    answer.label = ERROR_NONE;
    answer.length = 0;
    preemption_note_invocation(capability_type(call->capability), call->label);
    set_thread_state(caller, THREAD_RESTART);
    enum outcome outcome = invoke(call, &answer);
    if (outcome == PREEMPTED || caller->state != THREAD_RESTART) {
        return;
    }
    if (call->kind == SEND_CALL) {
        give_answer(caller, &answer);
    }
    set_thread_state(caller, THREAD_RUNNING);
}

/*
 * A message that is not plain (kernel/profile.h). Without an IPC buffer only the registers count.
 */
static void find_arguments(struct invocation *call, word_t info)
{
    if (node_profile != PROFILE_CLASSIC) {
        call->label = label_meant(node_profile, call->label);
    }
    call->length = message_info_length(info);
    call->extra_caps = (unsigned)message_info_extra_caps(info);
    call->buffer = arch_ipc_buffer(call->caller, false);
    if (call->buffer == NULL) {
        call->length = MIN(call->length, (word_t)ABI_MESSAGE_REGISTERS);
        call->extra_caps = 0;
    }
}

static MUST_USE bool find_capabilities(struct invocation *call, word_t *pointer,
                                       struct lookup_failure *failure)
{
    return lookup_thread_slot(call->caller, *pointer, &call->slot, failure) &&
           (call->extra_caps == 0 || lookup_extra_caps(call->caller, call->buffer, call->extra_caps,
                                                       call->extra, pointer, failure));
}

/* Send, NBSend, Call. */
static void handle_invocation(struct tcb *caller, enum send_kind kind)
{
    word_t pointer = context_capability_register(&caller->context);
    word_t info = context_message_info(&caller->context);
    struct lookup_failure failure;
    struct invocation call;
    call.caller = caller;
    call.label = message_info_label(info);
    call.kind = kind;
    if (message_plain_length(info) < plain_messages_end) {
        call.length = message_plain_length(info);
        call.extra_caps = 0;
        call.buffer = NULL;
    } else {
        find_arguments(&call, info);
    }
    if (LIKELY(find_capabilities(&call, &pointer, &failure))) {
        call.capability = call.slot->capability;
        carry_out(&call);
    } else if (kind != SEND_WITHOUT_BLOCKING) {
        raise_capability_fault(caller, pointer, false, &failure);
    }
}

/* --- receiving --- */

/* True if the thread may wait on the notification: no other thread may be bound to it. */
static bool may_wait(const struct tcb *thread, struct capability c)
{
    const struct tcb *bound = capability_notification(c)->bound;
    return (capability_rights(c) & RIGHT_READ) && (bound == NULL || bound == thread);
}

static void handle_receive(struct tcb *thread, bool block)
{
    word_t pointer = context_capability_register(&thread->context);
    struct lookup_failure failure;
    struct slot *slot;
    if (!lookup_thread_slot(thread, pointer, &slot, &failure)) {
        raise_capability_fault(thread, pointer, true, &failure);
        return;
    }
    struct capability c = slot->capability;
    if (capability_type(c) == CAP_ENDPOINT && (capability_rights(c) & RIGHT_READ)) {
        if (!slot_is_empty(&thread->slots[TCB_CALLER])) {
            delete_short(&thread->slots[TCB_CALLER]);
        }
        receive_message(thread, c, block);
    } else if (capability_type(c) == CAP_NOTIFICATION && may_wait(thread, c)) {
        receive_signal(thread, capability_notification(c), block);
    } else {
        failure = (struct lookup_failure){.type = LOOKUP_MISSING_CAPABILITY, .words = {0}};
        raise_capability_fault(thread, pointer, true, &failure);
    }
}

/* --- by number --- */

/* A value that could not be loaded is ignored, without an error (contract 1.4). */
static void set_own_tls_base(struct tcb *thread)
{
    word_t base = context_capability_register(&thread->context);
    if (context_sanitise(REGISTER_TLS_BASE, base) == base) {
        context_write(&thread->context, REGISTER_TLS_BASE, base);
        machine_bases_changed(thread);
    }
}

static void handle_other_syscall(struct tcb *thread, word_t number)
{
    switch ((int64_t)number) {
    case SYS_Send:
        count_here(CMK_COUNT_ORDINARY_SEND);
        handle_invocation(thread, SEND_BLOCKING);
        break;
    case SYS_NBSend:
        count_here(CMK_COUNT_ORDINARY_NBSEND);
        handle_invocation(thread, SEND_WITHOUT_BLOCKING);
        break;
    case SYS_Recv:
        count_here(CMK_COUNT_ORDINARY_RECV);
        handle_receive(thread, true);
        break;
    case SYS_NBRecv:
        count_here(CMK_COUNT_ORDINARY_NBRECV);
        handle_receive(thread, false);
        break;
    case SYS_Reply:
        reply_to_caller(thread);
        break;
    case SYS_ReplyRecv:
        count_here(CMK_COUNT_ORDINARY_REPLY_RECV);
        reply_to_caller(thread);
        handle_receive(thread, true);
        break;
    case SYS_Yield:
        count_here(CMK_COUNT_ORDINARY_YIELD);
        yield_current();
        break;
    case SYS_SetTLSBase:
        set_own_tls_base(thread);
        break;
    case SYS_DebugPutChar:
        console_put((char)context_capability_register(&thread->context));
        break;
    default:
        if (!(DEBUG_BUILD && handle_debug_syscall(number))) {
            handle_unknown_syscall(number);
        }
    }
}

void handle_syscall(word_t number)
{
    struct tcb *thread = current_thread();
    assert(thread != NULL && thread->state == THREAD_RUNNING);
    preemption_note_syscall(number);
    if (LIKELY((int64_t)number == SYS_Call)) {
        count_here(CMK_COUNT_ORDINARY_CALL);
        handle_invocation(thread, SEND_CALL);
    } else {
        handle_other_syscall(thread, number);
    }
    if (thread->cancelling != NULL && thread->state != THREAD_RESTART) {
        thread->cancelling = NULL; /* whatever was interrupted before is over */
    }
}
