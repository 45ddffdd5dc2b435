/*
 * What the fast paths (kernel/fastpath.h) are made of: kernel/calls/fast_call.c, fast_wake.c,
 * fast_wait.c, fast_invoke.c and fast_fault.c.
 *
 * Each of them first looks, and takes the ordinary path if anything is not as the common case has
 * it; then it only acts. What it does must be what the ordinary path does:
 * tests/unit/thread/test_fastpath.c and the fuzzer run both and compare. They call nothing on their
 * way but one another at the end, so that compilers keep everything in registers that need not be
 * saved; hence inline functions, and a copy of each for messages that have words in buffers.
 */
#ifndef KERNEL_FAST_PARTS_H
#define KERNEL_FAST_PARTS_H

#include <arch/object.h>
#include <arch/switch.h>
#include <kernel/check.h>
#include <kernel/cspace.h>
#include <kernel/fastpath.h>
#include <kernel/ipc.h>
#include <kernel/preemption.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

/*
 * --- the system calls, by name; arguments (some of them not used) and result as those of
 * syscall_entry() ---
 *
 * Lean: the message fits in registers, and the CSpace has one level. General: neither need be so,
 * but the message has no capabilities. (One file each uses the general ones; but made static, they
 * cost a lean ReplyRecv one instruction and themselves four.)
 */
SYSCALL_PATH(fast_call);
SYSCALL_PATH(general_call);
SYSCALL_PATH(fast_reply_recv);
SYSCALL_PATH(general_reply_recv);
SYSCALL_PATH(fast_send);
SYSCALL_PATH(general_send);
SYSCALL_PATH(fast_yield);
SYSCALL_PATH(fast_receive); /* Recv, NBRecv, and what has no fast path */
SYSCALL_PATH(general_receive);

/* By a server whose capability and reply slot are as for reply_recv(). Reads the saved context. */
SYSCALL_PATH(reply_to_fault_recv);

/* A call of something that is no endpoint. Reads the saved context. */
SYSCALL_PATH(fast_invoke);

enum path { LEAN, GENERAL };

/* --- looking --- */

/*
 * `thread` may run here from now on, while the current one stops: nothing better waits, and nothing
 * is to be found out.
 */
static inline bool may_take_over(const struct cpu *cpu, const struct tcb *thread)
{
    return ran_here_last(cpu, thread) && passes_threshold(cpu, thread) &&
           is_root_known(cpu, thread);
}

/* The current thread may go on: nothing better has come. */
static inline bool may_go_on(const struct cpu *cpu, const struct tcb *thread)
{
    return passes_threshold(cpu, thread) && is_root_known(cpu, thread);
}

/*
 * The current thread may wake `woken`. With balance=on the other CPUs would have to be looked at
 * as well; and a CPU on which `woken` did not run last may have to be called.
 */
static inline bool may_wake(const struct cpu *cpu, const struct tcb *thread,
                            const struct tcb *woken)
{
    return !balance_on && ran_here_last(cpu, woken) && may_go_on(cpu, thread) &&
           is_root_known(cpu, woken);
}

static inline bool is_lean(word_t info, const struct tcb *thread)
{
    return message_plain_length(info) <= ABI_MESSAGE_REGISTERS &&
           is_whole_cnode_capability(thread->slots[TCB_CSPACE].capability);
}

static inline bool is_general(word_t info)
{
    return message_plain_length(info) <= ABI_MAX_MESSAGE_LENGTH;
}

/* False: there is none. */
ALWAYS_INLINE bool find_slot(enum path path, const struct tcb *thread, word_t pointer,
                             struct slot **slot)
{
    struct capability cspace = thread->slots[TCB_CSPACE].capability;
    if (path == LEAN || is_whole_cnode_capability(cspace)) {
        *slot = whole_cnode_slot(cspace, pointer);
        return is_in_whole_cnode(cspace, pointer);
    }
    *slot = resolve(cspace, pointer);
    return *slot != NULL;
}

/* Where the words are that a message has beyond the registers. */
struct buffers {
    const word_t *from;
    word_t *to;
};

