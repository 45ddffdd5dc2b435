/* Faults: how they come about, their messages, and what the handler's reply does (contract 5). */
#include <arch/console.h>
#include <arch/object.h>
#include <kernel/assert.h>
#include <kernel/cspace.h>
#include <kernel/entry.h>
#include <kernel/fault.h>
#include <kernel/ipc.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

/* --- raising --- */

static const char *fault_name(enum fault_type type)
{
    switch (type) {
    case FAULT_NONE:
        return "no fault";
    case FAULT_CAPABILITY:
        return "capability fault";
    case FAULT_UNKNOWN_SYSCALL:
        return "unknown system call";
    case FAULT_USER_EXCEPTION:
        return "exception";
    case FAULT_VM:
        return "page fault";
    }
    unreachable();
}

/* Whether a thread may run although no other thread does anything: an interrupt can wake it. */
static bool may_run_by_itself(const struct tcb *thread)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_INACTIVE:
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_REPLY:
        return false;
    case THREAD_BLOCKED_ON_RECEIVE:
        return thread->bound_notification != NULL;
    case THREAD_RUNNING:
    case THREAD_RESTART:
    case THREAD_BLOCKED_ON_NOTIFICATION:
        return true;
    }
    unreachable();
}

/* Bounded: among more than MOST_LOOKED_AT threads it takes for granted that one may run. */
static bool can_any_run(void)
{
    enum { MOST_LOOKED_AT = 64 };
    unsigned looked_at = 0;
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        if (may_run_by_itself(thread) || ++looked_at > MOST_LOOKED_AT) {
            return true;
        }
    }
    return false;
}

/*
 * The thread cannot go on, and only what reads the console can be told; it ends a run in which no
 * thread of the node is left (tools/cmklib/verdict.py).
 */
static COLD void stop_without_handler(struct tcb *thread, const char *why)
{
    enum fault_type type = thread->fault_type;
    thread->fault_type = FAULT_NONE;
    set_thread_state(thread, THREAD_INACTIVE);
    console_report(": cpu %u: thread \"%s\" stops at 0x%lx: %s (0x%lx, 0x%lx), and its fault "
                   "handler 0x%lx %s%s",
                   this_cpu->index, thread->name, context_read(&thread->context, REGISTER_rip),
                   fault_name(type), thread->fault.words[0], thread->fault.words[1],
                   thread->fault_handler, why, can_any_run() ? "" : "; no thread is left");
}

/* thread->fault says what happened. */
static void send_fault(struct tcb *thread)
{
    struct slot *slot;
    struct lookup_failure failure;
    if (!lookup_thread_slot(thread, thread->fault_handler, &slot, &failure)) {
        stop_without_handler(thread, "cannot be resolved");
        return;
    }
    struct capability handler = slot->capability;
    if (capability_type(handler) != CAP_ENDPOINT) {
        stop_without_handler(thread, "is not an endpoint");
        return;
    }
    word_t rights = capability_rights(handler);
    if (!(rights & RIGHT_WRITE) || !(rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY))) {
        stop_without_handler(thread, "lacks the rights to call");
        return;
    }
    send_message(thread, handler, SEND_CALL);
}

static void raise_fault(enum fault_type type, word_t word0, word_t word1)
{
    struct tcb *thread = current_thread();
    thread->fault_type = (uint8_t)type;
    thread->fault.words[0] = word0;
    thread->fault.words[1] = word1;
    send_fault(thread);
}

void raise_capability_fault(struct tcb *thread, word_t pointer, bool receive_phase,
                            const struct lookup_failure *why)
{
    thread->fault_type = FAULT_CAPABILITY;
    thread->fault = (struct fault){.words = {pointer, receive_phase}, .lookup = *why};
    send_fault(thread);
}

void handle_vm_fault(vaddr_t address, word_t fault_status)
{
    count_here(CMK_COUNT_ORDINARY_FAULT);
    raise_fault(FAULT_VM, address, fault_status & MASK(VM_FAULT_STATUS_BITS));
}

void handle_user_exception(word_t vector, word_t error)
{
    count_here(CMK_COUNT_ORDINARY_FAULT);
    raise_fault(FAULT_USER_EXCEPTION, vector, error & MASK(USER_EXCEPTION_ERROR_BITS));
}

void handle_unknown_syscall(word_t number)
{
    raise_fault(FAULT_UNKNOWN_SYSCALL, number, 0);
}

/* --- the message --- */

enum { LONGEST_FAULT_MESSAGE = UNKNOWN_SYSCALL_MESSAGE_LENGTH };

static word_t capability_fault_words(const struct tcb *thread, word_t *words)
{
    words[0] = context_read(&thread->context, REGISTER_rip);
    words[1] = thread->fault.words[0];
    words[2] = thread->fault.words[1];
    return 3 + lookup_failure_to_words(&thread->fault.lookup, &words[3]);
}

