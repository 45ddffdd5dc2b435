/*
 * Torture for nodes of several CPUs. Arguments:
 *
 *   seed=N      where the random choices start (default 1)
 *   seconds=N   how long (default 10), or
 *   rounds=N    until each part has had that many rounds
 *   PART...     which parts, by name; none or "all" means all
 *
 * The parts run at the same time, all with all. The end is a line for each part, `torture: PART
 * rounds N ok` or `... FAILED`; the status is 0 only if no part had a violation. A worker that
 * stands still for STANDSTILL_MILLISECONDS is a violation, too: something was lost.
 */
#include "torture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct part *const parts[] = {
    &part_registers, &part_mappings,   &part_ipc,     &part_trees,
    &part_circles,   &part_interrupts, &part_balance,
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]), MAX_WORKERS = 160 };
enum { PROGRESS_MILLISECONDS = 5000 };

static struct worker workers[MAX_WORKERS];
static unsigned worker_count;
static bool chosen[PARTS];
static _Atomic uint64_t violations[PARTS];
static atomic_bool all_are_there; /* every part is set up */
static uint64_t seed = 1, seconds = 10, rounds_wanted;

unsigned cpu_count;
bool balanced;
atomic_bool stopping;

/* --- what parts use --- */

uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dull >> 11;
}

uint64_t new_seed(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed | 1;
}

bool try_lock(atomic_bool *lock)
{
    return !atomic_exchange(lock, true);
}

void lock(atomic_bool *lock)
{
    while (!try_lock(lock)) {
        seL4_Yield();
    }
}

void unlock(atomic_bool *lock)
{
    atomic_store(lock, false);
}

uint64_t cycles_per_millisecond(void)
{
    static uint64_t result;
    if (result == 0) {
        size_t bytes;
        const char *chunk = cmk_find_boot_info(SEL4_BOOTINFO_HEADER_X86_TSC_FREQ, &bytes);
        uint32_t megahertz = 1000;
        if (chunk != NULL && bytes >= sizeof(seL4_BootInfoHeader) + sizeof(megahertz)) {
            memcpy(&megahertz, chunk + sizeof(seL4_BootInfoHeader), sizeof(megahertz));
        }
        result = megahertz * 1000ull;
    }
    return result;
}

bool is_too_long(struct waiting *waiting, uint64_t milliseconds)
{
    enum { TURNS = 100 };
    return ++waiting->turns > TURNS &&
           cycles_since(waiting->start) > milliseconds * cycles_per_millisecond();
}

static atomic_bool console_lock;

enum { CONSOLE_TRIES = 20000 };

/* Whoever has the lock may be suspended for good: after some time lines mix. */
static void say_arguments(const char *format, va_list arguments)
{
    for (unsigned i = 0; i < CONSOLE_TRIES && !try_lock(&console_lock); i++) {
        seL4_Yield();
    }
    printf("torture: ");
    vprintf(format, arguments);
    printf("\n");
    unlock(&console_lock);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_arguments(format, arguments);
    va_end(arguments);
}

static unsigned index_of(const struct part *part)
{
    unsigned i = 0;
    while (parts[i] != part) {
        i++;
    }
    return i;
}

/* The first few are printed. */
void violation(const struct part *part, const char *format, ...)
{
    if (atomic_fetch_add(&violations[index_of(part)], 1) < 5) {
        va_list arguments;
        va_start(arguments, format);
        say("violation in %s:", part->name);
        say_arguments(format, arguments);
        va_end(arguments);
    }
    atomic_store(&stopping, true);
}

/* --- workers --- */

static void work(void *argument)
{
    struct worker *worker = argument;
    while (!atomic_load(&all_are_there)) {
        seL4_Yield(); /* until add_worker() suspends it */
    }
    while (!atomic_load(&stopping) || worker->kind == SERVES) {
        worker->body(worker);
        atomic_fetch_add(&worker->rounds, 1);
    }
    atomic_store(&worker->ended, true);
}

bool add_worker(const struct part *part, unsigned cpu, void (*body)(struct worker *),
                enum worker_kind kind)
{
    if (worker_count == MAX_WORKERS) {
        return false;
    }
    struct worker *worker = &workers[worker_count++];
    worker->part = part;
    worker->cpu = cpu % cpu_count;
    worker->index = workers_of(part) - 1;
    worker->body = body;
    worker->random = new_seed();
    worker->kind = kind;
    /*
     * They start together: so many that wait would keep each other and the main thread from getting
     * anywhere.
     */
    return cmk_create_thread(&worker->thread, worker->cpu, WORKER_PRIORITY, work, worker) &&
           seL4_TCB_Suspend(worker->thread.tcb) == seL4_NoError;
}

struct worker *worker_of(const struct part *part, unsigned index)
{
    for (unsigned i = 0; i < worker_count; i++) {
        if (workers[i].part == part && workers[i].index == index) {
            return &workers[i];
        }
    }
    return NULL;
}

