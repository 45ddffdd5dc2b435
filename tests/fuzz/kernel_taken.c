/* Which fast paths the comparisons have taken: one that none took was not compared. */
#include "fuzz.h"
#include "kernel_parts.h"
#include <kernel/ipc.h>
#include <kernel/thread.h>
#include <stdio.h>

static const char *const fast_path_names[FAST_PATHS] = {
    [FAST_CALL] = "Call",
    [FAST_REPLY_RECV] = "ReplyRecv",
    [FAST_FAULT_REPLY] = "ReplyRecv to a fault",
    [FAST_SEND] = "Send",
    [FAST_NB_SEND] = "NBSend",
    [FAST_SIGNAL] = "signal",
    [FAST_YIELD] = "Yield",
    [FAST_RECV] = "Recv",
    [FAST_NB_RECV] = "NBRecv",
    [FAST_MAP] = "Map",
    [FAST_UNMAP] = "Unmap",
    [FAST_VM_FAULT] = "page fault",
    [FAST_USER_EXCEPTION] = "exception",
    [FAST_INTERRUPT] = "interrupt",
};
static unsigned long taken[FAST_PATHS];
static bool is_comparing;

void count_from_now(bool comparing)
{
    is_comparing = comparing;
}

enum fast_path fast_path_of(const struct tcb *thread)
{
    word_t label = message_info_label(context_message_info(&thread->context));
    struct capability caller = thread->slots[TCB_CALLER].capability;
    bool is_signal =
        type_named(thread, context_capability_register(&thread->context)) == CAP_NOTIFICATION;
    switch ((int64_t)context_syscall_number(&thread->context)) {
    case SYS_Call:
        return label == LABEL_X86PageMap     ? FAST_MAP
               : label == LABEL_X86PageUnmap ? FAST_UNMAP
                                             : FAST_CALL;
    case SYS_ReplyRecv:
        return capability_type(caller) == CAP_REPLY &&
                       capability_tcb(caller)->fault_type != FAULT_NONE
                   ? FAST_FAULT_REPLY
                   : FAST_REPLY_RECV;
    case SYS_Send:
        return is_signal ? FAST_SIGNAL : FAST_SEND;
    case SYS_NBSend:
        return is_signal ? FAST_SIGNAL : FAST_NB_SEND;
    case SYS_Yield:
        return FAST_YIELD;
    case SYS_Recv:
        return FAST_RECV;
    case SYS_NBRecv:
        return FAST_NB_RECV;
    }
    return FAST_PATHS; /* none */
}

void count_taken(enum fast_path path)
{
    must(path < FAST_PATHS, "a system call without a fast path took one");
    taken[path] += is_comparing;
}

bool reached_enough(void)
{
    enum { LEAST = 10 };
    bool enough = true;
    for (unsigned i = 0; i < FAST_PATHS; i++) {
        printf("%s: %lu comparisons took the fast path%s\n", fast_path_names[i], taken[i],
               taken[i] < LEAST ? ": too few" : "");
        enough = enough && taken[i] >= LEAST;
    }
    return enough;
}
