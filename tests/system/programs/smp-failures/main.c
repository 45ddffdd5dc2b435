/*
 * The ways in which real SMP kernels failed, one test each. Prints PASS or FAIL for each.
 * Arguments: "balanced" first, if the node has balance=on; names of tests to run (none: all). The
 * node should have several CPUs; with one, the tests still hold.
 */
#include "../../vector_registers.h"
#include "failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_THREADS = 128, PATIENCE_MILLISECONDS = HANG_MILLISECONDS, PATIENCE_TURNS = 1000 };

unsigned cpu_count;
bool is_balanced;
atomic_bool stop;
_Atomic uint64_t mistakes;

static seL4_CPtr threads[MAX_THREADS]; /* of the test that runs */
static unsigned thread_count;
static uint64_t millisecond, test_start;
static uint64_t figures[2];

uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

uint64_t cycles_since(uint64_t start)
{
    int64_t passed = (int64_t)(cycles() - start);
    return passed > 0 ? (uint64_t)passed : 0;
}

uint64_t random_below(uint64_t limit)
{
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

bool is_hanging(void)
{
    if (cycles_since(test_start) <= PATIENCE_MILLISECONDS * millisecond) {
        return false;
    }
    atomic_fetch_add(&mistakes, 1);
    return true;
}

bool goes_on(uint64_t done, uint64_t wanted)
{
    seL4_Yield();
    return done < wanted && !is_hanging();
}

bool await(_Atomic uint64_t *word, uint64_t value)
{
    uint64_t begin = cycles();
    unsigned turns = 0; /* time alone says nothing on a host that gives the emulator little of it */
    while (atomic_load(word) < value) {
        if (++turns > PATIENCE_TURNS && cycles_since(begin) > PATIENCE_MILLISECONDS * millisecond) {
            atomic_fetch_add(&mistakes, 1);
            return false;
        }
        seL4_Yield();
    }
    return true;
}

void note(uint64_t a, uint64_t b)
{
    figures[0] = a;
    figures[1] = b;
}

static void remember(seL4_CPtr tcb)
{
    if (thread_count < MAX_THREADS) {
        threads[thread_count++] = tcb;
    }
}

seL4_CPtr start(unsigned cpu, void (*entry)(void *), void *argument)
{
    struct cmk_thread thread;
    if (!cmk_create_thread(&thread, cpu % cpu_count, PRIORITY, entry, argument)) {
        printf("no memory for a thread\n");
        exit(3);
    }
    remember(thread.tcb);
    return thread.tcb;
}

bool start_raw(seL4_CPtr untyped, seL4_CPtr slot, unsigned cpu, const void *code, void *argument)
{
    seL4_UserContext context = {
        .rip = (seL4_Word)code, .rflags = 0x202, .r14 = (seL4_Word)argument};
    seL4_Error error = untyped == 0 ? cmk_retype(seL4_TCBObject, 0, 1, slot)
                                    : seL4_Untyped_Retype(untyped, seL4_TCBObject, 0,
                                                          seL4_CapInitThreadCNode, 0, 0, slot, 1);
    if (untyped == 0) {
        remember(slot);
    }
    return error == seL4_NoError &&
           seL4_TCB_Configure(slot, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0, 0,
                              0) == seL4_NoError &&
           seL4_TCB_SetPriority(slot, seL4_CapInitThreadTCB, PRIORITY) == seL4_NoError &&
           (cpu == ANY_CPU || seL4_TCB_SetAffinity(slot, cpu % cpu_count) == seL4_NoError) &&
           seL4_TCB_WriteRegisters(slot, true, 0, 20, &context) == seL4_NoError;
}

/* --- running --- */

static bool is_wanted(const char *name, int argc, char **argv)
{
    int names = 0;
    for (int i = 1; i < argc; i++) {
        names += strcmp(argv[i], "balanced") != 0;
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return names == 0;
}

static bool run(const struct test *test)
{
    atomic_store(&stop, false);
    atomic_store(&mistakes, 0);
    thread_count = 0;
    note(0, 0);
    test_start = cycles();
    bool good = test->run();
    atomic_store(&stop, true);
    for (unsigned i = 0; i < thread_count; i++) {
        (void)seL4_TCB_Suspend(threads[i]);
    }
    good = good && atomic_load(&mistakes) == 0;
    if (good) {
        printf("PASS %s\n", test->name);
    } else {
        printf("FAIL %s: see its comment; %lu mistakes, figures %lu and %lu\n", test->name,
               atomic_load(&mistakes), figures[0], figures[1]);
    }
    return good;
}

static uint64_t find_millisecond(void)
{
    size_t bytes;
    const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
    uint32_t megahertz = 1000;
    if (chunk != NULL) {
        memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
    }
    return megahertz * 1000ull;
}

int main(int argc, char **argv)
{
    static const struct test *const suites[] = {thread_tests, memory_tests, interrupt_tests,
                                                call_tests};
    int status = 0;
    cpu_count = (unsigned)seL4_GetBootInfo()->numNodes;
    is_balanced = argc > 1 && strcmp(argv[1], "balanced") == 0;
    millisecond = find_millisecond();
    raw_has_ymm = has_ymm_registers();
    if (seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY) !=
        seL4_NoError) {
        return 4;
    }
    for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        for (const struct test *test = suites[i]; test->name != NULL; test++) {
            if (is_wanted(test->name, argc, argv) && !run(test)) {
                status = 1;
            }
        }
    }
    return status;
}
