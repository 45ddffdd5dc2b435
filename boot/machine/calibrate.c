/*
 * How fast the TSC and the local APIC timer run. What CPUID and a hypervisor say is compared with
 * counters of a known rate: HPET (IA-PC HPET specification 1.0a), ACPI's PM timer (ACPI 6.4,
 * 4.8.3.3), and channel 2 of the 8254 (Intel data sheet; its gate is in port 0x61).
 *
 * The CPU may be kept from running at any point, by an emulator's host or by firmware. So the TSC
 * is read before the counter at the start of a sample and after it at the end: a pause makes the
 * sample longer, never shorter, and the smallest of several samples counts.
 */
#include <arch/memory.h>
#include <x86/apic.h>
#include <target/instructions.h>
#include <x86/port.h>
#include <boot/machine/machine.h>
#include <boot/plan/clock.h>

enum {
    HPET_PERIOD = 0x04,        /* of the counter, in femtoseconds */
    HPET_CONFIGURATION = 0x10, /* bit 0: the counter counts */
    HPET_COUNTER = 0xf0,
    HPET_GREATEST_PERIOD = 100000000,
    PM_TIMER_HZ = 3579545,
    PM_TIMER_BITS = 24,
    PIT_CHANNEL2 = 0x42,
    PIT_COMMAND = 0x43,
    PIT_GATE = 0x61,
    PIT_CHANNEL2_MODE_0 = 0xb0, /* both bytes; counts down, and on below zero */
    PIT_CHANNEL2_LATCH = 0x80,
    PIT_HZ = 1193182,
    PIT_BITS = 16
};

enum {
    SAMPLES_PER_SECOND = 1000, /* a sample takes 1 ms */
    LEAST_ROUNDS = 2,
    MOST_ROUNDS = 64,
    ROUNDS_WITHOUT_PROGRESS = 3,
    MOST_POLLS = 1000000, /* for one sample: a read takes some 100 ns at least */
    START_POLLS = 10000   /* for the first change of a counter */
};

#define FEMTOSECONDS_PER_SECOND 1000000000000000

/* A counter of known rate that counts up, modulo 2^bits. */
struct counter {
    const char *name;
    uint32_t (*read)(void);
    uint32_t hz;
    unsigned bits;
    uint64_t khz; /* of the TSC, by the best sample so far; 0: none */
};

enum { HPET, PM_TIMER, PIT, COUNTERS };

static struct counter counters[COUNTERS];
static volatile uint32_t *hpet; /* its registers */
static uint16_t pm_timer_port;

static uint32_t read_hpet(void)
{
    return hpet[HPET_COUNTER / 4];
}

static uint32_t read_pm_timer(void)
{
    return port_read32(pm_timer_port);
}

static uint32_t read_pit(void)
{
    port_write8(PIT_COMMAND, PIT_CHANNEL2_LATCH);
    uint32_t low = port_read8(PIT_CHANNEL2);
    return ~(low | (uint32_t)port_read8(PIT_CHANNEL2) << 8);
}

static uint32_t elapsed(const struct counter *counter, uint32_t from, uint32_t to)
{
    return (to - from) & (uint32_t)MASK(counter->bits);
}

/* Bounded by START_POLLS. */
static bool is_counting(const struct counter *counter)
{
    uint32_t first = counter->read();
    for (unsigned polls = 0; polls < START_POLLS; polls++) {
        if (elapsed(counter, first, counter->read()) != 0) {
            return true;
        }
    }
    return false;
}

/* Bounded by MOST_POLLS; a sample that does not end is none. */
static void take_sample(struct counter *counter)
{
    uint64_t start = read_tsc();
    uint32_t first = counter->read(), ticks = 0;
    for (unsigned polls = 0; polls < MOST_POLLS && ticks < counter->hz / SAMPLES_PER_SECOND;
         polls++) {
        ticks = elapsed(counter, first, counter->read());
    }
    uint64_t tsc = read_tsc() - start;
    if (ticks < counter->hz / SAMPLES_PER_SECOND) {
        return;
    }
    uint64_t khz = tsc_khz_by_counter(tsc, ticks, counter->hz);
    if (khz != 0 && (counter->khz == 0 || khz < counter->khz)) {
        counter->khz = khz;
    }
}

