/* One CPU of a node: descriptor tables, MSRs, control registers, FPU, local APIC, timer. Every control bit is gated. */
#include <arch/x86/apic.h>
#include <arch/x86/control.h>
#include <arch/x86/cpu_setup.h>
#include <arch/x86/entry.h>
#include <arch/x86/instructions.h>
#include <arch/x86/live_state.h>
#include <arch/x86/pcid.h>
#include <arch/x86/rflags.h>
#include <arch/x86/stop.h>
#include <cluster/record.h>
#include <stdatomic.h>

enum { IDT_ENTRIES = 256, GDT_ENTRIES = 8 };

/* Interrupt stack table: which stack an exception switches to, whatever was going on. */
enum { IST_NONE, IST_DOUBLE_FAULT, IST_NMI, IST_MACHINE_CHECK, IST_DEBUG };

/* Gate of the IDT (Intel SDM volume 3, figure 6-8). */
struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) * IDT_ENTRIES == 4096, "the IDT fills its page of the CPU block");

enum { GATE_INTERRUPT = 0x8e, GATE_FOR_USERS = 0x60 };

struct descriptor_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* --- descriptor tables --- */

static word_t *gdt_of(struct cpu *cpu)
{
    return (word_t *)((word_t)cpu + CPU_GDT_OFFSET);
}

static struct gate *idt_of(struct cpu *cpu)
{
    return (struct gate *)((word_t)cpu + CPU_IDT_OFFSET);
}

/* Segment descriptors: present, type, privilege; base and limit do not count in 64-bit mode. */
#define SEGMENT_KERNEL_CODE 0x00af9b000000ffff
#define SEGMENT_KERNEL_DATA 0x00cf93000000ffff
#define SEGMENT_USER_DATA   0x00cff3000000ffff
#define SEGMENT_USER_CODE   0x00affb000000ffff
#define SEGMENT_TSS         0x0000890000000000

