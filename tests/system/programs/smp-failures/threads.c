/* Failures around threads: stopped, moved, deleted while another CPU runs them. */
#include "failures.h"

enum { SUSPENSIONS = 200, DUELS = 10000, WANDERINGS = 10000, DELETIONS = 100, MOVES = 200 };

/* --- restart address saved too late: a stopped thread resumes at the wrong instruction --- */

static seL4_CPtr known_frame;
static seL4_Word known_address;
static _Atomic uint64_t answers;

/* Each call must give its own answer: none is skipped, none comes back with another's. */
static void ask(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(known_frame);
        if (address.error != seL4_NoError || address.paddr != known_address ||
            seL4_DebugCapIdentify(known_frame) != 1 ||
            seL4_DebugCapIdentify(seL4_CapInitThreadCNode) != 10) {
            atomic_fetch_add(&mistakes, 1);
        }
        atomic_fetch_add(&answers, 1);
    }
}

static bool restart_address_saved_late(void)
{
    known_frame = cmk_alloc_object(seL4_X86_4K, 0);
    known_address = seL4_X86_Page_GetAddress(known_frame).paddr;
    seL4_CPtr tcbs[4];
    for (unsigned i = 0; i < 4; i++) {
        tcbs[i] = start(i + 1, ask, NULL);
    }
    for (uint64_t i = 0; i % 8 != 0 || goes_on(i, SUSPENSIONS); i++) {
        seL4_CPtr tcb = tcbs[i % 4];
        if (seL4_TCB_Suspend(tcb) != seL4_NoError || seL4_TCB_Resume(tcb) != seL4_NoError) {
            return false;
        }
    }
    return await(&answers, atomic_load(&answers) + 100);
}

/* --- remote stalls that nest; two CPUs that wait for each other's IPI --- */

static struct duellist {
    _Atomic seL4_CPtr target;
    _Atomic uint64_t rounds;
} duellists[8];

static void duel(void *argument)
{
    struct duellist *self = argument;
    while (atomic_load(&self->target) == 0) {
        seL4_Yield();
    }
    while (!atomic_load(&stop)) {
        seL4_UserContext context;
        if (seL4_TCB_ReadRegisters(atomic_load(&self->target), false, 0, 20, &context) !=
                seL4_NoError ||
            seL4_TCB_SetPriority(atomic_load(&self->target), seL4_CapInitThreadTCB, PRIORITY) !=
                seL4_NoError) {
            atomic_fetch_add(&mistakes, 1);
        }
        atomic_fetch_add(&self->rounds, 1);
    }
}

/* `count` threads, each stops the next. All go on, although each is stopped all the time. */
static bool circle(unsigned count)
{
    seL4_CPtr tcbs[8];
    for (unsigned i = 0; i < count; i++) {
        atomic_store(&duellists[i].target, 0);
        tcbs[i] = start(i, duel, &duellists[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        atomic_store(&duellists[i].target, tcbs[(i + 1) % count]);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!await(&duellists[i].rounds, atomic_load(&duellists[i].rounds) + 200)) {
            return false;
        }
    }
    return true;
}

static bool two_cpus_wait_for_each_other(void)
{
    return circle(2);
}

/* --- starvation: of two that stop each other, one always comes first --- */

/*
 * Each alone on its CPU (with four of them). Both must get somewhere, if not the same way; FAIRNESS
 * is generous.
 */
static bool stopped_before_its_turn(void)
{
    enum { FAIRNESS = 4 };
    if (cpu_count < 3) {
        return true;
    }
    seL4_CPtr tcbs[2];
    for (unsigned i = 0; i < 2; i++) {
        atomic_store(&duellists[i].target, 0);
        tcbs[i] = start(i + 1, duel, &duellists[i]);
    }
    uint64_t before[2] = {duellists[0].rounds, duellists[1].rounds};
    atomic_store(&duellists[0].target, tcbs[1]);
    atomic_store(&duellists[1].target, tcbs[0]);
    while (goes_on(duellists[0].rounds - before[0] + duellists[1].rounds - before[1], DUELS)) {}
    uint64_t a = duellists[0].rounds - before[0], b = duellists[1].rounds - before[1];
    note(a, b);
    return a * FAIRNESS >= b && b * FAIRNESS >= a && a != 0;
}

static bool stalls_that_nest(void)
{
    return circle(cpu_count < 3 ? 3 : cpu_count > 8 ? 8 : cpu_count);
}

/*
 * --- time that is not counted: a thread that another CPU stops all the time keeps its CPU for ever
 * ---
 */

/*
 * A slice is 10 ms, in which no machine stops a thread so often: thousands of times is what one can
 * do.
 */
enum { MOST_STOPS_IN_A_SLICE = 1000000, TURNS = 20 };

static seL4_CPtr spinner_tcb;
static _Atomic uint64_t turns_of_main;

static void spin(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        __asm__ volatile("pause");
    }
}

/*
 * Compares two counts, not times: a busy host makes slices longer and gives fewer stops to each. It
 * ends the test itself, because in a node that has the failure the main thread never runs again.
 */
