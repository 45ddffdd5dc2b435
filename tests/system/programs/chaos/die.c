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

/* Where kernels have things (docs/memory-map.md). */
#define WINDOW       0xffff800000000000ul
#define KERNEL_TEXT  0xffffffff80101000ul
#define GLOBAL_STATE 0xffffffff90000000ul

/* The trigger takes an address in the window. */
static void wild_write(seL4_Word vaddr)
{
    cmk_NodeControl_Trigger(cluster->node_control, CMK_TRIGGER_WRITE, vaddr - WINDOW);
}

/*
 * With equal nodes in 256 MiB, as the test has them: 64 MiB from this program's own image lies
 * another node's memory.
 */
static seL4_Word address_in_neighbour(void)
{
    seL4_X86_Page_GetAddress_t own =
        seL4_X86_Page_GetAddress(seL4_GetBootInfo()->userImageFrames.start);
    seL4_Word step = 0x4000000;
    return mesh.self + 1 < mesh.num_nodes ? own.paddr + step : own.paddr - step;
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
        wild_write(WINDOW + cluster->shared.paddr);
    } else if (is(how, "neighbour")) {
        wild_write(WINDOW + address_in_neighbour());
    } else if (is(how, "text")) { /* the copy of the kernel's text that all nodes share */
        wild_write(KERNEL_TEXT);
    } else if (is(how, "global")) {
        wild_write(GLOBAL_STATE);
    } else if (is(how, "flood")) {
        flood(100);
        exit(7);
    } else if (is(how, "exit")) {
        exit(7);
    }
    printf("still here\n");
    exit(9);
}
