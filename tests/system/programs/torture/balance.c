/*
 * Part "balance", for nodes with balance=on and by itself (word "balanced"): pairs of threads
 * without affinity wake each other, and as many spinners as there are CPUs beside the main thread
 * run without end. Signals of a pair alternate; and when the spinners are left alone, and there is
 * a CPU for each, none stands still.
 */
#include "torture.h"

enum { MAX_THREADS = 16 };

struct pinger {
    volatile uint64_t counter;
    seL4_CPtr signal, wait;
};

/* As in reader.asm. */
struct spinner {
    volatile uint64_t counter;
    volatile uint64_t found;
    uint64_t word; /* what it reads */
};

extern const char pinger_start[], reader_start[];

static struct pinger pingers[MAX_THREADS];
static struct spinner spinners[MAX_THREADS];
static seL4_CPtr tcbs[2 * MAX_THREADS];
static unsigned pinger_count, spinner_count, tcb_count;

static bool start(const char *code, void *argument, seL4_Word priority)
{
    seL4_CPtr tcb = cmk_alloc_object(seL4_TCBObject, 0);
    seL4_UserContext context = {
        .rip = (seL4_Word)code,
        .rflags = 0x202,
        .r14 = (seL4_Word)argument,
        .r15 = (seL4_Word)argument,
        .rdi = (seL4_Word)argument + 2 * sizeof(uint64_t),
    };
    tcbs[tcb_count++] = tcb;
    return tcb != 0 &&
           seL4_TCB_Configure(tcb, 0, seL4_CapInitThreadCNode, 0, seL4_CapInitThreadVSpace, 0, 0,
                              0) == seL4_NoError &&
           seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, priority) == seL4_NoError &&
           seL4_TCB_WriteRegisters(tcb, true, 0, 20, &context) == seL4_NoError;
}

/* One worker for the counting: stops spinners for a moment, so that the others move. */
static void disturb(struct worker *worker)
{
    seL4_CPtr tcb = tcbs[random_below(&worker->random, tcb_count)];
    (void)seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB,
                               WORKER_PRIORITY - random_below(&worker->random, 2));
    seL4_Yield();
}

/* Waits until the counter has reached `value`; a hang is a violation. */
static bool reaches(const volatile uint64_t *counter, uint64_t value, const char *what,
                    unsigned index)
{
    struct waiting waiting = begin_waiting();
    while (*counter < value) {
        if (is_too_long(&waiting, STANDSTILL_MILLISECONDS)) {
            violation(&part_balance, "%s %u stands still", what, index);
            return false;
        }
        seL4_Yield();
    }
    return true;
}

/*
 * Only spinners and this thread are left, and there is a CPU for each: whichever of them is
 * disturbed, all must go on. Nothing else happens before they have, so that one that was forgotten
 * stays so.
 */
static bool spinners_go_on(void)
{
    enum { DISTURBANCES = 50 };
    uint64_t random = new_seed();
    for (unsigned round = 0; spinner_count != 0 && round < DISTURBANCES; round++) {
        seL4_CPtr tcb = tcbs[pinger_count + random_below(&random, spinner_count)];
        (void)seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY - 1);
        (void)seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY);
        for (unsigned i = 0; i < spinner_count; i++) {
            if (!reaches(&spinners[i].counter, spinners[i].counter + 1, "spinner", i)) {
                return false;
            }
        }
    }
    return true;
}

static bool check_end(void)
{
    for (unsigned i = 0; i < pinger_count; i++) {
        if (!reaches(&pingers[i].counter, 10, "pinger", i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < pinger_count; i++) {
        (void)seL4_TCB_Suspend(tcbs[i]);
    }
    bool go_on = !is_alone(&part_balance) || spinners_go_on();
    for (unsigned i = pinger_count; i < tcb_count; i++) {
        (void)seL4_TCB_Suspend(tcbs[i]);
    }
    for (unsigned i = 0; i + 1 < pinger_count; i += 2) {
        uint64_t a = pingers[i].counter, b = pingers[i + 1].counter;
        say("pair %u: %lu and %lu", i / 2, a, b);
        if (a + 2 < b || b + 2 < a) {
            return false;
        }
    }
    return go_on;
}

static bool set_up(const struct part *part)
{
    pinger_count = 2 * cpu_count < MAX_THREADS ? 2 * cpu_count : MAX_THREADS;
    spinner_count = cpu_count > 1 ? cpu_count - 1 : 0;
    for (unsigned i = 0; i < pinger_count; i += 2) {
        seL4_CPtr a = cmk_alloc_object(seL4_NotificationObject, 0),
                  b = cmk_alloc_object(seL4_NotificationObject, 0);
        pingers[i] = (struct pinger){0, a, b};
        pingers[i + 1] = (struct pinger){0, b, a};
        if (!start(pinger_start, &pingers[i], WORKER_PRIORITY) ||
            !start(pinger_start, &pingers[i + 1], WORKER_PRIORITY)) {
            return false;
        }
    }
    for (unsigned i = 0; i < spinner_count; i++) {
        if (!start(reader_start, &spinners[i], WORKER_PRIORITY)) {
            return false;
        }
    }
    return add_worker(part, 0, disturb, RUNS);
}

const struct part part_balance = {
    .name = "balance",
    .what = "threads without affinity",
    .set_up = set_up,
    .check_end = check_end,
    .only_by_name = true,
};
