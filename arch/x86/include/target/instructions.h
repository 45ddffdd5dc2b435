/*
 * Single instructions that C cannot express. Names say what they do; the manuals are Intel SDM
 * volume 2 and AMD APM volume 3. "memory" clobbers keep the compiler from moving memory accesses
 * across.
 */
#ifndef TARGET_INSTRUCTIONS_H
#define TARGET_INSTRUCTIONS_H

#include <arch/fpu.h>
#include <kernel/types.h>

/* --- waiting --- */

/* In every loop that waits for another CPU. */
static inline void spin_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline void disable_interrupts_and_halt(void)
{
    __asm__ volatile("cli; hlt" : : : "memory");
}

/* Only NMIs and machine checks wake the CPU, and it halts again. */
static inline _Noreturn void halt_forever(void)
{
    for (;;) {
        disable_interrupts_and_halt();
    }
}

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/*
 * All earlier loads and stores are done, and visible to all CPUs, before anything later starts (SDM
 * volume 3, 11.12.3).
 */
static inline void full_fence(void)
{
    __asm__ volatile("mfence; lfence" : : : "memory");
}

/* --- control registers and MSRs --- */

static inline word_t read_cr0(void)
{
    word_t value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline void write_cr0(word_t value)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

/* The address of the last page fault. */
static inline word_t read_cr2(void)
{
    word_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline word_t read_cr3(void)
{
    word_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline void write_cr3(word_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline word_t read_cr4(void)
{
    word_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void write_cr4(word_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* Addresses of breakpoints (DR0 to DR3), what one told (DR6), and which are on (DR7). */
static inline void write_debug_registers(word_t address, word_t status, word_t control)
{
    __asm__ volatile("mov %0, %%dr7\n\t"
                     "mov %1, %%dr0\n\t"
                     "mov %1, %%dr1\n\t"
                     "mov %1, %%dr2\n\t"
                     "mov %1, %%dr3\n\t"
                     "mov %2, %%dr6"
                     :
                     : "r"(control), "r"(address), "r"(status));
}

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* Only with CR4.OSXSAVE. */
static inline void write_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline void invalidate_page(word_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Its 64 bytes are in memory once a fence has followed (SDM volume 2, CLFLUSH). */
static inline void flush_cache_line(const void *line)
{
    __asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
}

/* --- what only some CPUs have: see struct cpu_features --- */

/* SMAP: the kernel's accesses to user pages fault again, whatever the user left in RFLAGS.AC. */
static inline void forbid_user_access(void)
{
    __asm__ volatile("clac" : : : "memory");
}

/* FSGSBASE. The address must be canonical. */
static inline word_t read_fs_base(void)
{
    word_t value;
    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

static inline word_t read_gs_base(void)
{
    word_t value;
    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static inline void write_fs_base(word_t value)
{
    __asm__ volatile("wrfsbase %0" : : "r"(value));
}

static inline void write_gs_base(word_t value)
{
    __asm__ volatile("wrgsbase %0" : : "r"(value));
}

/* --- FPU. All need CR0.TS clear --- */

static inline void clear_task_switched(void)
{
    __asm__ volatile("clts" : : : "memory");
}

static inline void fpu_xsave(struct fpu_area *area)
{
    __asm__ volatile("xsave64 %0" : "+m"(*area) : "a"(FPU_STATE_COMPONENTS), "d"(0));
}

static inline void fpu_xrstor(const struct fpu_area *area)
{
    __asm__ volatile("xrstor64 %0" : : "m"(*area), "a"(FPU_STATE_COMPONENTS), "d"(0));
}

static inline void fpu_fxsave(struct fpu_area *area)
{
    __asm__ volatile("fxsave64 %0" : "+m"(*area));
}

static inline void fpu_fxrstor(const struct fpu_area *area)
{
    __asm__ volatile("fxrstor64 %0" : : "m"(*area));
}

/* --- CPUID --- */

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

/*
 * The APIC id of this CPU, whatever mode its APIC is in: leaf 0xB has 32 bits, leaf 1 only eight
 * (SDM volume 3, 9.4.6).
 */
static inline uint32_t cpu_apic_id(void)
{
    if (cpuid(0, 0).eax >= 0xb) {
        struct cpuid_result topology = cpuid(0xb, 0);
        if (topology.ebx != 0) {
            return topology.edx;
        }
    }
    return cpuid(1, 0).ebx >> 24;
}

#endif
