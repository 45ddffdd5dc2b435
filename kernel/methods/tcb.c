/* TCB methods: which there are, and the ones about priority, binding and flags (contract 4.5). */
#include <arch/fpu.h>
#include <kernel/notification.h>
#include <kernel/scheduler.h>
#include <kernel/tcb_methods.h>

static MUST_USE enum outcome suspend(struct tcb *target)
{
    thread_suspend(target);
    return DONE;
}

static MUST_USE enum outcome resume(struct tcb *target)
{
    thread_resume(target);
    return DONE;
}

/* Priorities */

/*
 * Extra capability 0 must be a TCB: its maximum controlled priority is the limit. False: refused.
 */
static MUST_USE bool decode_authority(const struct invocation *call, word_t *limit,
                                      struct answer *answer)
{
    struct capability authority = extra_capability(call, 0);
    if (capability_type(authority) != CAP_TCB) {
        return as_false(refuse_capability(answer, 1));
    }
    *limit = capability_tcb(authority)->maximum_controlled_priority;
    return true;
}

static MUST_USE enum outcome set_one_priority(struct invocation *call, struct tcb *target,
                                              struct answer *answer)
{
    word_t value = message_word(call, 0);
    word_t limit;
    if (!decode_authority(call, &limit, answer)) {
        return REFUSED;
    }
    if (value > limit) {
        return refuse_range(answer, 0, limit);
    }
    if (call->label == LABEL_TCBSetPriority) {
        set_priority(target, (unsigned)value);
    } else {
        target->maximum_controlled_priority = (uint8_t)value;
    }
    return DONE;
}

static MUST_USE enum outcome set_scheduling_parameters(struct invocation *call, struct tcb *target,
                                                       struct answer *answer)
{
    word_t maximum = message_word(call, 0);
    word_t priority = message_word(call, 1);
    word_t limit;
    if (!decode_authority(call, &limit, answer)) {
        return REFUSED;
    }
    if (maximum > limit || priority > limit) {
        return refuse_range(answer, 0, limit);
    }
    target->maximum_controlled_priority = (uint8_t)maximum;
    set_priority(target, (unsigned)priority);
    return DONE;
}

static MUST_USE enum outcome move_to_cpu(struct invocation *call, struct tcb *target,
                                         struct answer *answer)
{
    word_t cpu_index = message_word(call, 0);
    if (cpu_index >= node_cpu_count) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    set_affinity(target, (unsigned)cpu_index);
    return DONE;
}

/* Notifications */

static MUST_USE enum outcome bind(struct invocation *call, struct tcb *target,
                                  struct answer *answer)
{
    struct capability c = extra_capability(call, 0);
    if (target->bound_notification != NULL || capability_type(c) != CAP_NOTIFICATION ||
        !(capability_rights(c) & RIGHT_READ)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    struct notification *notification = capability_notification(c);
    if (notification_state(notification) == NOTIFICATION_WAITING || notification->bound != NULL) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    bind_notification(target, notification);
    return DONE;
}

static MUST_USE enum outcome unbind(struct tcb *target, struct answer *answer)
{
    if (target->bound_notification == NULL) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    unbind_notification(target);
    return DONE;
}

/* Flags */

static MUST_USE enum outcome set_flags(struct invocation *call, struct tcb *target,
                                       struct answer *answer)
{
    word_t clear = message_word(call, 0);
    word_t set = message_word(call, 1) & ABI_TCB_FLAG_FPU_DISABLED;
    target->flags = (uint8_t)((target->flags & ~clear) | set);
    fpu_flags_changed(target);
    return answer_word(answer, target->flags);
}

/* Dispatch */

static MUST_USE enum outcome tcb_method(struct invocation *call, struct tcb *target,
                                        struct answer *answer)
{
    switch (call->label) {
    case LABEL_TCBReadRegisters:
        return tcb_read_registers(call, target, answer);
    case LABEL_TCBWriteRegisters:
        return tcb_write_registers(call, target, answer);
    case LABEL_TCBCopyRegisters:
        return tcb_copy_registers(call, target, answer);
    case LABEL_TCBConfigure:
        return tcb_configure(call, target, answer);
    case LABEL_TCBSetPriority:
    case LABEL_TCBSetMCPriority:
        return set_one_priority(call, target, answer);
    case LABEL_TCBSetSchedParams:
        return set_scheduling_parameters(call, target, answer);
    case LABEL_TCBSetIPCBuffer:
        return tcb_set_ipc_buffer(call, target, answer);
    case LABEL_TCBSetSpace:
        return tcb_set_space(call, target, answer);
    case LABEL_TCBSuspend:
        return suspend(target);
    case LABEL_TCBResume:
        return resume(target);
    case LABEL_TCBBindNotification:
        return bind(call, target, answer);
    case LABEL_TCBUnbindNotification:
        return unbind(target, answer);
    case LABEL_TCBSetAffinity:
        return move_to_cpu(call, target, answer);
    case LABEL_TCBSetTLSBase:
        return tcb_set_tls_base(call, target, answer);
    case LABEL_TCBSetFlags:
        return set_flags(call, target, answer);
    default:
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
}

enum outcome tcb_invoke(struct invocation *call, struct answer *answer)
{
    struct tcb *target = capability_tcb(call->capability);
    /*
     * Any invocation, even one that is refused, stops a thread that runs on another CPU (contract
     * 8.6).
     */
    if (is_current_elsewhere(target)) {
        thread_claim(target);
        enqueue_first(target);
    }
    if (call->label < LABEL_TCBReadRegisters || call->label > LABEL_TCBSetFlags) {
        return refuse(
            answer, ERROR_ILLEGAL_OPERATION); /* what another type's label needs does not matter */
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    return tcb_method(call, target, answer);
}
