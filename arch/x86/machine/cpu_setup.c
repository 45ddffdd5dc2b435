/* One CPU of a node: its block, its privileged state, FPU and timer. */
#include <x86/cpu_setup.h>
#include <x86/entry.h>
#include <target/instructions.h>
#include <target/live_state.h>
#include <target/pcid.h>
#include <x86/privileged_state.h>
#include <x86/rflags.h>
#include <x86/stop.h>
#include <x86/timer.h>
#include <cluster/record.h>
#include <stdatomic.h>

/* --- the CPU block --- */

static void fill_block(struct cpu *cpu, uint32_t index, uint32_t apic_id)
{
    const struct cpu_features *f = &global_state.features;
    cpu->index = index;
    cpu->arch.apic_id = apic_id;
    cpu->arch.node_root = read_cr3();
    cpu->arch.loaded_root = cpu->arch.node_root;
    cpu->arch.pcid_mask = f->pcid ? MASK(PCID_BITS) : 0;
    cpu->arch.is_plain = !f->fsgsbase || !f->xsave;
    cpu->arch.idle = (struct user_context){
        .rip = (word_t)idle_start,
        .cs = SELECTOR_KERNEL_CODE,
        .rflags = RFLAGS_ALWAYS_ONE,
        .rsp = (word_t)cpu + CPU_STACK_TOP,
        .ss = SELECTOR_KERNEL_DATA,
    };
    cpu->arch.features = (f->xsave ? CPU_FEATURE_XSAVE : 0) |
                         (f->fsgsbase ? CPU_FEATURE_FSGSBASE : 0) |
                         (f->smap ? CPU_FEATURE_SMAP : 0) | (f->x2apic ? CPU_FEATURE_X2APIC : 0);
    /*
     * Until its first entry, for which it is on its way, this CPU holds nothing of any user, and
     * need not be called.
     */
    atomic_store_explicit(&cpu->mark, CPU_DOOR, memory_order_release);
}

void cpu_setup(struct cpu *cpu, uint32_t index, uint32_t apic_id, bool alone)
{
    fill_block(cpu, index, apic_id);
    set_privileged_state(cpu, alone ? interrupt_stubs_one : interrupt_stubs_many,
                         alone ? (word_t)syscall_stub_one : syscall_stubs_many[index]);
    join_or_halt(cpu);
    fpu_setup(cpu);
    timer_start(cpu);
}
