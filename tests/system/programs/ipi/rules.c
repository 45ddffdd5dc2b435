/* What making IPI signals and handlers refuses, and what becomes of them. */
#include "ipi.h"

#include <stdio.h>

#define ROOT seL4_CapInitThreadCNode

static seL4_Error send(seL4_Word node, seL4_Word irq, seL4_CNode root, seL4_Word index,
                       seL4_Uint8 depth)
{
    return cmk_IPIControl_SendIPI(cluster->ipi_control, node, irq, root, index, depth);
}

static seL4_Error handler(seL4_Word irq, seL4_CNode root, seL4_Word index, seL4_Uint8 depth)
{
    return cmk_IPIControl_GetHandler(cluster->ipi_control, irq, root, index, depth);
}

static bool is_range_error(seL4_Error error, seL4_Word low, seL4_Word high)
{
    return error == seL4_RangeError && seL4_GetMR(0) == low && seL4_GetMR(1) == high;
}

static void test_ranges(seL4_CPtr slot)
{
    static const seL4_Word bad_irqs[] = {0, IRQS + 1, 31, 1ul << 32 | 1, ~0ul};
    seL4_Word nodes = cluster->num_nodes;
    bool good = true;
    for (unsigned i = 0; i < sizeof(bad_irqs) / sizeof(bad_irqs[0]); i++) {
        good = good && is_range_error(send(0, bad_irqs[i], ROOT, slot, seL4_WordBits), 1, IRQS);
        good = good && is_range_error(handler(bad_irqs[i], ROOT, slot, seL4_WordBits), 1, IRQS);
    }
    check(good, "irqs that are not 1 to 15 are refused, and the range is told");

    const seL4_Word bad_nodes[] = {nodes, nodes + 1, ABI_CMK_MAX_NODES, 1ul << 32, ~0ul};
    good = true;
    for (unsigned i = 0; i < sizeof(bad_nodes) / sizeof(bad_nodes[0]); i++) {
        good =
            good && is_range_error(send(bad_nodes[i], 1, ROOT, slot, seL4_WordBits), 0, nodes - 1);
    }
    check(good, "nodes that do not exist are refused, and the range is told");
    check(is_range_error(send(nodes, 0, ROOT, slot, seL4_WordBits), 1, IRQS),
          "the irq is checked before the node");
}

static void test_slots(seL4_CPtr slot)
{
    check(send(0, 1, ROOT, seL4_CapInitThreadTCB, seL4_WordBits) == seL4_DeleteFirst &&
              handler(1, ROOT, seL4_CapInitThreadTCB, seL4_WordBits) == seL4_DeleteFirst,
          "an occupied slot is refused");
    check(is_range_error(send(0, 1, ROOT, slot, 0), 1, seL4_WordBits) &&
              is_range_error(send(0, 1, ROOT, slot, seL4_WordBits + 1), 1, seL4_WordBits) &&
              is_range_error(handler(1, ROOT, slot, 0), 1, seL4_WordBits),
          "a depth outside the range is refused, and the range is told");
    bool good = send(0, 1, seL4_CapInitThreadTCB, slot, seL4_WordBits) == seL4_FailedLookup &&
                seL4_GetMR(0) == 0 && seL4_GetMR(1) == seL4_InvalidRoot;
    good = good && handler(1, seL4_CapInitThreadTCB, slot, seL4_WordBits) == seL4_FailedLookup &&
           seL4_GetMR(0) == 0 && seL4_GetMR(1) == seL4_InvalidRoot;
    check(good, "a root that is no CNode is refused, and the lookup's failure is told");
}

static void test_messages(seL4_CPtr slot)
{
    struct sel4_x64_trap trap = {.mr = {0, 1, slot}};
    seL4_SetCap(0, ROOT);
    bool good = sel4_x64_invoke(&trap, cluster->ipi_control, CMKIPIControlSendIPI, 1, 3) ==
                seL4_TruncatedMessage;
    trap = (struct sel4_x64_trap){.mr = {0, 1, slot, seL4_WordBits}};
    good = good && sel4_x64_invoke(&trap, cluster->ipi_control, CMKIPIControlSendIPI, 0, 4) ==
                       seL4_TruncatedMessage;
    trap = (struct sel4_x64_trap){.mr = {1, slot}};
    seL4_SetCap(0, ROOT);
    good = good && sel4_x64_invoke(&trap, cluster->ipi_control, CMKIPIControlGetHandler, 1, 2) ==
                       seL4_TruncatedMessage;
    check(good, "messages that are too short are refused");

    trap = (struct sel4_x64_trap){.mr = {0}};
    check(sel4_x64_invoke(&trap, cluster->ipi_control, TCBSuspend, 0, 0) == seL4_IllegalOperation,
          "IPI control has no other methods");
    check(seL4_CNode_Copy(ROOT, slot, seL4_WordBits, ROOT, cluster->ipi_control, seL4_WordBits,
                          seL4_AllRights) == seL4_IllegalOperation,
          "IPI control cannot be copied");
}