static void fill_gdt(struct cpu *cpu)
{
    word_t *gdt = gdt_of(cpu);
    word_t tss = (word_t)&cpu->arch.tss;
    gdt[SELECTOR_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    gdt[SELECTOR_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    gdt[SELECTOR_USER_DATA / 8] = SEGMENT_USER_DATA;
    gdt[SELECTOR_USER_CODE / 8] = SEGMENT_USER_CODE;
    gdt[SELECTOR_TSS / 8] = SEGMENT_TSS | (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
}

static void set_ist(struct cpu *cpu, unsigned index, word_t top_offset)
{
    word_t top = (word_t)cpu + top_offset;
    cpu->arch.tss.ist[index - 1][0] = (uint32_t)top;
    cpu->arch.tss.ist[index - 1][1] = (uint32_t)(top >> 32);
}

static void fill_tss(struct cpu *cpu)
{
    set_ist(cpu, IST_DOUBLE_FAULT, CPU_DOUBLE_FAULT_TOP);
    set_ist(cpu, IST_NMI, CPU_NMI_TOP);
    set_ist(cpu, IST_MACHINE_CHECK, CPU_MACHINE_CHECK_TOP);
    set_ist(cpu, IST_DEBUG, CPU_DEBUG_TOP);
    cpu->arch.tss.io_map_base = sizeof(struct tss); /* no map: users have no ports (contract 12) */
}

static unsigned ist_of_vector(unsigned vector)
{
    switch (vector) {
    case 1:
        return IST_DEBUG;
    case 2:
        return IST_NMI;
    case 8:
        return IST_DOUBLE_FAULT;
    case 18:
        return IST_MACHINE_CHECK;
    default:
        return IST_NONE;
    }
}

/* `int3`; unknown system calls; `int 0xff`, which is ignored (contract 5.2). Any other `int n` is a #GP. */
static bool is_for_users(unsigned vector)
{
    return vector == 3 || vector >= VECTOR_SOFTWARE_FIRST;
}

static void fill_idt(struct cpu *cpu, const word_t *stubs)
{
    struct gate *idt = idt_of(cpu);
    for (unsigned vector = 0; vector < IDT_ENTRIES; vector++) {
        idt[vector] = (struct gate){
            .offset_low = (uint16_t)stubs[vector],
            .selector = SELECTOR_KERNEL_CODE,
            .ist = (uint8_t)ist_of_vector(vector),
            .type = GATE_INTERRUPT | (is_for_users(vector) ? GATE_FOR_USERS : 0),
            .offset_middle = (uint16_t)(stubs[vector] >> 16),
            .offset_high = (uint32_t)(stubs[vector] >> 32),
        };
    }
}

/*
 * LDTR is loaded although no kernel uses it: reset and INIT leave a null selector with base 0 and limit
 * 0xffff, which counts as a valid table (Intel SDM volume 3, table 10-1), at an address of the user.
 */
static void load_descriptor_tables(struct cpu *cpu)
{
    struct descriptor_pointer gdt = {GDT_ENTRIES * sizeof(word_t) - 1, (uint64_t)gdt_of(cpu)};
    struct descriptor_pointer idt = {IDT_ENTRIES * sizeof(struct gate) - 1, (uint64_t)idt_of(cpu)};
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %w3, %%ss\n\t"
                     "xor %%eax, %%eax\n\t"
                     "mov %%ax, %%ds\n\t"
                     "mov %%ax, %%es\n\t"
                     "mov %%ax, %%fs\n\t"
                     "mov %%ax, %%gs\n\t"
                     "lldt %%ax\n\t"
                     "ltr %w4"
                     :
                     : "m"(gdt), "m"(idt), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA), "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

/* --- registers --- */

/*
 * What user code left in RFLAGS and the kernel must not run with: interrupts, single steps, backward strings, and so
 * on.
 */
#define RFLAGS_NESTED_TASK  0x004000
#define RFLAGS_RESUME       0x010000
#define RFLAGS_ALIGNMENT    0x040000
#define RFLAGS_IO_PRIVILEGE 0x003000
#define SYSCALL_FLAG_MASK                                                                                              \
    (RFLAGS_TRAP | RFLAGS_INTERRUPTS | RFLAGS_DIRECTION | RFLAGS_IO_PRIVILEGE | RFLAGS_NESTED_TASK | RFLAGS_RESUME |   \
     RFLAGS_ALIGNMENT)

/* SYSRET takes SS from base + 8 and CS from base + 16; some CPUs leave the privilege bits as they are here. */
#define SYSRET_BASE (SELECTOR_USER_DATA - 8)
_Static_assert(SYSRET_BASE + 16 == SELECTOR_USER_CODE, "sysret needs CS = SS + 8");

static void set_syscall_registers(word_t stub)
{
    write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SYSCALL);
    write_msr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, stub);
    write_msr(MSR_CSTAR, 0); /* there is no 32-bit code segment to come from */
    write_msr(MSR_FMASK, SYSCALL_FLAG_MASK);
    write_msr(MSR_SYSENTER_CS, 0); /* SYSENTER raises #GP */
}

/* PA0..PA4 as contract 4.9: WB, WT, UC-, UC, WC; the rest as after reset. */
#define PAGE_ATTRIBUTE_TABLE 0x0007040100070406

/* Machine checks exist on every x86-64 CPU but are still a CPUID bit; an unsupported CR4 bit must never be set. */
static bool has_machine_check(void)
{
    return cpuid(1, 0).edx >> 7 & 1;
}

static void set_control_registers(void)
{
    const struct cpu_features *f = &global_state.features;
    word_t cr4 = CR4_PAE | CR4_FXSAVE;
    cr4 |= has_machine_check() ? CR4_MACHINE_CHECK : 0;
    cr4 |= f->global_pages ? CR4_GLOBAL_PAGES : 0;
    cr4 |= f->umip ? CR4_UMIP : 0;
    cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
    cr4 |= f->pcid ? CR4_PCIDE : 0; /* CR3 holds the node's own page table, which has PCID 0 */
    cr4 |= f->xsave ? CR4_XSAVE : 0;
    cr4 |= f->smep ? CR4_SMEP : 0;
    cr4 |= f->smap ? CR4_SMAP : 0;
    write_cr4(cr4); /* a change of PGE also drops what the boot page table left in the TLB */
    if (f->xsave) {
        write_xcr0(FPU_STATE_COMPONENTS);
    }
    write_msr(MSR_PAT, PAGE_ATTRIBUTE_TABLE);
    write_dr7(0x400); /* no breakpoints */
}

void cpu_enable_paging_features(void)
{
    if (global_state.features.nx) {
        write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NO_EXECUTE);
    }
}

/* --- the CPU block --- */

/* How many CPUs this CPU's node has: asked before the node state says so. */
static uint32_t cpus_of_own_node(uint32_t apic_id)
{
    const struct cluster *cluster = &global_state.cluster;
    for (uint32_t i = 0; i < cluster->cpu_count; i++) {
        if (cluster->cpu[i].apic_id == apic_id && cluster->cpu[i].node != NO_NODE) {
            return cluster->node[cluster->cpu[i].node].cpu_count;
        }
    }
    return 1;
}

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
    cpu->arch.features = (f->xsave ? CPU_FEATURE_XSAVE : 0) | (f->fsgsbase ? CPU_FEATURE_FSGSBASE : 0) |
                         (f->smap ? CPU_FEATURE_SMAP : 0) | (f->x2apic ? CPU_FEATURE_X2APIC : 0);
    /* Until its first entry, for which it is on its way, this CPU holds nothing of any user, and need not be called. */
    atomic_store_explicit(&cpu->mark, CPU_DOOR, memory_order_release);
}

void cpu_setup(struct cpu *cpu, uint32_t index, uint32_t apic_id)
{
    bool alone = cpus_of_own_node(apic_id) == 1;
    fill_block(cpu, index, apic_id);
    fill_gdt(cpu);
    fill_tss(cpu);
    fill_idt(cpu, alone ? interrupt_stubs_one : interrupt_stubs_many);
    load_descriptor_tables(cpu);
    join_or_halt(cpu);
    set_control_registers();
    set_syscall_registers(alone ? (word_t)syscall_stub_one : syscall_stubs_many[index]);
    write_msr(MSR_FS_BASE, 0);
    write_msr(MSR_GS_BASE, 0);
    fpu_setup(cpu);
    apic_setup(global_state.apic_ticks_per_millisecond * ABI_TICK_MILLISECONDS);
}
