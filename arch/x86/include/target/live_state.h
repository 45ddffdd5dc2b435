/*
 * A thread's state that stays in this CPU's registers while the thread is current: FPU, FS and GS
 * base. Under the lock. (The stub at the door saves by itself, in entry_lock.asm.)
 */
#ifndef TARGET_LIVE_STATE_H
#define TARGET_LIVE_STATE_H

#include <target/instructions.h>
#include <kernel/cpu.h>

/* This CPU's current thread, which must not be null: all its state is in its TCB afterwards. */
void save_live_state(struct cpu *cpu);

/* On the way out, `thread` is current: what the registers do not hold of it is loaded. */
void load_live_state(struct cpu *cpu, struct tcb *thread);

/* CR0.TS, WP and the others as every CPU has them; at first no thread's FPU state is loaded. */
void fpu_setup(struct cpu *cpu);

/*
 * At the door the FPU state of `thread` was saved, but the thread was not taken away: the registers
 * still hold it.
 */
static inline void fpu_keep(struct cpu *cpu, const struct tcb *thread)
{
    if (cpu->arch.fpu == FPU_FREE && thread->uses_fpu) {
        cpu->arch.fpu = FPU_LIVE;
    }
}

/* FPU_* if the CPU has FSGSBASE and XSAVE, and another number if not. */
static inline unsigned fpu_and_is_plain(const struct cpu *cpu)
{
    uint16_t both;
    _Static_assert(offsetof(struct arch_cpu, is_plain) == offsetof(struct arch_cpu, fpu) + 1,
                   "read as one");
    __builtin_memcpy(&both, &cpu->arch.fpu, sizeof(both));
    return both;
}

/*
 * FS and GS base from `from` to `to`, with FSGSBASE. Those of `from` are live, as they are of any
 * thread that just came from user mode.
 */
static inline void bases_switch(struct tcb *from, const struct tcb *to)
{
    from->context.fs_base = read_fs_base();
    from->context.gs_base = read_gs_base();
    write_fs_base(to->context.fs_base);
    write_gs_base(to->context.gs_base);
}

/* All of it, from `from`, whose FPU state may be live, to `to`, whose context is returned. */
struct user_context *live_state_switch(struct cpu *cpu, struct tcb *from, struct tcb *to);

#endif
