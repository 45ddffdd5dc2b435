/*
 * IPIs between nodes, on all nodes at once: refusals, every node and irq, coalescing, none lost
 * beyond the sender's budget, revocation. With the argument "flood" it measures instead what of its
 * own time a node keeps while all others signal it in loops.
 */
#include "ipi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmk_cluster *cluster;
struct board *board;
seL4_CPtr notification;
seL4_CPtr handlers[IRQS + 1];
static int failures;

void check(bool good, const char *name)
{
    char word[128];
    size_t i = 0;
    for (; name[i] && i + 1 < sizeof(word); i++) {
        word[i] = name[i] == ' ' ? '-' : name[i];
    }
    word[i] = '\0';
    printf("%s %s\n", good ? "PASS" : "FAIL", word); /* a test's name is one word */
    failures += !good;
}

void relax(void)
{
    __builtin_ia32_pause();
    seL4_Yield();
}

void meet(void)
{
    unsigned long number = atomic_fetch_add(&board->arrived.value, 1);
    unsigned long all = (number / cluster->num_nodes + 1) * cluster->num_nodes;
    while (atomic_load(&board->arrived.value) < all) {
        relax();
    }
}

seL4_CPtr signal_to(seL4_Word node, seL4_Word irq)
{
    seL4_CPtr slot = cmk_alloc_slot();
    return cmk_IPIControl_SendIPI(cluster->ipi_control, node, irq, seL4_CapInitThreadCNode, slot,
                                  seL4_WordBits) == seL4_NoError
               ? slot
               : 0;
}

void make_handlers(void)
{
    bool good = true;
    notification = cmk_alloc_object(seL4_NotificationObject, 0);
    for (seL4_Word irq = 1; irq <= IRQS; irq++) {
        seL4_CPtr badged = cmk_alloc_slot();
        handlers[irq] = cmk_alloc_slot();
        good = good &&
               seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits,
                               seL4_CapInitThreadCNode, notification, seL4_WordBits, seL4_AllRights,
                               1ul << irq) == seL4_NoError &&
               cmk_IPIControl_GetHandler(cluster->ipi_control, irq, seL4_CapInitThreadCNode,
                                         handlers[irq], seL4_WordBits) == seL4_NoError &&
               seL4_IRQHandler_SetNotification(handlers[irq], badged) == seL4_NoError;
    }
    check(good, "a handler for every IPI irq, bound to a notification");
}

int main(int argc, char **argv)
{
    cluster = cmk_cluster();
    if (!cluster || cluster->num_nodes < 2) {
        return EXIT_FAILURE;
    }
    board = cmk_map_frames(cluster->shared.first_slot, 1, seL4_LargePageBits, seL4_ReadWrite,
                           seL4_X86_Default_VMAttributes);
    if (!board) {
        return EXIT_FAILURE;
    }
    if (argc > 1 && strcmp(argv[1], "flood") == 0) {
        measure_flood();
        return failures;
    }
    test_refusals();
    make_handlers();
    meet();
    test_every_pair();
    test_coalescing();
    test_none_lost(150);
    test_revocation();
    meet();
    return failures;
}