static word_t unknown_syscall_words(const struct tcb *thread, word_t *words)
{
    const unsigned registers = UNKNOWN_SYSCALL_MESSAGE_LENGTH - 1;
    for (unsigned i = 0; i < registers; i++) {
        words[i] = context_unknown_syscall_word(&thread->context, i);
    }
    words[registers] = thread->fault.words[0];
    return UNKNOWN_SYSCALL_MESSAGE_LENGTH;
}

static word_t fault_words(const struct tcb *thread, word_t *words)
{
    return thread->fault_type == FAULT_CAPABILITY ? capability_fault_words(thread, words)
                                                  : unknown_syscall_words(thread, words);
}

/* The two frequent kinds, straight into the registers. */
static word_t copy_vm_fault(const struct tcb *sender, struct tcb *receiver)
{
    struct user_context *to = &receiver->context;
    context_set_message_register(to, 0, context_restart_address(&sender->context));
    context_set_message_register(to, 1, sender->fault.words[0]);
    context_set_message_register(to, 2, (sender->fault.words[1] >> VM_FAULT_FETCH_BIT) & 1);
    context_set_message_register(to, 3, sender->fault.words[1]);
    return 4;
}

static word_t copy_user_exception(const struct tcb *sender, struct tcb *receiver)
{
    _Static_assert(USER_EXCEPTION_REGISTERS == 3,
                   "the fault's own words come in the fourth and fifth place");
    word_t *buffer = arch_ipc_buffer(receiver, true);
    for (unsigned i = 0; i < USER_EXCEPTION_REGISTERS; i++) {
        context_set_message_register(&receiver->context, i,
                                     context_user_exception_word(&sender->context, i));
    }
    context_set_message_register(&receiver->context, 3, sender->fault.words[0]);
    if (buffer == NULL) {
        return ABI_MESSAGE_REGISTERS;
    }
    give_word(receiver, buffer, 4, sender->fault.words[1]);
    return USER_EXCEPTION_REGISTERS + 2;
}

static COLD word_t copy_other_fault(struct tcb *sender, struct tcb *receiver)
{
    word_t *receiver_buffer = arch_ipc_buffer(receiver, true);
    word_t words[LONGEST_FAULT_MESSAGE];
    word_t length = fault_words(sender, words);
    if (receiver_buffer == NULL) {
        length = MIN(length, (word_t)ABI_MESSAGE_REGISTERS);
    }
    for (unsigned i = 0; i < length; i++) {
        give_word(receiver, receiver_buffer, i, words[i]);
    }
    return length;
}

word_t copy_fault_message(struct tcb *sender, struct tcb *receiver)
{
    switch ((enum fault_type)sender->fault_type) {
    case FAULT_VM:
        return copy_vm_fault(sender, receiver);
    case FAULT_USER_EXCEPTION:
        return copy_user_exception(sender, receiver);
    case FAULT_CAPABILITY:
    case FAULT_UNKNOWN_SYSCALL:
    case FAULT_NONE: /* unreachable: there is a fault to report */
        break;
    }
    return copy_other_fault(sender, receiver);
}

/* --- the reply --- */

/* Both write the registers that the reply carries. */
static void apply_user_exception_reply(const struct tcb *sender, struct tcb *faulted, word_t length)
{
    _Static_assert(USER_EXCEPTION_REGISTERS <= ABI_MESSAGE_REGISTERS, "the buffer is not needed");
    for (unsigned i = 0; i < USER_EXCEPTION_REGISTERS && i < length; i++) {
        context_set_user_exception_word(&faulted->context, i,
                                        context_message_register(&sender->context, i));
    }
}

static void apply_unknown_syscall_reply(const struct tcb *sender, struct tcb *faulted,
                                        word_t length)
{
    length = MIN(length, (word_t)UNKNOWN_SYSCALL_MESSAGE_LENGTH - 1);
    const word_t *buffer = NULL;
    if (length > ABI_MESSAGE_REGISTERS) {
        buffer = arch_ipc_buffer(sender, false);
        length = buffer != NULL ? length : ABI_MESSAGE_REGISTERS;
    }
    for (unsigned i = 0; i < length; i++) {
        context_set_unknown_syscall_word(&faulted->context, i, sent_word(sender, buffer, i));
    }
}

bool apply_fault_reply(struct tcb *sender, struct tcb *faulted)
{
    word_t info = context_message_info(&sender->context);
    enum fault_type type = faulted->fault_type;
    if (type == FAULT_CAPABILITY || type == FAULT_VM) {
        return true; /* whatever the message says */
    }
    if (type == FAULT_USER_EXCEPTION) {
        apply_user_exception_reply(sender, faulted, message_info_length(info));
    } else {
        assert(type == FAULT_UNKNOWN_SYSCALL);
        apply_unknown_syscall_reply(sender, faulted, message_info_length(info));
    }
    faulted->cancelling = NULL; /* it may do something else now */
    return message_info_label(info) == 0;
}