static void stop_spinner(void *argument)
{
    (void)argument;
    uint64_t stops = 0;
    for (uint64_t seen = 0; !atomic_load(&stop); stops++) {
        seL4_UserContext context;
        if (seL4_TCB_ReadRegisters(spinner_tcb, false, 0, 20, &context) != seL4_NoError ||
            stops > MOST_STOPS_IN_A_SLICE) {
            note(seen, stops);
            atomic_fetch_add(&mistakes, 1);
            atomic_store(&stop, true);
        }
        if (atomic_load(&turns_of_main) != seen) {
            seen = atomic_load(&turns_of_main);
            stops = 0;
        }
    }
}

/*
 * The main thread gets its turns beside a spinner of its priority that another CPU stops all the
 * time.
 */
static bool time_of_stopped_threads(void)
{
    atomic_store(&turns_of_main, 0);
    spinner_tcb = start(0, spin, NULL);
    if (cpu_count > 1) {
        start(1, stop_spinner, NULL);
    }
    while (!atomic_load(&stop) && goes_on(atomic_load(&turns_of_main), TURNS)) {
        atomic_fetch_add(&turns_of_main, 1);
    }
    return atomic_load(&turns_of_main) >= TURNS;
}

/* --- the current thread migrated away while current --- */

static void wander(void *argument)
{
    seL4_CPtr own = *(_Atomic seL4_CPtr *)argument;
    volatile seL4_Word on_stack = own * 3;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        if (seL4_TCB_SetAffinity(own, i % cpu_count) != seL4_NoError || on_stack != own * 3) {
            atomic_fetch_add(&mistakes, 1);
        }
        atomic_fetch_add(&answers, 1);
    }
}

static bool migrated_while_current(void)
{
    static _Atomic seL4_CPtr names[4];
    for (unsigned i = 0; i < 4; i++) {
        struct cmk_thread thread;
        (void)thread;
        /*
         * The thread's name is known only after it was made: it starts when main gives the CPU
         * away.
         */
        names[i] = 0;
    }
    seL4_CPtr tcbs[4];
    for (unsigned i = 0; i < 4; i++) {
        tcbs[i] = start(0, wander, &names[i]);
        names[i] = tcbs[i];
    }
    for (uint64_t i = 0; i % 8 != 0 || goes_on(i, WANDERINGS); i++) {
        if (seL4_TCB_SetAffinity(tcbs[i % 4], random_below(cpu_count)) != seL4_NoError) {
            return false;
        }
    }
    return await(&answers, atomic_load(&answers) + 100);
}

/*
 * --- deleting the thread that another CPU is saving; FPU registers of a thread that no longer
 * exists ---
 */

/*
 * A thread with a full FPU is deleted while it runs elsewhere; a new one in its memory starts with
 * a fresh FPU.
 */
static bool deleted_while_running(void)
{
    static struct raw user, first;
    seL4_CPtr untyped = cmk_alloc_object(seL4_UntypedObject, seL4_TCBBits), slot = cmk_alloc_slot();
    for (uint64_t i = 0; i % 8 != 0 || goes_on(i, DELETIONS); i++) {
        uint64_t before = user.counter;
        if (!start_raw(untyped, slot, (unsigned)i + 1, raw_fpu_user, &user)) {
            return false;
        }
        while (user.counter == before) {
            seL4_Yield();
        }
        if (seL4_CNode_Delete(seL4_CapInitThreadCNode, slot, seL4_WordBits) != seL4_NoError) {
            return false;
        }
        before = first.counter;
        if (!start_raw(untyped, slot, (unsigned)(i + random_below(2)), raw_fpu_first, &first)) {
            return false;
        }
        while (first.counter == before) {
            seL4_Yield();
        }
        if (first.found != 0 ||
            seL4_CNode_Revoke(seL4_CapInitThreadCNode, untyped, seL4_WordBits) != seL4_NoError) {
            return false;
        }
    }
    return true;
}

/* --- FPU registers left on another CPU --- */

static bool fpu_left_behind(void)
{
    static struct raw users[3], fresh[3];
    seL4_CPtr tcbs[6];
    for (unsigned i = 0; i < 6; i++) {
        tcbs[i] = cmk_alloc_slot();
        if (!start_raw(0, tcbs[i], i, i < 3 ? raw_fpu_user : raw_fpu_first,
                       i < 3 ? &users[i] : &fresh[i - 3])) {
            return false;
        }
    }
    for (uint64_t i = 0; i % 4 != 0 || goes_on(i, MOVES); i++) {
        if (seL4_TCB_SetAffinity(tcbs[random_below(6)], random_below(cpu_count)) != seL4_NoError) {
            return false;
        }
    }
    return fresh[0].found == 0 && fresh[1].found == 0 && fresh[2].found == 0;
}

const struct test thread_tests[] = {
    {"restart_address_saved_late", restart_address_saved_late},
    {"two_cpus_wait_for_each_other", two_cpus_wait_for_each_other},
    {"stalls_that_nest", stalls_that_nest},
    {"stopped_before_its_turn", stopped_before_its_turn},
    {"time_of_stopped_threads", time_of_stopped_threads},
    {"migrated_while_current", migrated_while_current},
    {"deleted_while_running", deleted_while_running},
    {"fpu_left_behind", fpu_left_behind},
    {NULL, NULL},
};
