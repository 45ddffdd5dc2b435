/* Where system calls come in (kernel/fastpath.h). */
#include <kernel/assert.h>
#include <kernel/fast_parts.h>

void fastpath_allow(bool allowed)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        cpu->floor = (uint16_t)((cpu->floor & ~FLOOR_CLOSED) | (allowed ? 0 : FLOOR_CLOSED));
    }
}

struct user_context *syscall_entry(word_t pointer, word_t info, word_t number, word_t place,
                                   struct tcb *thread, struct cpu *cpu)
{
    assert(cpu->current == thread);
    if (DEBUG_BUILD) {
        this_cpu = cpu; /* else by those paths that need it: the ordinary one, and methods */
        preemption_reset();
        preemption_note_syscall(number);
        check_entry();
    }
    if (number == (word_t)SYS_Call) {
        return fast_call(pointer, info, number, place, thread, cpu);
    }
    if (number == (word_t)SYS_ReplyRecv) {
        return fast_reply_recv(pointer, info, number, place, thread, cpu);
    }
    if (number == (word_t)SYS_Send || number == (word_t)SYS_NBSend) {
        return fast_send(pointer, info, number, place, thread, cpu);
    }
    if (number == (word_t)SYS_Yield) {
        return fast_yield(pointer, info, number, place, thread, cpu);
    }
    return take_ordinary_path(thread, cpu);
}
