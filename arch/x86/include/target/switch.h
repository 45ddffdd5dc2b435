/* What arch/switch.h promises, for x86-64. The steps are those of docs/locking.md, "Exit". */
#ifndef TARGET_SWITCH_H
#define TARGET_SWITCH_H

#include <target/instructions.h>
#include <target/live_state.h>
#include <target/pcid.h>
#include <kernel/cpu.h>
#include <stdatomic.h>

static inline bool ran_here_last(const struct cpu *cpu, const struct tcb *thread)
{
    return thread->last_cpu == cpu_number(cpu);
}

/*
 * int3 and single steps come after their instruction, so a dropped one would not be repeated, and
 * stepping back is no way out: `int3` has one byte or two, a single step any number. But the stub
 * left the vector in the context, and only delivering the trap or rewriting the registers clears
 * it. So a thread that was taken away on the way (docs/locking.md step 6) still says so when it
 * runs next.
 */
static inline bool has_undelivered_trap(const struct tcb *thread)
{
    word_t vector = thread->context.vector;
    return vector == EXCEPTION_DEBUG || vector == EXCEPTION_BREAKPOINT;
}

static inline bool can_leave_to_other(const struct cpu *cpu, const struct tcb *to)
{
    const struct user_context *context = &to->context;
    return cpu->arch.bases_live && ran_here_last(cpu, to) && !has_undelivered_trap(to) &&
           is_canonical(to->state == THREAD_RESTART ? context->restart_ip : context->rip);
}

static inline bool can_leave_to_same(const struct cpu *cpu, const struct tcb *thread)
{
    return cpu->arch.bases_live && cpu->arch.fpu == (thread->uses_fpu ? FPU_LIVE : FPU_TRAPS);
}

static inline void live_state_at_entry(struct cpu *cpu)
{
    if (cpu->current == NULL) {
        cpu->arch.bases_live =
            false; /* taken away: its state was saved at the door, and may have been rewritten */
    } else {
        fpu_keep(cpu, cpu->current);
    }
}

/*
 * Where the stubs find the context of the current thread: TSS.RSP0, in two halves since the TSS is
 * not aligned.
 */
static inline void set_frame_end(struct cpu *cpu, const struct tcb *thread)
{
    word_t frame_end = (word_t)&thread->context + USER_CONTEXT_FRAME_END;
    __builtin_memcpy(cpu->arch.tss.rsp0, &frame_end, sizeof(frame_end));
}

static inline void load_root(struct cpu *cpu, word_t root)
{
    if (root != cpu->arch.loaded_root) {
        write_cr3(cr3_of(cpu, root));
        cpu->arch.loaded_root = root;
    }
}

static inline struct user_context *leave_to_same(struct cpu *cpu, struct tcb *thread)
{
    load_root(cpu, thread->root);
    atomic_store_explicit(&cpu->mark, CPU_USER, memory_order_release);
    return &thread->context;
}

static inline struct user_context *leave_to_other(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    cpu->current = to;
    set_frame_end(cpu, to);
    struct user_context *context = leave_to_same(cpu, to);
    /*
     * Last, so that the common case ends without a call. No CPU looks at the mark before the lock
     * is free.
     */
    if (LIKELY((fpu_and_is_plain(cpu) | to->uses_fpu) == FPU_TRAPS)) {
        bases_switch(from, to);
        return context;
    }
    return live_state_switch(cpu, from, to);
}

#endif
