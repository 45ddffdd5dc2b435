/* Where system calls come in (kernel/fastpath.h). */
#include <kernel/assert.h>
#include <kernel/fast_parts.h>

void fastpath_allow(bool allowed)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        threshold_set(cpu_by_index(i), THRESHOLD_ORDINARY, !allowed);
    }
}

SYSCALL_PATH(syscall_entry)
{
    assert(cpu->current == thread);
    if (DEBUG_BUILD) {
        this_cpu = cpu; /* else by those paths that need it: the ordinary one, and methods */
        preemption_reset();
        preemption_note_syscall(number);
        check_entry();
    }
    if (number == (word_t)SYS_Call) {
        return PASS_ON(fast_call);
    }
    if (number == (word_t)SYS_ReplyRecv) {
        return PASS_ON(fast_reply_recv);
    }
    if (number == (word_t)SYS_Send || number == (word_t)SYS_NBSend) {
        return PASS_ON(fast_send);
    }
    if (number == (word_t)SYS_Yield) {
        return PASS_ON(fast_yield);
    }
    return PASS_ON(fast_receive);
}
