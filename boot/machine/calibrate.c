/*
 * How fast the TSC and the local APIC timer run, measured against channel 2 of the PIT, whose
 * 1.193182 MHz every PC has (Intel 8254 data sheet; channel 2's gate and output are in port 0x61).
 * An emulator's CPU can be descheduled during a sample, which makes it long, never short: the
 * smallest of several samples counts.
 */
#include <x86/apic.h>
#include <target/instructions.h>
#include <x86/port.h>
#include <boot/machine/machine.h>

enum {
    PIT_CHANNEL2 = 0x42,
    PIT_COMMAND = 0x43,
    PIT_GATE = 0x61,
    PIT_CHANNEL2_ONE_SHOT = 0xb0, /* channel 2, both bytes, mode 0 */
    PIT_HZ = 1193182,
    SAMPLES = 4,
    SAMPLE_PIT_TICKS = 1193 /* 1 ms */
};

struct sample {
    uint64_t tsc, apic;
};

/*
 * One interval. Bounded: mode 0 raises the output after the count, and a PIT that does not is found
 * by the limit.
 */
static bool take_sample(struct sample *sample)
{
    uint8_t gate = (port_read8(PIT_GATE) & ~3u) | 1; /* gate on, speaker off */
    port_write8(PIT_GATE, gate & ~1u);
    port_write8(PIT_COMMAND, PIT_CHANNEL2_ONE_SHOT);
    port_write8(PIT_CHANNEL2, SAMPLE_PIT_TICKS & 0xff);
    port_write8(PIT_CHANNEL2, SAMPLE_PIT_TICKS >> 8);
    apic_timer_start_once(UINT32_MAX);
    /*
     * Both are read before the count begins: a CPU that is descheduled here makes the sample long,
     * not short.
     */
    uint64_t start = read_tsc();
    uint32_t apic_start = apic_timer_count();
    port_write8(PIT_GATE, gate);

    for (unsigned polls = 0; polls < 10000000; polls++) {
        if (port_read8(PIT_GATE) & 0x20) {
            sample->tsc = read_tsc() - start;
            sample->apic = apic_start - apic_timer_count();
            return true;
        }
    }
    return false;
}

void calibrate_timers(struct global_state *state)
{
    struct sample best = {UINT64_MAX, UINT64_MAX};
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct sample sample;
        if (!take_sample(&sample)) {
            boot_refuse("the PIT does not count: no reference for the timers");
        }
        best.tsc = MIN(best.tsc, sample.tsc);
        best.apic = MIN(best.apic, sample.apic);
    }
    apic_timer_start_once(0);
    state->tsc_mhz = (uint32_t)(best.tsc * PIT_HZ / SAMPLE_PIT_TICKS / 1000000);
    state->apic_ticks_per_millisecond = (uint32_t)(best.apic * PIT_HZ / SAMPLE_PIT_TICKS / 1000);
    if (state->tsc_mhz == 0 || state->apic_ticks_per_millisecond == 0) {
        boot_refuse("TSC or local APIC timer do not count");
    }
}
