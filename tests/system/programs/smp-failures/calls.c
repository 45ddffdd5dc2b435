/*
 * Failures around the lock: a call is carried out twice, or with half of what the holder before
 * did, or is disturbed after it.
 */
#include "failures.h"

enum {
    MESSAGES = 200,
    BORROWINGS = 10000,
    REWRITES = 1000,
    TAKERS = 3,
    SENDER = PRIORITY + 1,
    RECEIVER,
    MORE_IMPORTANT
};

static _Atomic seL4_CPtr sender;

/*
 * What the sender does is not changed, but where it does it. A node without balance=on does not
 * choose that itself.
 */
static void take_sender(void *argument)
{
    (void)argument;
    while (atomic_load(&sender) == 0) {
        seL4_Yield();
    }
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        seL4_Error error = is_balanced || i % 4 != 0
                               ? seL4_TCB_SetPriority(sender, seL4_CapInitThreadTCB, SENDER)
                               : seL4_TCB_SetAffinity(sender, i / 4 % cpu_count);
        if (error != seL4_NoError) {
            atomic_fetch_add(&mistakes, 1);
        }
    }
}

/*
 * Numbered messages, each of which must arrive once, although their sender is stopped on the way in
 * all the time. The receiver is more important, so that the sender gives its CPU away with each. Of
 * those who stop the sender, some run it on their own CPUs then, and some go on, because they are
 * more important.
 */
static bool call_carried_out_twice(void)
{
    static struct raw sends, receives;
    seL4_CPtr endpoint = cmk_alloc_object(seL4_EndpointObject, 0), receiver = cmk_alloc_slot(),
              tcb = cmk_alloc_slot();
    atomic_store(&sender, 0);
    sends = receives = (struct raw){.address = endpoint};
    if (!start_raw(0, receiver, is_balanced ? ANY_CPU : 0, raw_receiver, &receives) ||
        seL4_TCB_SetPriority(receiver, seL4_CapInitThreadTCB, RECEIVER) != seL4_NoError) {
        return false;
    }
    for (unsigned i = 0; i < TAKERS; i++) {
        seL4_CPtr taker = start(i + 1, take_sender, NULL);
        if (cpu_count > 2 && i == 1 &&
            seL4_TCB_SetPriority(taker, seL4_CapInitThreadTCB, MORE_IMPORTANT) != seL4_NoError) {
            return false;
        }
    }
    if (!start_raw(0, tcb, is_balanced ? ANY_CPU : 0, raw_sender, &sends)) {
        return false;
    }
    atomic_store(&sender, tcb);
    while (receives.found == 0 && goes_on(receives.counter, MESSAGES)) {}
    note(receives.counter, receives.found);
    return receives.found == 0 && receives.counter >= MESSAGES;
}

/* --- missing order in the hand-over of the lock; the lock released too early --- */

/* One capability, which whoever wants it moves away and brings back. Its owner alone counts. */
static seL4_CPtr shelf;
static volatile uint64_t borrowed; /* not atomic: the capability says whose turn it is */
static _Atomic uint64_t borrowings,
    returned; /* returned: threads that have ended and have nothing any more */

static seL4_Error move_slot(seL4_CPtr to, seL4_CPtr from)
{
    return seL4_CNode_Move(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode,
                           from, seL4_WordBits);
}

static void borrow(void *argument)
{
    seL4_CPtr own = (seL4_CPtr)argument;
    while (!atomic_load(&stop)) {
        if (move_slot(own, shelf) == seL4_NoError) {
            borrowed = borrowed + 1;
            atomic_fetch_add(&borrowings, 1);
            if (move_slot(shelf, own) != seL4_NoError) {
                atomic_fetch_add(&mistakes, 1);
            }
        }
    }
    atomic_fetch_add(&returned, 1);
}

static bool order_of_hand_over(void)
{
    shelf = cmk_alloc_object(seL4_NotificationObject, 0);
    borrowed = 0;
    atomic_store(&borrowings, 0);
    atomic_store(&returned, 0);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        start(cpu, borrow, (void *)cmk_alloc_slot());
    }
    while (goes_on(atomic_load(&borrowings), BORROWINGS)) {}
    atomic_store(&stop, true);
    bool are_back = await(&returned, cpu_count);
    note(borrowed, borrowings);
    return are_back && borrowed == borrowings;
}

/*
 * --- state that is still touched after the lock was released: a thread leaves while its registers
 * are rewritten ---
 */

static bool touched_on_the_way_out(void)
{
    static struct raw raw;
    seL4_CPtr tcb = cmk_alloc_slot();
    raw = (struct raw){.address = 0};
    if (!start_raw(0, tcb, 1, raw_comparer, &raw)) {
        return false;
    }
    for (uint64_t i = 1; i % 8 != 0 || goes_on(i, REWRITES); i++) {
        seL4_UserContext context = {
            .rip = (seL4_Word)raw_comparer,
            .rflags = 0x202,
            .r14 = (seL4_Word)&raw,
            .rbx = i,
            .rbp = i,
            .r12 = i,
            .r13 = i,
            .r8 = i,
            .r9 = i,
        };
        if (seL4_TCB_WriteRegisters(tcb, false, 0, 20, &context) != seL4_NoError ||
            seL4_TCB_ReadRegisters(tcb, false, 0, 20, &context) != seL4_NoError) {
            return false;
        }
        if (context.rbx != i || context.rbp != i || context.r12 != i || context.r13 != i) {
            return false;
        }
    }
    uint64_t before = raw.counter;
    while (goes_on(raw.counter, before + 1)) {}
    note(raw.counter, raw.found);
    return raw.found == 0 && raw.counter != before;
}

const struct test call_tests[] = {
    {"call_carried_out_twice", call_carried_out_twice},
    {"order_of_hand_over", order_of_hand_over},
    {"touched_on_the_way_out", touched_on_the_way_out},
    {NULL, NULL},
};
