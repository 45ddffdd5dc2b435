/*
 * The local APIC, in both of its modes (Intel SDM volume 3, chapter 11; register numbers from table
 * 11-6).
 */
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/control.h>
#include <target/instructions.h>
#include <x86/layout.h>
#include <cluster/record.h>

/*
 * A register's offset in the memory-mapped page; its x2APIC MSR is X2APIC_FIRST_MSR + offset / 16.
 */
enum {
    APIC_VERSION = 0x30,
    APIC_TASK_PRIORITY = 0x80,
    APIC_END_OF_INTERRUPT = 0xb0,
    APIC_LOGICAL_DESTINATION = 0xd0,
    APIC_DESTINATION_FORMAT = 0xe0, /* not in x2APIC mode */
    APIC_SPURIOUS = 0xf0,
    APIC_REQUESTED = 0x200, /* as APIC_IN_SERVICE: eight registers of 32 vectors, 0x10 apart */
    APIC_ERROR_STATUS = 0x280,
    APIC_LVT_CORRECTED_ERRORS = 0x2f0, /* "CMCI" */
    APIC_COMMAND = 0x300,
    APIC_COMMAND_HIGH = 0x310,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_THERMAL = 0x330,
    APIC_LVT_COUNTERS = 0x340,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0
};

enum {
    SPURIOUS_ENABLE = 1 << 8,
    LVT_MODE = 7 << 8,
    LVT_SMI = 2 << 8,
    LVT_NMI = 4 << 8,
    LVT_MASKED = 1 << 16,
    LVT_TSC_DEADLINE = 2 << 17,
    DIVIDE_BY_1 = 0xb,
    COMMAND_NMI = 4 << 8,
    COMMAND_INIT = 5 << 8,
    COMMAND_STARTUP = 6 << 8,
    COMMAND_SENDING = 1 << 12, /* memory-mapped mode only */
    COMMAND_ASSERT = 1 << 14,
    SEND_STATUS_READS = 10000 /* a sent IPI leaves within some hundred bus cycles */
};

/* The number of the last LVT entry, by what exists then (SDM volume 3, 11.4.8). */
enum { LVT_COUNTERS_LAST = 4, LVT_THERMAL_LAST = 5, LVT_CORRECTED_ERRORS_LAST = 6 };

enum { APIC_BASE_BOOT_CPU = 1 << 8, APIC_BASE_X2APIC = 1 << 10, APIC_BASE_ENABLE = 1 << 11 };

static inline bool is_x2apic(void)
{
    return global_state.features.x2apic;
}

static uint32_t apic_read(unsigned offset)
{
    if (is_x2apic()) {
        return (uint32_t)read_msr(X2APIC_FIRST_MSR + offset / 16);
    }
    return *(volatile uint32_t *)(LOCAL_APIC + offset);
}

static void apic_write(unsigned offset, uint32_t value)
{
    if (is_x2apic()) {
        write_msr(X2APIC_FIRST_MSR + offset / 16, value);
    } else {
        *(volatile uint32_t *)(LOCAL_APIC + offset) = value;
    }
}

void apic_enable_early(void)
{
    /*
     * Where the page tables and the records expect it, wherever the firmware moved it. The x2APIC
     * bit may only be set once the enable bit is (SDM volume 3, figure 11-27).
     */
    uint64_t base = (read_msr(MSR_APIC_BASE) & (APIC_BASE_BOOT_CPU | APIC_BASE_X2APIC)) |
                    APIC_BASE_ENABLE | global_state.apic_base;
    write_msr(MSR_APIC_BASE, base);
    if (is_x2apic()) {
        write_msr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    }
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

/*
 * Masked, unless it tells the firmware something by SMI: throttling, for example, is its business.
 */
static void mask_entry(unsigned offset)
{
    if ((apic_read(offset) & LVT_MODE) != LVT_SMI) {
        apic_write(offset, LVT_MASKED);
    }
}

/*
 * An interrupt that the firmware took and did not end would hold back all vectors of lower
 * priority.
 */
static void end_old_interrupts(void)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        if (apic_is_in_service((uint8_t)vector)) {
            apic_end_of_interrupt();
        }
    }
}

