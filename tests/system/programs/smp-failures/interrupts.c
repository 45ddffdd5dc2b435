/*
 * Failures around interrupts: lost on the way to the lock, lost with a thread that moves, raised by
 * nobody.
 */
#include "failures.h"

enum { SIGNALS = 100, SPURIOUS = 1000, WAKES = 1000, CALLS = 1000, MOVES = 100 };

static void enter_kernel(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        (void)seL4_DebugCapIdentify(1);
    }
}

/*
 * --- an interrupt that arrives between "I want the lock" and "I am queued", or whose thread is
 * taken away there ---
 */

static _Atomic seL4_CPtr busy[2];

/*
 * Whatever the interrupt finds on its CPU, somebody else may take it away before the interrupt has
 * the lock.
 */
static void take_busy(void *argument)
{
    (void)argument;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        seL4_CPtr tcb = atomic_load(&busy[i % 2]);
        if (tcb != 0 &&
            seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY) != seL4_NoError) {
            atomic_fetch_add(&mistakes, 1);
        }
    }
}

static bool interrupt_on_the_way_to_the_lock(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    enum { IPIS = 2, IPI_ROUNDS = 200 };
    seL4_CPtr signal[IPIS], handler[IPIS], notification[IPIS];
    for (unsigned i = 0; i < IPIS; i++) {
        signal[i] = cmk_alloc_slot();
        handler[i] = cmk_alloc_slot();
        notification[i] = cmk_alloc_object(seL4_NotificationObject, 0);
        seL4_CPtr badged = cmk_alloc_slot();
        if (cmk_IPIControl_SendIPI(cluster->ipi_control, cluster->node_id, i + 1,
                                   seL4_CapInitThreadCNode, signal[i],
                                   seL4_WordBits) != seL4_NoError ||
            cmk_IPIControl_GetHandler(cluster->ipi_control, i + 1, seL4_CapInitThreadCNode,
                                      handler[i], seL4_WordBits) != seL4_NoError ||
            seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode,
                            notification[i], seL4_WordBits, seL4_AllRights,
                            i + 1) != seL4_NoError ||
            seL4_IRQHandler_SetNotification(handler[i], badged) != seL4_NoError) {
            return false;
        }
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        seL4_CPtr tcb = start(cpu, enter_kernel, NULL);
        if (cpu == 1 || cpu == 2) { /* where IPIs 1 and 2 arrive */
            atomic_store(&busy[cpu - 1], tcb);
        }
    }
    start(3, take_busy, NULL);
    for (unsigned round = 0; goes_on(round, IPI_ROUNDS); round++) {
        unsigned i = round % IPIS;
        seL4_Word badge = 0;
        seL4_Signal(signal[i]);
        while (badge == 0) {
            seL4_Poll(notification[i], &badge);
            if (is_hanging()) {
                return false;
            }
        }
        (void)seL4_IRQHandler_Ack(handler[i]);
        seL4_Poll(notification[i], &badge);
        if (badge != 0) {
            return false;
        }
    }
    return true;
}

/* --- a tick or a bound notification that arrives during migration --- */

static _Atomic uint64_t received;
static seL4_CPtr endpoint;

static void receive(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        seL4_Word badge = 0;
        (void)seL4_Recv(endpoint, &badge);
        if (badge != 5) {
            atomic_fetch_add(&mistakes, 1);
        }
        atomic_fetch_add(&received, 1);
    }
}

static bool signal_during_migration(void)
{
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0),
              badged = cmk_alloc_slot();
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    seL4_CPtr tcb = start(1, receive, NULL);
    if (seL4_TCB_BindNotification(tcb, notification) != seL4_NoError ||
        seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode,
                        notification, seL4_WordBits, seL4_AllRights, 5) != seL4_NoError) {
        return false;
    }
    for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
        start(cpu, enter_kernel, NULL);
    }
    for (uint64_t sent = 1; goes_on(sent, SIGNALS); sent++) {
        seL4_Signal(badged);
        if (seL4_TCB_SetAffinity(tcb, random_below(cpu_count)) != seL4_NoError ||
            !await(&received, sent) || atomic_load(&received) != sent) {
            return false;
        }
    }
    return true;
}

/* --- spurious interrupts --- */

