/*
 * The privileged state of a CPU: everything that reset, INIT or firmware leaves in a CPU and that
 * decides what user code can do, or what reaches the kernel (Intel SDM volume 3, table 10-1 and
 * chapter 2; AMD APM volume 2, table 14-1). set_privileged_state() is the one list of it.
 *
 * Left to the firmware, on purpose: memory types (the MTRRs must agree on all CPUs, which only it
 * can see to), the state of machine checks, LVT entries that deliver SMIs, performance counters
 * and traces (their interrupts are masked here, and users cannot read them; DEBUGCTL exists on CPUs
 * that do not say so, and not on some that do), the model-specific registers of frequency, power
 * and speculation, and the TSC's offset. CAVEATS.md has them.
 */
#include <x86/apic.h>
#include <x86/control.h>
#include <x86/entry.h>
#include <target/instructions.h>
#include <x86/privileged_state.h>
#include <x86/rflags.h>
#include <cluster/record.h>

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
_Static_assert(sizeof(struct gate) * IDT_ENTRIES == 4096,
               "the IDT fills its page of the CPU block");

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
    gdt[SELECTOR_TSS / 8] =
        SEGMENT_TSS | (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
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

/*
 * `int3`; unknown system calls; `int 0xff`, which is ignored (contract 5.2). Any other `int n` is a
 * #GP.
 */
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
 * LDTR is loaded although no kernel uses it: reset and INIT leave a null selector with base 0 and
 * limit 0xffff, which counts as a valid table (Intel SDM volume 3, table 10-1), at an address of
 * the user.
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
                     : "m"(gdt), "m"(idt), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA),
                       "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

/* --- registers --- */

/*
 * What user code left in RFLAGS and the kernel must not run with: interrupts, single steps,
 * backward strings, and so on.
 */
#define RFLAGS_NESTED_TASK  0x004000
#define RFLAGS_RESUME       0x010000
#define RFLAGS_ALIGNMENT    0x040000
#define RFLAGS_IO_PRIVILEGE 0x003000
#define SYSCALL_FLAG_MASK                                                                          \
    (RFLAGS_TRAP | RFLAGS_INTERRUPTS | RFLAGS_DIRECTION | RFLAGS_IO_PRIVILEGE |                    \
     RFLAGS_NESTED_TASK | RFLAGS_RESUME | RFLAGS_ALIGNMENT)

/* SYSRET takes SS from base + 8 and CS from base + 16, and SYSCALL CS from its own base. */
#define SYSRET_BASE       (SELECTOR_USER_DATA - 8)
#define SYSCALL_SELECTORS ((uint64_t)SYSRET_BASE << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32)
_Static_assert(SYSRET_BASE + 16 == SELECTOR_USER_CODE, "sysret needs CS = SS + 8");

/* PA0..PA4 as contract 4.9: WB, WT, UC-, UC, WC; the rest as after reset. */
#define PAGE_ATTRIBUTE_TABLE 0x0007040100070406

/* DR6 and DR7 as after reset: no breakpoint on, none hit (SDM volume 3, 18.2). */
#define NO_BREAKPOINT_HIT 0xffff0ff0
#define NO_BREAKPOINT_ON  0x400

/* CPUID bits that only this file asks for (SDM volume 2, CPUID). */
enum {
    LEAF1_EDX_MACHINE_CHECK = 7,
    LEAF7_ECX_RDPID = 22,
    LEAF13_1_EAX_SUPERVISOR_STATES = 3,
    EXTENDED1_EDX_RDTSCP = 27
};

/* The word of an existing leaf; of a leaf that does not exist, zero. */
static struct cpuid_result existing_leaf(uint32_t leaf, uint32_t subleaf)
{
    bool exists = cpuid(leaf & 0x80000000, 0).eax >= leaf;
    return exists ? cpuid(leaf, subleaf) : (struct cpuid_result){.eax = 0};
}

static bool has_bit(uint32_t word, unsigned bit)
{
    return word >> bit & 1;
}