/* False: there are such words, but not both buffers. */
ALWAYS_INLINE bool find_buffers(enum path path, word_t info, const struct tcb *from,
                                const struct tcb *to, struct buffers *buffers)
{
    *buffers = (struct buffers){NULL, NULL};
    if (path == LEAN || message_info_length(info) <= ABI_MESSAGE_REGISTERS) {
        return true;
    }
    buffers->from = arch_ipc_buffer(from, false);
    buffers->to = arch_ipc_buffer(to, true);
    return buffers->from != NULL && buffers->to != NULL;
}

/* --- acting --- */

static inline void copy_buffer(const struct buffers *buffers, word_t length)
{
    const word_t *from = &buffers->from[ABI_IPC_MESSAGE];
    word_t *to = &buffers->to[ABI_IPC_MESSAGE];
    for (word_t i = ABI_MESSAGE_REGISTERS; i < length; i++) {
        __atomic_store_n(&to[i], read_user_word(&from[i]), __ATOMIC_RELAXED);
    }
}

static inline void copy_registers(const struct user_context *from, struct user_context *to,
                                  word_t length)
{
    for (unsigned i = 0; i < ABI_MESSAGE_REGISTERS && i < length; i++) {
        context_set_message_register(to, i, context_message_register(from, i));
    }
}

/* The message of `from` as `to` gets it. */
ALWAYS_INLINE void pass_message(enum path path, const struct tcb *from, struct tcb *to, word_t info,
                                word_t badge, const struct buffers *buffers)
{
    /* Neither has capabilities. The bits left out are 0 in GENERAL, and the code is shorter so. */
    word_t length = path == LEAN ? message_plain_length(info) : info & MASK(7);
    if (length != 0) {
        copy_registers(&from->context, &to->context, length);
    }
    if (path == GENERAL) {
        copy_buffer(buffers, length);
    }
    context_set_badge(&to->context, badge);
    context_set_message_info(&to->context, message_info(message_info_label(info), 0, 0, length));
}

/* Debug builds: what ends every entry. */
static inline void end_checked(const struct tcb *next)
{
    if (DEBUG_BUILD) {
        check_exit(next);
        preemption_end();
    }
}

static inline struct user_context *switch_to(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    end_checked(to);
    return leave_to_other(cpu, from, to);
}

/* `receiver` has the message and runs; `caller` waits for its reply. */
static inline struct user_context *run_receiver(struct cpu *cpu, struct tcb *caller,
                                                struct tcb *receiver)
{
    give_reply_capability(caller, &receiver->slots[TCB_CALLER], receiver->reply_can_grant);
    set_thread_state(caller, THREAD_BLOCKED_ON_REPLY);
    set_thread_state(receiver, THREAD_RUNNING);
    return switch_to(cpu, caller, receiver);
}

/*
 * `caller` has its reply and runs; `server` waits for the next message, at the endpoint that the
 * capability in `slot` names.
 */
static inline struct user_context *run_caller(struct cpu *cpu, struct tcb *server,
                                              const struct slot *slot, struct endpoint *endpoint,
                                              struct tcb *caller)
{
    server->reply_can_grant = capability_rights(slot->capability) & RIGHT_GRANT;
    set_thread_state(server, THREAD_BLOCKED_ON_RECEIVE);
    set_thread_state(caller, THREAD_RUNNING);
    endpoint_append(endpoint, ENDPOINT_RECEIVING, server);
    return switch_to(cpu, server, caller);
}

static inline struct user_context *go_on(struct cpu *cpu, struct tcb *thread)
{
    end_checked(thread);
    return leave_to_same(cpu, thread);
}

/* The reply of a method that has been carried out and returns no words. */
static inline struct user_context *answer_done(struct cpu *cpu, struct tcb *caller)
{
    context_set_badge(&caller->context, 0);
    context_set_message_info(&caller->context, message_info(ERROR_NONE, 0, 0, 0));
    return go_on(cpu, caller);
}

#endif
