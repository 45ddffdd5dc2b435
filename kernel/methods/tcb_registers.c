/* TCB methods that read and write a thread's registers (contract 4.5, 2.4). */
#include <arch/door.h>
#include <arch/machine.h>
#include <kernel/scheduler.h>
#include <kernel/tcb_methods.h>

/* MR0 of the three methods; bits 8..15 would be the architecture's, and mean nothing here. */
enum {
    READ_SUSPEND_SOURCE = 1,
    WRITE_RESUME_TARGET = 1,
    COPY_SUSPEND_SOURCE = 1,
    COPY_RESUME_TARGET = 2,
    COPY_FRAME = 4,
    COPY_INTEGER = 8
};

enum outcome tcb_read_registers(struct invocation *call, struct tcb *target, struct answer *answer)
{
    word_t flags = message_word(call, 0);
    word_t count = message_word(call, 1);
    if (count < 1 || count > REGISTER_COUNT) {
        return refuse_range(answer, 1, REGISTER_COUNT);
    }
    if (target == call->caller) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (flags & READ_SUSPEND_SOURCE) {
        thread_suspend(target);
    }
    for (unsigned i = 0; i < count; i++) {
        answer->words[i] = context_read(&target->context, (enum user_register)i);
    }
    answer->length = count;
    return DONE;
}

enum outcome tcb_write_registers(struct invocation *call, struct tcb *target, struct answer *answer)
{
    word_t flags = message_word(call, 0);
    word_t count = message_word(call, 1);
    if (call->length - 2 < count) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    if (target == call->caller) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    for (unsigned i = 0; i < count && i < REGISTER_COUNT; i++) {
        context_write(&target->context, (enum user_register)i, message_word(call, i + 2));
    }
    context_restart(
        &target->context); /* also when rip was not among them: goes on at the restart address */
    context_set_full_restore(&target->context);
    target->cancelling = NULL; /* it does something else now */
    machine_bases_changed(target);
    if (flags & WRITE_RESUME_TARGET) {
        thread_resume(target);
    }
    return DONE;
}

/* Source or target may be the caller itself. */
enum outcome tcb_copy_registers(struct invocation *call, struct tcb *target, struct answer *answer)
{
    word_t flags = message_word(call, 0);
    struct capability c = extra_capability(call, 0);
    if (capability_type(c) != CAP_TCB) {
        return refuse_capability(answer, 1);
    }
    struct tcb *source = capability_tcb(c);
    if (flags & COPY_SUSPEND_SOURCE) {
        thread_suspend(source);
    } else {
        stall_thread(source);
    }
    if (flags & COPY_RESUME_TARGET) {
        thread_resume(target);
    }
    if (flags & COPY_FRAME) {
        context_copy_frame(&target->context, &source->context);
    }
    if (flags & COPY_INTEGER) {
        take_thread(
            target); /* if it is the caller: what is live in its registers gives way to the copy */
        context_copy_integer(&target->context, &source->context);
        machine_bases_changed(target);
    }
    if (target != call->caller) {
        context_set_full_restore(&target->context);
        target->cancelling = NULL; /* it does something else now */
    }
    return DONE;
}

enum outcome tcb_set_tls_base(struct invocation *call, struct tcb *target, struct answer *answer)
{
    (void)answer;
    word_t base = message_word(call, 0);
    context_write(&target->context, REGISTER_TLS_BASE, base);
    machine_bases_changed(target);
    return DONE;
}