/* The HPET counts only where software has started it. Returns its configuration. */
static uint32_t start_hpet(paddr_t base)
{
    uint32_t configuration = 0;
    if (base == 0 || base > BIT(32) - BIT(ABI_PAGE_BITS)) {
        return 0;
    }
    hpet = window(base);
    uint32_t period = hpet[HPET_PERIOD / 4];
    if (period != 0 && period <= HPET_GREATEST_PERIOD) {
        configuration = hpet[HPET_CONFIGURATION / 4];
        hpet[HPET_CONFIGURATION / 4] = configuration | 1;
        counters[HPET] = (struct counter){"HPET", read_hpet,
                                          (uint32_t)(FEMTOSECONDS_PER_SECOND / period), 32, 0};
    }
    return configuration;
}

static void start_pit(void)
{
    port_write8(PIT_GATE, (uint8_t)((port_read8(PIT_GATE) & ~3u) | 1)); /* gate on, speaker off */
    port_write8(PIT_COMMAND, PIT_CHANNEL2_MODE_0);
    port_write8(PIT_CHANNEL2, 0xff);
    port_write8(PIT_CHANNEL2, 0xff);
    counters[PIT] = (struct counter){"8254", read_pit, PIT_HZ, PIT_BITS, 0};
}

/* What the CPU says, or the hypervisor that it is part of (leaf 0x40000010, in kHz). 0: nothing. */
static uint64_t stated_khz(void)
{
    enum { LEAF1_ECX_HYPERVISOR = 31 };
    if (cpuid(1, 0).ecx >> LEAF1_ECX_HYPERVISOR & 1) {
        uint32_t highest = cpuid(0x40000000, 0).eax;
        if (highest >= 0x40000010 && highest < 0x40010000 && cpuid(0x40000010, 0).eax != 0) {
            return cpuid(0x40000010, 0).eax;
        }
    }
    uint32_t highest = cpuid(0, 0).eax;
    if (highest < 0x15) {
        return 0;
    }
    struct cpuid_result ratio = cpuid(0x15, 0);
    uint32_t base_mhz = highest >= 0x16 ? cpuid(0x16, 0).eax & 0xffff : 0;
    return tsc_khz_by_cpuid(ratio.eax, ratio.ebx, ratio.ecx, base_mhz);
}

/* The counters' claims and the CPU's. The 8254 is used only where the others do not suffice. */
static const struct clock_claim *judge(struct clock_claim claim[COUNTERS + 1], unsigned used)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        uint64_t khz = i < used ? counters[i].khz : 0;
        claim[i] = (struct clock_claim){counters[i].name, khz, true};
    }
    return choose_clock(claim, COUNTERS + 1);
}

/* Bounded by MOST_ROUNDS; ends earlier where further ones change nothing. Null: no two agree. */
static const struct clock_claim *measure(struct clock_claim claim[COUNTERS + 1], unsigned used)
{
    const struct clock_claim *chosen = NULL;
    bool hopeless = false;
    for (unsigned round = 0; round < MOST_ROUNDS && chosen == NULL && !hopeless; round++) {
        for (unsigned i = 0; i < used; i++) {
            if (counters[i].read != NULL) {
                take_sample(&counters[i]);
            }
        }
        if (round + 1 >= LEAST_ROUNDS) {
            chosen = judge(claim, used);
            hopeless = !may_agree_later(claim, COUNTERS + 1);
        }
    }
    return chosen;
}

static _Noreturn void refuse_clocks(const struct clock_claim claim[COUNTERS + 1])
{
    const struct clock_claim *said[2] = {NULL, NULL};
    for (unsigned i = 0; i < COUNTERS + 1; i++) {
        if (claim[i].khz != 0) {
            said[said[0] != NULL] = &claim[i];
        }
    }
    if (said[1] == NULL) {
        boot_refuse("no clock: HPET, PM timer and 8254 are missing or do not count");
    }
    boot_refuse("the clocks disagree: the TSC runs at %lu kHz by %s, at %lu kHz by %s",
                (unsigned long)said[0]->khz, said[0]->name, (unsigned long)said[1]->khz,
                said[1]->name);
}