void test_refusals(void)
{
    seL4_CPtr slot = cmk_alloc_slot();
    seL4_CPtr other = cmk_alloc_slot();
    test_ranges(slot);
    test_slots(slot);
    test_messages(slot);
    check(handler(3, ROOT, slot, seL4_WordBits) == seL4_NoError &&
              handler(3, ROOT, other, seL4_WordBits) == seL4_RevokeFirst,
          "an irq has one handler");
    check(seL4_CNode_Delete(ROOT, slot, seL4_WordBits) == seL4_NoError &&
              handler(3, ROOT, slot, seL4_WordBits) == seL4_NoError &&
              seL4_CNode_Delete(ROOT, slot, seL4_WordBits) == seL4_NoError,
          "once it is deleted there can be another");
}

static bool is_empty(seL4_CPtr slot)
{
    seL4_CPtr probe = cmk_alloc_slot();
    seL4_Error error =
        seL4_CNode_Copy(ROOT, probe, seL4_WordBits, ROOT, slot, seL4_WordBits, seL4_AllRights);
    return error == seL4_FailedLookup;
}

static seL4_CPtr endpoint, received;
static seL4_Word got_caps;

static void receive_capability(void *argument)
{
    (void)argument;
    seL4_SetCapReceivePath(ROOT, received, seL4_WordBits);
    got_caps = seL4_MessageInfo_get_extraCaps(seL4_Recv(endpoint, NULL));
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
}

/* Another thread gets it in a message; what it got signals the same irq. */
static bool is_transferred(seL4_CPtr signal)
{
    static struct cmk_thread thread;
    seL4_Word badge = 0;
    endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    received = cmk_alloc_slot();
    if (!cmk_create_thread(&thread, 0, 255, receive_capability, NULL)) {
        return false;
    }
    seL4_SetCap(0, signal);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 1, 0));
    seL4_Signal(received);
    seL4_Wait(notification, &badge);
    return got_caps == 1 && badge == 1ul << 5;
}

/* Last, because it takes the handlers too. */
void test_revocation(void)
{
    seL4_CPtr signal = signal_to(cluster->node_id, 5);
    seL4_CPtr copy = cmk_alloc_slot();
    seL4_CPtr minted = cmk_alloc_slot();
    meet();
    /* what the bursts left pending has arrived: more than a tick */
    for (unsigned i = 0; i < 2000; i++) {
        relax();
    }
    seL4_Word badge = 0;
    seL4_Poll(notification, &badge);
    check(signal != 0 &&
              seL4_CNode_Copy(ROOT, copy, seL4_WordBits, ROOT, signal, seL4_WordBits,
                              seL4_NoRights) == seL4_NoError &&
              seL4_CNode_Mint(ROOT, minted, seL4_WordBits, ROOT, signal, seL4_WordBits,
                              seL4_AllRights, 77) == seL4_NoError,
          "an IPI signal can be copied and minted");
    seL4_Signal(copy);
    seL4_Wait(notification, &badge);
    check(badge == 1ul << 5, "its copy signals the same irq");
    seL4_Signal(minted);
    seL4_Wait(notification, &badge);
    check(badge == 1ul << 5, "so does a minted one, and the badge is ignored");
    seL4_CPtr moved = cmk_alloc_slot();
    check(seL4_CNode_Move(ROOT, moved, seL4_WordBits, ROOT, copy, seL4_WordBits) == seL4_NoError &&
              is_empty(copy),
          "it can be moved");
    seL4_Signal(moved);
    seL4_Wait(notification, &badge);
    check(badge == 1ul << 5 && is_transferred(signal), "and transferred in a message");
    check(seL4_CNode_Revoke(ROOT, cluster->ipi_control, seL4_WordBits) == seL4_NoError &&
              is_empty(signal) && is_empty(copy) && is_empty(minted) && is_empty(handlers[5]),
          "revoking IPI control takes every signal, every copy and every handler");
    seL4_CPtr again = signal_to(cluster->node_id, 5);
    seL4_Signal(again);
    seL4_Poll(notification, &badge);
    check(again != 0 && badge == 0, "a signal without a handler is ignored");
}
