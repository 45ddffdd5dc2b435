/* Failures around interrupts: lost on the way to the lock, lost with a thread that moves, raised by nobody. */
#include "failures.h"

enum { RUN_MILLISECONDS = 600 };

static void enter_kernel(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        (void)seL4_DebugCapIdentify(1);
    }
}

/* --- an interrupt that arrives between "I want the lock" and "I am queued" --- */

static bool interrupt_on_the_way_to_the_lock(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    enum { IPIS = 2, ROUNDS = 400 };
    seL4_CPtr signal[IPIS], handler[IPIS], notification[IPIS];
    for (unsigned i = 0; i < IPIS; i++) {
        signal[i] = cmk_alloc_slot();
        handler[i] = cmk_alloc_slot();
        notification[i] = cmk_alloc_object(seL4_NotificationObject, 0);
        seL4_CPtr badged = cmk_alloc_slot();
        if (cmk_IPIControl_SendIPI(cluster->ipi_control, cluster->node_id, i + 1, seL4_CapInitThreadCNode, signal[i],
                                   seL4_WordBits) != seL4_NoError ||
            cmk_IPIControl_GetHandler(cluster->ipi_control, i + 1, seL4_CapInitThreadCNode, handler[i], seL4_WordBits) !=
                seL4_NoError ||
            seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode, notification[i],
                            seL4_WordBits, seL4_AllRights, i + 1) != seL4_NoError ||
            seL4_IRQHandler_SetNotification(handler[i], badged) != seL4_NoError) {
            return false;
        }
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        start(cpu, enter_kernel, NULL);
    }
    for (unsigned round = 0; round < ROUNDS && time_left(20 * RUN_MILLISECONDS); round++) {
        unsigned i = round % IPIS;
        seL4_Word badge = 0;
        seL4_Signal(signal[i]);
        for (uint64_t begin = cycles(); badge == 0;) {
            seL4_Poll(notification[i], &badge);
            if (cycles_since(begin) > 20000000000ull) {
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
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0), badged = cmk_alloc_slot();
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    seL4_CPtr tcb = start(1, receive, NULL);
    if (seL4_TCB_BindNotification(tcb, notification) != seL4_NoError ||
        seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode, notification, seL4_WordBits,
                        seL4_AllRights, 5) != seL4_NoError) {
        return false;
    }
    for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
        start(cpu, enter_kernel, NULL);
    }
    for (uint64_t sent = 1; time_left(RUN_MILLISECONDS); sent++) {
        seL4_Signal(badged);
        if (seL4_TCB_SetAffinity(tcb, random_below(cpu_count)) != seL4_NoError || !await(&received, sent) ||
            atomic_load(&received) != sent) {
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
    while (time_left(RUN_MILLISECONDS)) {
    }
    uint64_t begin = cycles();
    for (unsigned i = 0; i < 4; i++) {
        while (raws[i].counter < 10) {
            if (cycles_since(begin) > 40000000000ull) {
                return false;
            }
            seL4_Yield();
        }
        if (raws[i].found != 0) {
            return false;
        }
    }
    return true;
}

const struct test interrupt_tests[] = {
    {"interrupt_on_the_way_to_the_lock", interrupt_on_the_way_to_the_lock},
    {"signal_during_migration", signal_during_migration},
    {"spurious_interrupts", spurious_interrupts},
    {NULL, NULL},
};
