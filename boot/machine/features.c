/* CPU features, from CPUID (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E). */
#include <target/fpu.h>
#include <target/instructions.h>
#include <boot/machine/machine.h>
#include <kernel/string.h>

enum {
    LEAF1_ECX_PCID = 17,
    LEAF1_ECX_X2APIC = 21,
    LEAF1_ECX_TSC_DEADLINE = 24,
    LEAF1_ECX_XSAVE = 26,
    LEAF1_ECX_AVX = 28,
    LEAF1_EDX_PGE = 13,
    LEAF1_EDX_PAT = 16,
    LEAF1_EDX_FXSR = 24,
    LEAF7_EBX_FSGSBASE = 0,
    LEAF7_EBX_SMEP = 7,
    LEAF7_EBX_SMAP = 20,
    LEAF7_ECX_UMIP = 2,
    EXTENDED1_EDX_SYSCALL = 11,
    EXTENDED1_EDX_NX = 20,
    EXTENDED1_EDX_HUGE_PAGES = 26
};

static bool has(uint32_t word, unsigned bit)
{
    return word >> bit & 1;
}

/* The kernel has room for AVX state where every CPU known so far puts it, and nowhere else. */
static bool has_avx(struct cpuid_result leaf1, uint32_t highest)
{
    if (!has(leaf1.ecx, LEAF1_ECX_XSAVE) || !has(leaf1.ecx, LEAF1_ECX_AVX) || highest < 13) {
        return false;
    }
    struct cpuid_result state = cpuid(13, 2);
    return (cpuid(13, 0).eax & FPU_AVX) && state.eax == FPU_AVX_BYTES &&
           state.ebx == FPU_AVX_OFFSET;
}

void detect_features(struct cpu_features *features)
{
    memset(features, 0, sizeof(*features));
    uint32_t highest = cpuid(0, 0).eax;
    uint32_t highest_extended = cpuid(0x80000000, 0).eax;

    struct cpuid_result leaf1 = cpuid(1, 0);
    features->pcid = has(leaf1.ecx, LEAF1_ECX_PCID);
    features->x2apic = has(leaf1.ecx, LEAF1_ECX_X2APIC);
    features->tsc_deadline = has(leaf1.ecx, LEAF1_ECX_TSC_DEADLINE);
    features->xsave = has(leaf1.ecx, LEAF1_ECX_XSAVE);
    features->avx = has_avx(leaf1, highest);
    features->global_pages = has(leaf1.edx, LEAF1_EDX_PGE);
    if (!has(leaf1.edx, LEAF1_EDX_PAT) || !has(leaf1.edx, LEAF1_EDX_FXSR)) {
        boot_refuse("this CPU has no PAT or no FXSAVE, which every x86-64 CPU since 2003 has");
    }
    if (highest >= 7) {
        struct cpuid_result leaf7 = cpuid(7, 0);
        features->fsgsbase = has(leaf7.ebx, LEAF7_EBX_FSGSBASE);
        features->smep = has(leaf7.ebx, LEAF7_EBX_SMEP);
        features->smap = has(leaf7.ebx, LEAF7_EBX_SMAP);
        features->umip = has(leaf7.ecx, LEAF7_ECX_UMIP);
    }
    struct cpuid_result extended1 = cpuid(0x80000001, 0);
    features->nx = has(extended1.edx, EXTENDED1_EDX_NX);
    features->huge_pages = has(extended1.edx, EXTENDED1_EDX_HUGE_PAGES);
    if (!has(extended1.edx, EXTENDED1_EDX_SYSCALL)) {
        boot_refuse("this CPU has no SYSCALL instruction");
    }
    features->physical_address_bits =
        highest_extended >= 0x80000008 ? cpuid(0x80000008, 0).eax & 0xff : 36;
}