void apic_set_state(void)
{
    apic_enable_early();
    apic_write(APIC_TASK_PRIORITY, 0);
    if (!is_x2apic()) {
        apic_write(APIC_DESTINATION_FORMAT, 0xffffffff); /* flat */
        apic_write(APIC_LOGICAL_DESTINATION, 0);         /* in no group that messages name */
    }
    apic_write(APIC_LVT_TIMER, LVT_MASKED);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1,
               LVT_NMI); /* the platform's NMI line: counted, see entry_special.asm */
    apic_write(APIC_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
    unsigned last_entry = apic_read(APIC_VERSION) >> 16 & 0xff;
    if (last_entry >= LVT_COUNTERS_LAST) {
        mask_entry(APIC_LVT_COUNTERS);
    }
    if (last_entry >= LVT_THERMAL_LAST) {
        mask_entry(APIC_LVT_THERMAL);
    }
    if (last_entry >= LVT_CORRECTED_ERRORS_LAST) {
        mask_entry(APIC_LVT_CORRECTED_ERRORS);
    }
    end_old_interrupts();
    apic_write(APIC_ERROR_STATUS, 0);
}

void apic_timer_begin(bool tsc_deadline)
{
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, (tsc_deadline ? LVT_TSC_DEADLINE : 0) | VECTOR_TIMER);
    /*
     * The MSR of the deadline is not ordered after the mode's memory-mapped write (SDM volume 3,
     * 11.5.4.1); so that no first deadline is lost.
     */
    full_fence();
}

void apic_timer_set_count(uint32_t count)
{
    apic_write(APIC_TIMER_INITIAL, count);
}

void apic_timer_set_deadline(uint64_t tsc)
{
    write_msr(MSR_TSC_DEADLINE, tsc);
}

void apic_timer_start_once(uint32_t count)
{
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, count);
}

uint32_t apic_timer_count(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}

void apic_end_of_interrupt(void)
{
    apic_write(APIC_END_OF_INTERRUPT, 0);
}

bool apic_is_in_service(uint8_t vector)
{
    return apic_read(APIC_IN_SERVICE + vector / 32 * 16u) >> vector % 32 & 1;
}

bool apic_is_interrupt_waiting(void)
{
    /* Vectors below 32 are the CPU's own, and those above the timer's have no owner. */
    for (unsigned group = 1; group <= VECTOR_TIMER / 32; group++) {
        if (apic_read(APIC_REQUESTED + group * 16) != 0) {
            return true;
        }
    }
    return false;
}

static void send_command(uint32_t id, uint32_t command)
{
    if (is_x2apic()) {
        /*
         * This write is not a memory operation: earlier stores would not be visible to the receiver
         * without the fence.
         */
        full_fence();
        write_msr(X2APIC_FIRST_MSR + APIC_COMMAND / 16, (uint64_t)id << 32 | command);
        return;
    }
    /*
     * Bounded, and past the bound nothing better can be done than to send (see SEND_STATUS_READS).
     */
    for (unsigned reads = 0;
         reads < SEND_STATUS_READS && (apic_read(APIC_COMMAND) & COMMAND_SENDING); reads++) {
        spin_pause();
    }
    /* Boot keeps CPUs off whose ids need more than eight bits (acpi_read_tables). */
    apic_write(APIC_COMMAND_HIGH, xapic_destination(id));
    apic_write(APIC_COMMAND, command);
}

void apic_send(uint32_t id, uint8_t vector)
{
    send_command(id, COMMAND_ASSERT | vector);
}

void apic_send_nmi(uint32_t id)
{
    send_command(id, COMMAND_ASSERT | COMMAND_NMI);
}

void apic_send_init(uint32_t id)
{
    send_command(id, COMMAND_ASSERT | COMMAND_INIT);
}

void apic_send_startup(uint32_t id, uint8_t page)
{
    send_command(id, COMMAND_ASSERT | COMMAND_STARTUP | page);
}

bool is_interrupt_pending(void)
{
    return apic_is_interrupt_waiting();
}
