/* Failures around system calls whose threads are taken away on the way in: a call is left out, or carried out twice. */
#include "failures.h"

enum { RUN_MILLISECONDS = 1500, TAKERS = 3 };

static _Atomic seL4_CPtr sender;

/* What the sender does is not changed, but where it does it. A node without balance=on does not choose that itself. */
static void take_sender(void *argument)
{
    (void)argument;
    while (atomic_load(&sender) == 0) {
        seL4_Yield();
    }
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        seL4_Error error = is_balanced || i % 4 != 0 ? seL4_TCB_SetPriority(sender, seL4_CapInitThreadTCB, PRIORITY)
                                                     : seL4_TCB_SetAffinity(sender, i / 4 % cpu_count);
        if (error != seL4_NoError) {
            atomic_fetch_add(&mistakes, 1);
        }
    }
}

/*
 * Numbered messages, each of which must arrive once, although their sender is stopped on the way in all the time. The
 * receiver is more important, so that the sender gives its CPU away with each.
 */
static bool call_carried_out_twice(void)
{
    static struct raw sends, receives;
    seL4_CPtr endpoint = cmk_alloc_object(seL4_EndpointObject, 0), receiver = cmk_alloc_slot(), tcb = cmk_alloc_slot();
    atomic_store(&sender, 0);
    sends = receives = (struct raw){.address = endpoint};
    if (!start_raw(0, receiver, is_balanced ? ANY_CPU : 0, raw_receiver, &receives) ||
        seL4_TCB_SetPriority(receiver, seL4_CapInitThreadTCB, PRIORITY + 1) != seL4_NoError) {
        return false;
    }
    for (unsigned i = 0; i < TAKERS; i++) {
        start(i + 1, take_sender, NULL);
    }
    if (!start_raw(0, tcb, is_balanced ? ANY_CPU : 0, raw_sender, &sends)) {
        return false;
    }
    atomic_store(&sender, tcb);
    while (time_left(RUN_MILLISECONDS)) {
    }
    note(receives.counter, receives.found);
    return receives.found == 0 && receives.counter > 20;
}

const struct test call_tests[] = {
    {"call_carried_out_twice", call_carried_out_twice},
    {NULL, NULL},
};
