/*
 * Machine checks (Intel SDM volume 3, chapter 16): the hardware found an error. One that is
 * signalled to a CPU ends the node of that CPU, with what the first bank that has an error says;
 * the other nodes go on.
 */
#include <x86/apic.h>
#include <x86/entry.h>
#include <target/instructions.h>
#include <kernel/assert.h>

enum {
    MSR_MCG_CAP = 0x179, /* bits 7..0: how many banks */
    MSR_MCG_STATUS =
        0x17a, /* bit 2: a machine check is in progress; another one shuts the CPU down */
    MSR_BANK_STATUS = 0x401,
    MSR_BANK_ADDRESS = 0x402,
    MSRS_PER_BANK = 4
};

enum { VECTOR_MACHINE_CHECK = 18 };

#define BANK_VALID         (1ul << 63)
#define BANK_ADDRESS_VALID (1ul << 58)

/* The registers are there: CPUID's MCA bit. */
static bool has_banks(void)
{
    return cpuid(1, 0).edx >> 14 & 1;
}

/*
 * From now on another machine check comes here again, instead of shutting down the CPU and so
 * resetting the machine.
 */
static void take_next(void)
{
    if (has_banks()) {
        write_msr(MSR_MCG_STATUS, 0);
    }
}

bool machine_check(struct cpu *cpu)
{
    if (apic_is_in_service(VECTOR_MACHINE_CHECK)) {
        apic_end_of_interrupt();
        return false;
    }
    bool is_first = cpu->arch.machine_checks++ == 0;
    if (!is_first) {
        take_next();
    }
    return is_first;
}

_Noreturn void machine_check_report(word_t address)
{
    take_next();
    uint32_t banks = has_banks() ? read_msr(MSR_MCG_CAP) & 0xff : 0;
    for (uint32_t i = 0; i < banks; i++) {
        uint64_t status = read_msr(MSR_BANK_STATUS + i * MSRS_PER_BANK);
        if (status & BANK_VALID) {
            uint64_t where =
                status & BANK_ADDRESS_VALID ? read_msr(MSR_BANK_ADDRESS + i * MSRS_PER_BANK) : 0;
            kernel_stop(
                "machine check at %p, CPU with APIC id %u, bank %u: status %lx, address %lx",
                (void *)address, cpu_apic_id(), i, status, where);
        }
    }
    kernel_stop("machine check at %p, CPU with APIC id %u, no bank says why", (void *)address,
                cpu_apic_id());
}
