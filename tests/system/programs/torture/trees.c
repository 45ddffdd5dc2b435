/*
 * Part "trees": a keeper makes endpoints, notifications, CNodes, threads and frames from one
 * untyped and takes everything back with one revocation, while workers on all CPUs copy, mint,
 * move, delete, revoke and invoke what is in it, and threads run in the CNodes. What then must
 * hold: nothing of it is left, and the untyped can be used as a whole again.
 */
#include "torture.h"

enum { UNTYPED_BITS = 17, CNODE_BITS = 4, MAX_SENDERS = 4, OWN_SLOTS = 16 };

/* The keeper's slots. */
enum {
    ENDPOINT,
    NOTIFICATION,
    CNODE,
    INNER_CNODE,
    FRAME,
    TCB,
    INNER_UNTYPED,
    PARENT,
    FIRST_SENDER,
    KEPT = FIRST_SENDER + MAX_SENDERS
};

struct pinger {
    volatile uint64_t counter;
    seL4_Word signal, wait;
};

extern const char sender_start[];

static seL4_CPtr untyped, kept, lasting_endpoint, calls_parent;
static seL4_CPtr own[64]; /* by worker: OWN_SLOTS slots */
static struct pinger senders[MAX_SENDERS];
static uint64_t served;

static void expect(seL4_Error error, const char *what)
{
    if (error != seL4_NoError) {
        violation(&part_trees, "%s: error %lu", what, error);
    }
}

/* --- the keeper --- */

static seL4_Error into_cnode(seL4_CPtr cnode, seL4_Word index, seL4_CPtr source)
{
    return seL4_CNode_Copy(cnode, index, CNODE_BITS, seL4_CapInitThreadCNode, source, seL4_WordBits,
                           seL4_AllRights);
}

/* A thread whose CSpace is the CNode that will go: it sends to what it finds in slot 1. */
static void start_sender(unsigned i, uint64_t *random)
{
    seL4_CPtr tcb = kept + FIRST_SENDER + i;
    seL4_Word guard = seL4_WordBits - CNODE_BITS;
    expect(retype_into(untyped, seL4_TCBObject, 0, tcb), "retype to a TCB");
    senders[i].signal = 1 + i % 2;
    seL4_UserContext context = {
        .rip = (seL4_Word)sender_start,
        .rflags = 0x202,
        .r14 = (seL4_Word)&senders[i],
    };
    if (seL4_TCB_Configure(tcb, 0, kept + CNODE, guard, seL4_CapInitThreadVSpace, 0, 0, 0) !=
        seL4_NoError) {
        (void)slot_delete(tcb); /* somebody has taken the CNode */
        return;
    }
    (void)seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY);
    if (!balanced) {
        (void)seL4_TCB_SetAffinity(tcb, random_below(random, cpu_count));
    }
    (void)seL4_TCB_WriteRegisters(tcb, true, 0, 20, &context);
}

static void make_everything(struct worker *worker)
{
    static const struct {
        unsigned slot, type, bits;
    } objects[] = {
        {ENDPOINT, seL4_EndpointObject, 0},
        {NOTIFICATION, seL4_NotificationObject, 0},
        {CNODE, seL4_CapTableObject, CNODE_BITS},
        {INNER_CNODE, seL4_CapTableObject, CNODE_BITS},
        {FRAME, seL4_X86_4K, 0},
        {TCB, seL4_TCBObject, 0},
        {INNER_UNTYPED, seL4_UntypedObject, 12},
    };
    for (unsigned i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        expect(retype_into(untyped, objects[i].type, objects[i].bits, kept + objects[i].slot),
               "retype");
    }
    /* Others may move or delete any of these from here on, so errors say nothing. */
    (void)slot_mint(kept + PARENT, kept + ENDPOINT, 3);
    (void)into_cnode(kept + CNODE, 1, kept + ENDPOINT);
    (void)into_cnode(kept + CNODE, 2, kept + NOTIFICATION);
    (void)into_cnode(kept + CNODE, 3, kept + INNER_CNODE);
    (void)into_cnode(kept + INNER_CNODE, 3, kept + CNODE); /* a circle */
    (void)into_cnode(kept + INNER_CNODE, 4, kept + TCB);
    for (unsigned i = 0; i < MAX_SENDERS; i++) {
        start_sender(i, &worker->random);
    }
}

static void keep(struct worker *worker)
{
    make_everything(worker);
    for (uint64_t i = random_below(&worker->random, 6); i > 0; i--) {
        seL4_Yield();
    }
    if (random_below(&worker->random, 3) == 0) {
        /* what others still use by other capabilities */
        (void)slot_delete(kept + random_below(&worker->random, KEPT));
    }
    if (random_below(&worker->random, 3) == 0) {
        (void)seL4_CNode_CancelBadgedSends(seL4_CapInitThreadCNode, kept + PARENT, seL4_WordBits);
    }
    expect(slot_revoke(untyped), "revocation of everything");
    for (unsigned i = 0; i < MAX_SENDERS; i++) {
        uint64_t counter = senders[i].counter;
        __asm__ volatile("pause");
        if (counter != senders[i].counter) {
            violation(&part_trees, "a revoked thread goes on");
        }
    }
    /* Nobody has a capability to copy any more: what there is now can only have been missed. */
    expect(retype_into(untyped, seL4_UntypedObject, UNTYPED_BITS, kept + INNER_UNTYPED),
           "retype of all the memory");
    expect(slot_revoke(untyped), "revocation of the whole");
    for (unsigned i = 0; i < KEPT; i++) {
        if (seL4_DebugCapIdentify(kept + i) != 0) {
            violation(&part_trees, "slot %u is not empty after revocation", i);
        }
    }
    /* Calls to an endpoint that stays, by capabilities that go. */
    expect(slot_revoke(calls_parent), "revocation of the callers");
}