static bool spurious_interrupts(void)
{
    static struct raw raws[4];
    for (unsigned i = 0; i < 4; i++) {
        if (!start_raw(0, cmk_alloc_slot(), i, raw_odd_interrupts, &raws[i])) {
            return false;
        }
    }
    bool good = true;
    for (unsigned i = 0; i < 4; i++) {
        while (goes_on(raws[i].counter, SPURIOUS)) {}
        good = good && raws[i].found == 0;
    }
    return good;
}

/* --- an IPI that is seen before what it is about; one that is lost --- */

/*
 * A thread blocks, so that its CPU idles, until it is given new registers. All that wakes the CPU
 * is the door's IPI, and the thread must find what it was given.
 */
static bool woken_before_its_work(void)
{
    static struct raw raw;
    seL4_CPtr tcb = cmk_alloc_slot();
    raw = (struct raw){.address = cmk_alloc_object(seL4_EndpointObject, 0)};
    if (!start_raw(0, tcb, 1, raw_sleeper, &raw)) {
        return false;
    }
    for (uint64_t round = 1; goes_on(round, WAKES); round++) {
        seL4_UserContext context = {
            .rip = (seL4_Word)raw_sleeper, .rflags = 0x202, .r14 = (seL4_Word)&raw, .rbx = round};
        if (seL4_TCB_WriteRegisters(tcb, true, 0, 20, &context) != seL4_NoError) {
            return false;
        }
        while (goes_on(raw.counter, round)) {}
        if (raw.counter != round) {
            note(round, raw.counter);
            return false;
        }
        for (unsigned i = 0; i < random_below(200); i++) { /* asleep, or about to fall asleep */
            __asm__ volatile("pause");
        }
    }
    return true;
}

/* --- late IPIs: what they were sent for is over when they arrive --- */

static bool late_ipis(void)
{
    static struct raw sends, receives;
    seL4_CPtr receiver = cmk_alloc_slot(), sender = cmk_alloc_slot();
    sends = receives = (struct raw){.address = cmk_alloc_object(seL4_EndpointObject, 0)};
    if (!start_raw(0, receiver, 1, raw_receiver, &receives) ||
        !start_raw(0, sender, 2, raw_sender, &sends)) {
        return false;
    }
    /* Both block all the time, and are called to the door in between. */
    for (uint64_t i = 0; i % 8 != 0 || goes_on(i, CALLS); i++) {
        if (seL4_TCB_SetPriority(i % 2 ? receiver : sender, seL4_CapInitThreadTCB, PRIORITY) !=
            seL4_NoError) {
            return false;
        }
    }
    uint64_t before = receives.counter;
    while (goes_on(receives.counter, before + 20)) {}
    note(receives.counter, receives.found);
    return receives.found == 0 && receives.counter >= before + 20;
}

/* --- a tick that arrives while its thread is moved --- */

static bool tick_during_migration(void)
{
    enum { SPINNERS = 6 };
    static struct raw raws[SPINNERS];
    seL4_CPtr tcbs[SPINNERS];
    for (unsigned i = 0; i < SPINNERS; i++) {
        raws[i].counter = 0;
        tcbs[i] = cmk_alloc_slot();
        if (!start_raw(0, tcbs[i], i, raw_spinner, &raws[i])) {
            return false;
        }
    }
    for (uint64_t i = 0; goes_on(i, MOVES); i++) {
        if (seL4_TCB_SetAffinity(tcbs[random_below(SPINNERS)], random_below(cpu_count)) !=
            seL4_NoError) {
            return false;
        }
    }
    /* All on one CPU, which ticks alone share out. */
    uint64_t before[SPINNERS];
    for (unsigned i = 0; i < SPINNERS; i++) {
        before[i] = raws[i].counter;
        if (seL4_TCB_SetAffinity(tcbs[i], cpu_count - 1) != seL4_NoError) {
            return false;
        }
    }
    for (unsigned i = 0; i < SPINNERS; i++) {
        while (goes_on(raws[i].counter, before[i] + 1)) {}
    }
    return true;
}

const struct test interrupt_tests[] = {
    {"interrupt_on_the_way_to_the_lock", interrupt_on_the_way_to_the_lock},
    {"signal_during_migration", signal_during_migration},
    {"spurious_interrupts", spurious_interrupts},
    {"woken_before_its_work", woken_before_its_work},
    {"late_ipis", late_ipis},
    {"tick_during_migration", tick_during_migration},
    {NULL, NULL},
};
