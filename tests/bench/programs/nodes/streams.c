/* Messages per second of real time, where the emulator runs both nodes' CPUs in parallel. */
#include "nodes.h"

#include <cmk/cluster.h>
#include <string.h>

enum { SERIES = 10, MESSAGES = 20000, ROUND_TRIPS = 2000 };

static uint64_t tsc_per_second(void)
{
    uint32_t megahertz = 0;
    size_t bytes;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    if (chunk && bytes >= sizeof(seL4_BootInfoHeader) + sizeof(megahertz)) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    must(megahertz != 0, "the clock's rate");
    return megahertz * 1000000ul;
}

static uint32_t per_second(uint64_t count, uint64_t ticks)
{
    return (uint32_t)(count * tsc_per_second() / (ticks ? ticks : 1));
}

static void send(void)
{
    uint64_t nothing = 0;
    must(cmk_channel_send(peer(), 0, &nothing, sizeof(nothing)) == CMK_CHANNEL_OK,
         "a message can be sent");
}

static void receive(void)
{
    struct cmk_message message;
    uint64_t nothing;
    must(cmk_channel_receive(peer(), &message, &nothing, sizeof(nothing)) == CMK_CHANNEL_OK,
         "a message comes");
}

static void stream(const char *name, unsigned spins)
{
    uint32_t rates[SERIES];
    for (unsigned series = 0; series < SERIES; series++) {
        peer()->spins = spins;
        meet();
        uint64_t begin = __builtin_ia32_rdtsc();
        for (unsigned i = 0; i < MESSAGES; i++) {
            if (asks()) {
                send();
            } else {
                receive();
            }
        }
        rates[series] = per_second(MESSAGES, __builtin_ia32_rdtsc() - begin);
    }
    if (!asks()) {
        report_values(name, rates, SERIES, 1);
    }
}

static void round_trips(const char *name, unsigned spins)
{
    uint32_t rates[SERIES];
    for (unsigned series = 0; series < SERIES; series++) {
        peer()->spins = spins;
        meet();
        uint64_t begin = __builtin_ia32_rdtsc();
        for (unsigned i = 0; i < ROUND_TRIPS; i++) {
            if (asks()) {
                send();
                receive();
            } else {
                receive();
                send();
            }
        }
        rates[series] = per_second(ROUND_TRIPS, __builtin_ia32_rdtsc() - begin);
    }
    if (asks()) {
        report_values(name, rates, SERIES, 1);
    }
}

void measure_streams(void)
{
    stream("Messages of a cache line, one after the other, polled", NEVER_NAPS);
    stream("Messages of a cache line, one after the other, by IPI", 1);
    round_trips("Round trips of a cache line, polled", NEVER_NAPS);
    round_trips("Round trips of a cache line, by IPI", 1);
}
