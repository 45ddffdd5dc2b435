/*
 * FPU and bases: what stays in a CPU's registers while its thread is current.
 *
 * A thread that never used the FPU runs with CR0.TS set and costs nothing. Its first FPU
 * instruction raises #NM; from then on its state is loaded whenever it becomes current and saved
 * when it ceases to be: never lazily, so no other CPU ever needs to ask for it.
 */
#include <arch/fpu.h>
#include <arch/machine.h>
#include <x86/control.h>
#include <arch/cpu.h>
#include <target/instructions.h>
#include <target/live_state.h>
#include <kernel/string.h>

/* Where reset values other than zero lie in the area (SDM volume 1, tables 10-2 and 13-1). */
enum { AREA_FPU_CONTROL = 0, AREA_MXCSR = 24 };
enum { FPU_CONTROL_RESET = 0x37f, MXCSR_RESET = 0x1f80 };

static bool has_feature(const struct cpu *cpu, uint64_t feature)
{
    return cpu->arch.features & feature;
}

/* --- FPU --- */

void fpu_init_thread(struct tcb *thread)
{
    static const uint16_t control = FPU_CONTROL_RESET;
    static const uint32_t mxcsr = MXCSR_RESET;
    /* All else is zero, like the memory that new objects are made of. */
    __builtin_memcpy(&thread->fpu_area.bytes[AREA_FPU_CONTROL], &control, sizeof(control));
    __builtin_memcpy(&thread->fpu_area.bytes[AREA_MXCSR], &mxcsr, sizeof(mxcsr));
}

static bool may_use_fpu(const struct tcb *thread)
{
    return !(thread->flags & ABI_TCB_FLAG_FPU_DISABLED);
}

bool fpu_first_use(struct tcb *thread)
{
    if (!may_use_fpu(thread)) {
        return false;
    }
    thread->fpu_used = true;
    thread->uses_fpu = true;
    return true;
}

void fpu_flags_changed(struct tcb *thread)
{
    thread->uses_fpu = thread->fpu_used && may_use_fpu(thread);
}

static void fpu_save(struct cpu *cpu, struct tcb *thread)
{
    if (cpu->arch.fpu != FPU_LIVE) {
        return;
    }
    if (has_feature(cpu, CPU_FEATURE_XSAVE)) {
        fpu_xsave(&thread->fpu_area);
    } else {
        fpu_fxsave(&thread->fpu_area);
    }
    cpu->arch.fpu = FPU_FREE;
}

static void fpu_load(struct cpu *cpu, const struct tcb *thread)
{
    if (cpu->arch.fpu == FPU_LIVE) {
        return;
    }
    if (cpu->arch.fpu == FPU_TRAPS) {
        clear_task_switched();
    }
    if (has_feature(cpu, CPU_FEATURE_XSAVE)) {
        fpu_xrstor(&thread->fpu_area);
    } else {
        fpu_fxrstor(&thread->fpu_area);
    }
    cpu->arch.fpu = FPU_LIVE;
}

static void fpu_trap(struct cpu *cpu)
{
    write_cr0(CR0_KERNEL | CR0_TASK_SWITCHED);
    cpu->arch.fpu = FPU_TRAPS;
}

static void fpu_refuse(struct cpu *cpu, struct tcb *thread)
{
    fpu_save(cpu, thread); /* live if the thread was disabled just now */
    if (cpu->arch.fpu != FPU_TRAPS) {
        fpu_trap(cpu);
    }
}

void fpu_setup(struct cpu *cpu)
{
    fpu_trap(cpu);
}

/* --- FS and GS base --- */

static void bases_save(struct cpu *cpu, struct tcb *thread)
{
    /*
     * Without FSGSBASE users change a base only to 0, by loading a selector, and what the TCB says
     * stays valid for them.
     */
    if (cpu->arch.bases_live && has_feature(cpu, CPU_FEATURE_FSGSBASE)) {
        thread->context.fs_base = read_fs_base();
        thread->context.gs_base = read_gs_base();
    }
    cpu->arch.bases_live = false;
}

/*
 * WRMSR is slow, and most threads' GS base is 0. A register that was 0 when last written still is:
 * users cannot change it to anything else. One that was not may be 0 by now, so equality alone
 * would not do.
 */
static void load_base(uint32_t msr, word_t *last_written, word_t value)
{
    if (*last_written != 0 || value != 0) {
        write_msr(msr, value);
        *last_written = value;
    }
}

static void bases_load_by_msr(struct cpu *cpu, const struct tcb *thread)
{
    load_base(MSR_FS_BASE, &cpu->arch.fs_base, thread->context.fs_base);
    load_base(MSR_GS_BASE, &cpu->arch.gs_base, thread->context.gs_base);
}

static void bases_load(struct cpu *cpu, const struct tcb *thread)
{
    if (cpu->arch.bases_live) {
        return;
    }
    if (has_feature(cpu, CPU_FEATURE_FSGSBASE)) {
        write_fs_base(thread->context.fs_base);
        write_gs_base(thread->context.gs_base);
    } else {
        bases_load_by_msr(cpu, thread);
    }
    cpu->arch.bases_live = true;
}

void machine_bases_changed(struct tcb *thread)
{
    if (thread != this_cpu->current || !this_cpu->arch.bases_live) {
        return; /* loaded from the TCB when it is needed */
    }
    if (has_feature(this_cpu, CPU_FEATURE_FSGSBASE)) {
        write_fs_base(thread->context.fs_base); /* not GS: the register may be newer than the TCB */
    } else {
        this_cpu->arch.bases_live = false;
    }
}

/* --- both --- */

void save_live_state(struct cpu *cpu)
{
    fpu_save(cpu, cpu->current);
    bases_save(cpu, cpu->current);
}

void load_live_state(struct cpu *cpu, struct tcb *thread)
{
    bases_load(cpu, thread);
    if (thread->uses_fpu) {
        fpu_load(cpu, thread);
    } else {
        fpu_refuse(cpu, thread);
    }
}

static NEVER_INLINE struct user_context *
live_state_switch_in_steps(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    if (has_feature(cpu, CPU_FEATURE_FSGSBASE)) {
        bases_switch(from, to);
    } else {
        bases_load_by_msr(cpu, to); /* the TCB of `from` has its own, see bases_save() */
    }
    fpu_save(cpu, from);
    if (to->uses_fpu) {
        fpu_load(cpu, to);
    } else {
        fpu_refuse(cpu, to);
    }
    return &to->context;
}

struct user_context *live_state_switch(struct cpu *cpu, struct tcb *from, struct tcb *to)
{
    if (LIKELY(fpu_and_is_plain(cpu) == FPU_LIVE && to->uses_fpu)) {
        bases_switch(from, to);
        fpu_xsave(&from->fpu_area);
        fpu_xrstor(&to->fpu_area);
        return &to->context;
    }
    return live_state_switch_in_steps(cpu, from, to);
}