static bool has_tsc_aux(void)
{
    return has_bit(existing_leaf(0x80000001, 0).edx, EXTENDED1_EDX_RDTSCP) ||
           has_bit(existing_leaf(7, 0).ecx, LEAF7_ECX_RDPID);
}

/*
 * Every bit of CR4 (SDM volume 3, 2.5); those not named stay 0: VME and PVI (virtual interrupt
 * flags), TSD (users may read the TSC), DE, PSE, PCE (no RDPMC for users), OSXMMEXCPT (contract
 * 11), LA57, VMXE, SMXE, PKE, CET, PKS, UINTR. A bit that the CPU does not have must not be set.
 */
static word_t control_register_4(void)
{
    const struct cpu_features *f = &global_state.features;
    return CR4_PAE | CR4_FXSAVE |
           (has_bit(cpuid(1, 0).edx, LEAF1_EDX_MACHINE_CHECK) ? CR4_MACHINE_CHECK : 0) |
           (f->global_pages ? CR4_GLOBAL_PAGES : 0) | (f->umip ? CR4_UMIP : 0) |
           (f->fsgsbase ? CR4_FSGSBASE : 0) |
           (f->pcid ? CR4_PCIDE : 0) | /* CR3 holds the node's own page table: PCID 0 */
           (f->xsave ? CR4_XSAVE : 0) | (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0);
}

/*
 * Every bit of EFER: SVME, LMSLE, FFXSR (FXSAVE without XMM registers), TCE and the like are off.
 */
static word_t extended_features(void)
{
    return EFER_SYSCALL | EFER_LONG_MODE | EFER_LONG_MODE_ACTIVE |
           (global_state.features.nx ? EFER_NO_EXECUTE : 0);
}

void set_privileged_state(struct cpu *cpu, const word_t *interrupt_stubs, word_t syscall_stub)
{
    fill_gdt(cpu);
    fill_tss(cpu);
    fill_idt(cpu, interrupt_stubs);
    load_descriptor_tables(cpu); /* GDT, IDT, TR, LDTR, and the segments' hidden parts */

    write_cr0(CR0_KERNEL | CR0_TASK_SWITCHED); /* until fpu_setup() FPU instructions trap */
    write_cr4(control_register_4()); /* a change of PGE drops what other tables left in the TLB */
    write_msr(MSR_EFER, extended_features());
    write_msr(MSR_PAT, PAGE_ATTRIBUTE_TABLE);
    if (global_state.features.xsave) {
        /* Users get no state that the kernel does not switch. */
        write_xcr0(FPU_X87 | FPU_SSE | (global_state.features.avx ? FPU_AVX : 0));
    }
    if (has_bit(existing_leaf(0xd, 1).eax, LEAF13_1_EAX_SUPERVISOR_STATES)) {
        write_msr(MSR_SUPERVISOR_STATES, 0);
    }

    write_msr(MSR_STAR, SYSCALL_SELECTORS);
    write_msr(MSR_LSTAR, syscall_stub);
    write_msr(MSR_CSTAR, 0); /* there is no 32-bit code segment to come from */
    write_msr(MSR_FMASK, SYSCALL_FLAG_MASK);
    write_msr(MSR_SYSENTER_CS, 0); /* SYSENTER raises #GP */
    write_msr(MSR_SYSENTER_ESP, 0);
    write_msr(MSR_SYSENTER_EIP, 0);
    write_msr(MSR_FS_BASE, 0);
    write_msr(MSR_GS_BASE, 0);
    write_msr(MSR_KERNEL_GS_BASE, 0); /* SWAPGS, which only the kernel may use, and does not */
    if (has_tsc_aux()) {
        write_msr(MSR_TSC_AUX, 0); /* RDTSCP and RDPID show it to users */
    }

    write_debug_registers(0, NO_BREAKPOINT_HIT, NO_BREAKPOINT_ON);
    apic_set_state();
}
