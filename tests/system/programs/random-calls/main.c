/*
 * Random system calls in a sandbox, on all CPUs of the node. Arguments: seed=N, calls=N (at least
 * that many in all), seconds=N (or until then). Workers that get stuck, fault or end are started
 * anew; the whole sandbox is made anew now and then. The end is the line `random-calls: N calls`;
 * the checks are the kernel's own (checks=on), and that this program can still take back all that
 * it gave.
 */
#include "../../longest_stretch.h"
#include "random_calls.h"
#include "sandbox.h"

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUCK_MILLISECONDS = 60, SANDBOX_MILLISECONDS = 400, PROGRESS_MILLISECONDS = 10000 };

static struct {
    uint64_t seen, since;
} watch[MAX_WORKERS];

static uint64_t seed = 1, calls_wanted = 100000, seconds = 3600;

static uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/*
 * Cycles since then; 0 if the counter says it was later: an emulator's may step back when its
 * thread changes CPUs.
 */
static uint64_t cycles_since(uint64_t start)
{
    int64_t passed = (int64_t)(cycles() - start);
    return passed > 0 ? (uint64_t)passed : 0;
}

static uint64_t cycles_per_millisecond(void)
{
    size_t bytes;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    uint32_t megahertz = 1000;
    if (chunk != NULL) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    return megahertz * 1000ull;
}

static uint64_t total_calls(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < sandbox_workers(); i++) {
        sum += sandbox_calls(i);
    }
    return sum;
}

static void look_after_workers(uint64_t now, uint64_t millisecond)
{
    for (unsigned i = 0; i < sandbox_workers(); i++) {
        uint64_t calls = sandbox_calls(i);
        if (calls != watch[i].seen) {
            watch[i].seen = calls;
            watch[i].since = now;
        } else if (cycles_since(watch[i].since) > STUCK_MILLISECONDS * millisecond) {
            watch[i].since = now;
            sandbox_start_worker(i);
        }
    }
}

static void show(const char *what)
{
    printf("random-calls: %s: %lu calls, %lu starts of workers, %lu faults, %lu sandboxes\n", what,
           total_calls(), sandbox_starts(), sandbox_faults(), sandboxes_made());
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "seed=", 5) == 0) {
            seed = strtoul(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "calls=", 6) == 0) {
            calls_wanted = strtoul(argv[i] + 6, NULL, 0);
        } else if (strncmp(argv[i], "seconds=", 8) == 0) {
            seconds = strtoul(argv[i] + 8, NULL, 0);
        }
    }
    uint64_t millisecond = cycles_per_millisecond(), start = cycles(), shown = start, made = start;
    if (!sandbox_set_up(seed)) {
        printf("random-calls: no memory for the sandbox\n");
        return 1;
    }
    while (total_calls() < calls_wanted && cycles_since(start) < seconds * 1000 * millisecond) {
        uint64_t now = cycles();
        if (cycles_since(made) > SANDBOX_MILLISECONDS * millisecond) {
            made = now;
            if (!sandbox_make_anew()) {
                return 2;
            }
        }
        look_after_workers(now, millisecond);
        if (cycles_since(shown) > PROGRESS_MILLISECONDS * millisecond) {
            shown = now;
            show("so far");
        }
        seL4_Yield();
    }
    show("end");
    print_longest_stretches("random system calls, console included", "random system calls");
    if (!sandbox_take_back()) {
        return 3;
    }
    printf("random-calls: %lu calls\n", total_calls());
    return 0;
}