/* --- the others --- */

static seL4_CPtr any_slot(struct worker *worker)
{
    seL4_CPtr mine = own[worker->index];
    return random_below(&worker->random, 2) ? kept + random_below(&worker->random, KEPT)
                                            : mine + random_below(&worker->random, OWN_SLOTS - 1);
}

/* Any error is a good answer, depending on who came first. */
static void attack(struct worker *worker)
{
    seL4_CPtr from = any_slot(worker),
              to = own[worker->index] + random_below(&worker->random, OWN_SLOTS - 1);
    seL4_CPtr cnode = kept + (random_below(&worker->random, 2) ? CNODE : INNER_CNODE);
    seL4_Word index = random_below(&worker->random, 1 << CNODE_BITS);
    seL4_UserContext context;
    switch (random_below(&worker->random, 16)) {
    case 0:
        (void)slot_copy(to, from);
        break;
    case 1:
        (void)slot_mint(to, from, 1 + random_below(&worker->random, 5));
        break;
    case 2:
        (void)seL4_CNode_Move(seL4_CapInitThreadCNode, to, seL4_WordBits, seL4_CapInitThreadCNode,
                              from, seL4_WordBits);
        break;
    case 3:
        (void)slot_delete(to);
        break;
    case 4:
        (void)slot_revoke(to);
        break;
    case 5:
        (void)slot_revoke(kept + PARENT);
        break;
    case 6:
        (void)into_cnode(cnode, index, from);
        break;
    case 7:
        (void)seL4_CNode_Delete(cnode, index, CNODE_BITS);
        break;
    case 8:
        (void)seL4_CNode_Revoke(cnode, index, CNODE_BITS);
        break;
    case 9:
        (void)seL4_CNode_Move(seL4_CapInitThreadCNode, to, seL4_WordBits, cnode, index, CNODE_BITS);
        break;
    case 10:
        (void)seL4_TCB_Suspend(kept + FIRST_SENDER + random_below(&worker->random, MAX_SENDERS));
        break;
    case 11:
        (void)seL4_TCB_Resume(kept + FIRST_SENDER + random_below(&worker->random, MAX_SENDERS));
        break;
    case 12:
        (void)seL4_TCB_ReadRegisters(kept + FIRST_SENDER +
                                         random_below(&worker->random, MAX_SENDERS),
                                     false, 0, 20, &context);
        break;
    case 13:
        (void)retype_into(kept + INNER_UNTYPED, seL4_EndpointObject, 0, to);
        break;
    case 14:
        (void)seL4_TCB_BindNotification(
            kept + FIRST_SENDER + random_below(&worker->random, MAX_SENDERS), kept + NOTIFICATION);
        break;
    case 15:
        seL4_NBSend(kept + NOTIFICATION, seL4_MessageInfo_new(0, 0, 0, 0));
        break;
    }
}

/*
 * The capability may go at any time; then the call is refused. Otherwise it is answered with its
 * own number.
 */
static void call(struct worker *worker)
{
    seL4_CPtr slot = own[worker->index] + OWN_SLOTS - 1;
    seL4_Word number = random_next(&worker->random);
    (void)slot_mint(slot, calls_parent, 1 + worker->index);
    seL4_SetMR(0, number);
    seL4_MessageInfo_t info = seL4_Call(slot, seL4_MessageInfo_new(0, 0, 0, 1));
    if (seL4_MessageInfo_get_label(info) == 77
            ? seL4_GetMR(0) != number + 1
            : seL4_MessageInfo_get_label(info) != seL4_InvalidCapability) {
        violation(worker->part, "a call was answered with label %lu, word %lx",
                  seL4_MessageInfo_get_label(info), seL4_GetMR(0));
    }
}

static void serve(struct worker *worker)
{
    seL4_MessageInfo_t info;
    (void)worker;
    if (served++ == 0) {
        info = seL4_Recv(lasting_endpoint, NULL);
    } else {
        seL4_SetMR(0, seL4_GetMR(0) + 1);
        info = seL4_ReplyRecv(lasting_endpoint, seL4_MessageInfo_new(77, 0, 0, 1), NULL);
    }
    if (seL4_MessageInfo_get_length(info) != 1) {
        violation(&part_trees, "a call without its word");
    }
}

static bool set_up(const struct part *part)
{
    untyped = cmk_alloc_object(seL4_UntypedObject, UNTYPED_BITS);
    lasting_endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    kept = cmk_alloc_slots(KEPT);
    calls_parent = cmk_alloc_slot();
    if (untyped == 0 || kept == 0 || slot_copy(calls_parent, lasting_endpoint) != seL4_NoError) {
        return false;
    }
    for (unsigned i = 0; i < 3 * cpu_count + 2 && i < 64; i++) {
        own[i] = cmk_alloc_slots(OWN_SLOTS);
    }
    if (!add_worker(part, 0, keep, RUNS)) {
        return false;
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        if (!add_worker(part, cpu, attack, RUNS) || !add_worker(part, cpu, call, BLOCKS)) {
            return false;
        }
    }
    return add_worker(part, 1, serve, SERVES);
}

const struct part part_trees = {
    .name = "trees", .what = "revoking what others use", .set_up = set_up};