unsigned workers_of(const struct part *part)
{
    unsigned count = 0;
    for (unsigned i = 0; i < worker_count; i++) {
        count += workers[i].part == part;
    }
    return count;
}

bool is_alone(const struct part *part)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i] && parts[i] != part) {
            return false;
        }
    }
    return true;
}

static uint64_t rounds_of(const struct part *part)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < worker_count; i++) {
        sum += workers[i].part == part ? atomic_load(&workers[i].rounds) : 0;
    }
    return sum;
}

/* --- the run --- */

static bool choose(const char *word)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (strcmp(word, "all") == 0 ? !parts[i]->only_by_name
                                     : strcmp(word, parts[i]->name) == 0) {
            chosen[i] = true;
        }
    }
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i]) {
            return true;
        }
    }
    return false;
}

static bool read_arguments(int argc, char **argv)
{
    bool named = false;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "seed=", 5) == 0) {
            seed = strtoul(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "seconds=", 8) == 0) {
            seconds = strtoul(argv[i] + 8, NULL, 0);
        } else if (strncmp(argv[i], "rounds=", 7) == 0) {
            rounds_wanted = strtoul(argv[i] + 7, NULL, 0);
        } else if (strcmp(argv[i], "balanced") == 0) {
            balanced = true;
        } else if (!choose(argv[i])) {
            return false;
        } else {
            named = true;
        }
    }
    return named || choose("all");
}

static bool have_all_their_rounds(void)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i] && rounds_of(parts[i]) < rounds_wanted) {
            return false;
        }
    }
    return true;
}

static void show_progress(uint64_t milliseconds)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i]) {
            say("%lu ms: %s rounds %lu", milliseconds, parts[i]->name, rounds_of(parts[i]));
        }
    }
}

/* Workers that should make rounds, and have made none since the last look. */
static void look_for_standstill(void)
{
    static uint64_t seen[MAX_WORKERS];
    static struct waiting waiting[MAX_WORKERS];
    for (unsigned i = 0; i < worker_count; i++) {
        struct worker *worker = &workers[i];
        uint64_t rounds = atomic_load(&worker->rounds);
        if (rounds != seen[i] || waiting[i].start == 0 || worker->kind == SERVES ||
            atomic_load(&worker->ended)) {
            seen[i] = rounds;
            waiting[i] = begin_waiting();
        } else if (is_too_long(&waiting[i], STANDSTILL_MILLISECONDS)) {
            violation(worker->part, "worker %u on CPU %u stands still at round %lu", worker->index,
                      worker->cpu, rounds);
            waiting[i] = begin_waiting();
        }
    }
}

static void check_parts(void)
{
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i] && parts[i]->check != NULL) {
            parts[i]->check();
        }
    }
}

static void run(void)
{
    atomic_store(&all_are_there, true);
    for (unsigned i = 0; i < worker_count; i++) {
        (void)seL4_TCB_Resume(workers[i].thread.tcb);
    }
    uint64_t start = cycles(), shown = start;
    while (!atomic_load(&stopping)) {
        uint64_t now = cycles();
        if (rounds_wanted != 0 ? have_all_their_rounds()
                               : cycles_since(start) > seconds * 1000 * cycles_per_millisecond()) {
            break;
        }
        if (cycles_since(shown) > PROGRESS_MILLISECONDS * cycles_per_millisecond()) {
            shown = now;
            show_progress(cycles_since(start) / cycles_per_millisecond());
        }
        check_parts();
        look_for_standstill();
        seL4_Yield();
    }
    atomic_store(&stopping, true);
}

static void await_end(void)
{
    for (unsigned i = 0; i < worker_count; i++) {
        struct waiting waiting = begin_waiting();
        while (!atomic_load(&workers[i].ended) && workers[i].kind == RUNS) {
            check_parts();
            if (is_too_long(&waiting, STANDSTILL_MILLISECONDS)) {
                violation(workers[i].part, "worker %u does not end", workers[i].index);
                break;
            }
            seL4_Yield();
        }
    }
}

static int report(void)
{
    int status = 0;
    for (unsigned i = 0; i < PARTS; i++) {
        if (!chosen[i]) {
            continue;
        }
        bool good = parts[i]->check_end == NULL || parts[i]->check_end();
        good = good && atomic_load(&violations[i]) == 0;
        say("%s rounds %lu %s", parts[i]->name, rounds_of(parts[i]), good ? "ok" : "FAILED");
        status |= !good;
    }
    return status;
}

int main(int argc, char **argv)
{
    if (!read_arguments(argc, argv)) {
        say("there is no such part");
        return 2;
    }
    cpu_count = (unsigned)seL4_GetBootInfo()->numNodes;
    say("seed %lu, %u CPUs", seed, cpu_count);
    for (unsigned i = 0; i < PARTS; i++) {
        if (chosen[i] && !parts[i]->set_up(parts[i])) {
            say("%s cannot be set up", parts[i]->name);
            return 3;
        }
    }
    if (seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, WORKER_PRIORITY) !=
        seL4_NoError) {
        return 4;
    }
    run();
    await_end();
    return report();
}
