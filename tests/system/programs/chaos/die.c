/* The ways to die. */
#include "chaos.h"

#include <cmk/node_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Signals every other node, on every irq, in a loop, for about as many of this node's ticks. */
static void flood(uint64_t ticks)
{
    const struct cmk_status_page *page = cmk_node_status(mesh.self);
    seL4_CPtr buttons[ABI_CMK_MAX_NODES][ABI_CMK_IPI_IRQS];
    for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
        for (seL4_Word irq = 1; irq <= ABI_CMK_IPI_IRQS; irq++) {
            buttons[node][irq - 1] = cmk_doorbell_button(node, irq);
        }
    }
    uint64_t end = cmk_node_ticks(page) + ticks;
    for (seL4_Word i = 0; cmk_node_ticks(page) < end; i++) {
        for (seL4_Word node = 0; node < mesh.num_nodes; node++) {
            if (node != mesh.self) {
                seL4_Signal(buttons[node][i % ABI_CMK_IPI_IRQS]);
            }
        }
    }
}

static bool is(const char *how, const char *word)
{
    return strncmp(how, word, strlen(word)) == 0 && how[strlen(word)] == ':';
}

_Noreturn void die(const char *how)
{
    printf("dying by %.*s\n", (int)(strchr(how, ':') - how), how);
    if (is(how, "crash")) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    } else if (is(how, "assert")) {
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_ASSERT, 0);
    } else if (is(how, "write")) { /* where the shared region lies, which no kernel maps */
        cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_WRITE, cluster->shared.paddr);
    } else if (is(how, "flood")) {
        flood(100);
        exit(7);
    } else if (is(how, "exit")) {
        exit(7);
    }
    printf("still here\n");
    exit(9);
}
