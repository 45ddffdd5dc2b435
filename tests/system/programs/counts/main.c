/*
 * What each CPU of this node counts, also in release kernels (CMK_COUNT_*): system calls that took
 * the ordinary path, and the IPIs of unmappings. With the argument "ordinary" the node runs with
 * fastpath=off.
 */
#include <cmk/cluster.h>
#include <cmk/cmk.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES = 200, PRIORITY = 100 };
#define ADDRESS 0x0000600000000000ul

static unsigned cpus;
static atomic_bool is_running;

static void fail(const char *what, seL4_Word number)
{
    printf("counts: FAILED: %s: %lu\n", what, number);
    exit(1);
}

static seL4_Word count(seL4_Word what, seL4_Word cpu)
{
    seL4_Word value = 0;
    if (cmk_NodeControl_Count(cmk_cluster()->node_control, what, cpu, &value) != seL4_NoError) {
        fail("the kernel does not tell", what);
    }
    return value;
}

static void check_refusals(void)
{
    seL4_CPtr node_control = cmk_cluster()->node_control;
    seL4_Word value = 42;
    if (cmk_NodeControl_Count(node_control, CMK_COUNTS, 0, &value) != seL4_InvalidArgument ||
        cmk_NodeControl_Count(node_control, 0, cpus, &value) != seL4_InvalidArgument ||
        value != 42) {
        fail("what does not exist is counted", value);
    }
}

/*
 * Nobody waits for the message: no fast path. Nobody waits for the signal: a fast path, if there is
 * any.
 */
static void check_ordinary_calls(bool all_are)
{
    seL4_CPtr endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    seL4_Word before = count(CMK_COUNT_ORDINARY_NBSEND, 0);
    for (unsigned i = 0; i < TIMES; i++) {
        seL4_NBSend(endpoint, seL4_MessageInfo_new(0, 0, 0, 0));
    }
    seL4_Word sent = count(CMK_COUNT_ORDINARY_NBSEND, 0) - before;
    before = count(CMK_COUNT_ORDINARY_SEND, 0);
    for (unsigned i = 0; i < TIMES; i++) {
        seL4_Signal(notification);
    }
    seL4_Word signalled = count(CMK_COUNT_ORDINARY_SEND, 0) - before;
    before = count(CMK_COUNT_ORDINARY_CALL, 0);
    seL4_Word asked = count(CMK_COUNT_ORDINARY_CALL, 0) - before;
    printf("%lu of %u messages, %lu of %u signals, %lu questions\n", sent, TIMES, signalled, TIMES,
           asked);
    if (sent != TIMES || asked != 1 || (all_are ? signalled != TIMES : signalled > 1)) {
        fail("wrong number of ordinary calls", sent);
    }
}

static void use_address_space(void *argument)
{
    (void)argument;
    is_running = true;
    for (;;) {
        __asm__ volatile("pause");
    }
}

/* IPIs of TIMES unmappings, as CPU 0 counts them, which does them. */
static seL4_Word ipis_of_unmapping(void)
{
    static seL4_CPtr frame;
    frame = frame != 0 ? frame : cmk_alloc_object(seL4_X86_4K, 0);
    seL4_Word before = count(CMK_COUNT_SHOOT_DOWN_IPIS, 0);
    for (unsigned i = 0; i < TIMES; i++) {
        if (cmk_map_frame(frame, ADDRESS, seL4_ReadWrite, seL4_X86_Default_VMAttributes) !=
                seL4_NoError ||
            seL4_X86_Page_Unmap(frame) != seL4_NoError) {
            fail("no page", i);
        }
    }
    return count(CMK_COUNT_SHOOT_DOWN_IPIS, 0) - before;
}

/*
 * One for each time that the other CPU is in user mode, which it nearly always is; none if it is
 * idle.
 */
static void check_shoot_downs(void)
{
    static struct cmk_thread thread;
    seL4_Word idle = ipis_of_unmapping(), busy = 0;
    if (cpus > 1) {
        if (!cmk_create_thread(&thread, 1, PRIORITY, use_address_space, NULL)) {
            fail("no thread", 1);
        }
        while (!is_running) {
            seL4_Yield();
        }
        busy = ipis_of_unmapping();
    }
    printf("%u unmappings: %lu IPIs, and %lu with another CPU\n", TIMES, idle, busy);
    if (idle != 0 || busy > TIMES || (cpus > 1 && busy < TIMES / 2)) {
        fail("wrong number of IPIs", busy);
    }
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        if (count(CMK_COUNT_SHOOT_DOWN_IPIS, cpu) != 0) {
            fail("IPIs of a CPU that unmaps nothing", cpu);
        }
    }
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    cpus = (unsigned)cluster->nodes[cluster->node_id].num_cpus;
    check_refusals();
    check_ordinary_calls(argc > 1 && strcmp(argv[1], "ordinary") == 0);
    check_shoot_downs();
    return 0;
}
