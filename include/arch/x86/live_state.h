/*
 * A thread's state that stays in this CPU's registers while the thread is current: FPU, FS and GS base. Under the lock.
 * (The stub at the door saves by itself, in entry_lock.asm.)
 */
#ifndef ARCH_X86_LIVE_STATE_H
#define ARCH_X86_LIVE_STATE_H

#include <arch/x86/instructions.h>
#include <kernel/cpu.h>

/* This CPU's current thread, which must not be null: all its state is in its TCB afterwards. */
void save_live_state(struct cpu *cpu);

/* On the way out, `thread` is current: what the registers do not hold of it is loaded. */
void load_live_state(struct cpu *cpu, struct tcb *thread);

/* CR0.TS, WP and the others as every CPU has them; at first no thread's FPU state is loaded. */
void fpu_setup(struct cpu *cpu);

/* At the door the FPU state of `thread` was saved, but nobody took it away: the registers still hold it. */
static inline void fpu_keep(struct cpu *cpu, const struct tcb *thread)
{
    if (cpu->arch.fpu == FPU_FREE && thread->uses_fpu) {
        cpu->arch.fpu = FPU_LIVE;
    }
}

/* From `from`, whose FPU state may be live, to `to`, whose context is returned. FPU_TRAPS is 0. */
struct user_context *fpu_switch(struct cpu *cpu, struct tcb *from, struct tcb *to);

/*
 * The same for the bases, with FSGSBASE. Those of `from` are live, as they are of any thread that just came from user
 * mode.
 */
static inline void bases_switch(struct tcb *from, const struct tcb *to)
{
    from->context.fs_base = read_fs_base();
    from->context.gs_base = read_gs_base();
    write_fs_base(to->context.fs_base);
    write_gs_base(to->context.gs_base);
}

/* All of it, on a CPU without FSGSBASE. */
struct user_context *live_state_switch(struct cpu *cpu, struct tcb *from, struct tcb *to);

#endif