static unsigned count_usable(unsigned used)
{
    unsigned usable = 0;
    for (unsigned i = 0; i < used; i++) {
        usable += counters[i].read != NULL;
    }
    return usable;
}

static void drop_if_still(struct counter *counter)
{
    if (counter->read != NULL && !is_counting(counter)) {
        counter->read = NULL;
    }
}

/* The TSC's rate in kHz. */
static uint64_t measure_tsc(const struct machine_facts *facts)
{
    struct clock_claim claim[COUNTERS + 1];
    claim[COUNTERS] = (struct clock_claim){"CPUID", stated_khz(), false};
    uint32_t configuration = start_hpet(facts->hpet_base);
    drop_if_still(&counters[HPET]);
    pm_timer_port = facts->pm_timer_port;
    if (pm_timer_port != 0) {
        counters[PM_TIMER] =
            (struct counter){"the PM timer", read_pm_timer, PM_TIMER_HZ, PM_TIMER_BITS, 0};
        drop_if_still(&counters[PM_TIMER]);
    }
    const struct clock_claim *chosen = NULL;
    if (count_usable(PIT) + (claim[COUNTERS].khz != 0) >= 2) {
        chosen = measure(claim, PIT);
    }
    if (chosen == NULL) {
        start_pit();
        drop_if_still(&counters[PIT]);
        chosen = measure(claim, COUNTERS);
    }
    if (counters[HPET].hz != 0) {
        hpet[HPET_CONFIGURATION / 4] = configuration;
    }
    if (chosen == NULL) {
        refuse_clocks(claim);
    }
    boot_print("TSC %lu MHz by %s", (unsigned long)(chosen->khz + 500) / 1000, chosen->name);
    return chosen->khz;
}

/*
 * The local APIC timer, against the TSC: each end of a sample is a reading of the timer between two
 * of the TSC. The sample whose ends were tightest counts: one that is tight enough for 0.5 %, or
 * one that the next three were no tighter than. Bounded by MOST_ROUNDS of 1 ms.
 */
static uint64_t measure_apic_timer(uint64_t tsc_khz)
{
    uint64_t best = 0, loosest = UINT64_MAX;
    unsigned in_vain = 0;
    for (unsigned round = 0;
         round < MOST_ROUNDS && in_vain < ROUNDS_WITHOUT_PROGRESS && loosest > tsc_khz / 200;
         round++) {
        apic_timer_start_once(UINT32_MAX);
        uint64_t before = read_tsc();
        uint32_t first = apic_timer_count();
        uint64_t start = read_tsc();
        while (read_tsc() - start < tsc_khz) {
            spin_pause();
        }
        uint64_t end = read_tsc();
        uint32_t last = apic_timer_count();
        uint64_t after = read_tsc();
        in_vain++;
        if (start - before + (after - end) < loosest && after - before > 0) {
            in_vain = 0;
            loosest = start - before + (after - end);
            /* From the middle of one end to the middle of the other. */
            best = (uint64_t)(first - last) * tsc_khz * 2 / (after - before + (end - start));
        }
    }
    apic_timer_start_once(0);
    return best;
}

void calibrate_timers(const struct machine_facts *facts, struct global_state *state)
{
    uint64_t tsc_khz = measure_tsc(facts);
    uint64_t apic_ticks = measure_apic_timer(tsc_khz);
    if (apic_ticks == 0 || apic_ticks > UINT32_MAX / ABI_TICK_MILLISECONDS) {
        boot_refuse("the local APIC timer does not count, or too fast");
    }
    state->tsc_khz = (uint32_t)tsc_khz;
    state->tsc_mhz = (uint32_t)((tsc_khz + 500) / 1000);
    state->apic_ticks_per_millisecond = (uint32_t)apic_ticks;
}
