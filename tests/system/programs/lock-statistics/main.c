/*
 * How the CPUs of this node use its lock, as a debug kernel tells (CMK_TRIGGER_LOCK_STATISTIC):
 * each CPU counts its own entries, and what it counts fits together. With the argument
 * "instructions" the clock counts instructions (QEMU's -icount), and equal calls must hold the lock
 * equally long. With "hang" one CPU hangs with the lock.
 */
#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 1000, PRIORITY = 100, SAMPLES = 64 };

static _Atomic unsigned ready, finished;
static _Atomic bool go;
static seL4_CPtr node_control;
static unsigned cpus;

static void fail(const char *what, seL4_Word cpu)
{
    printf("lock-statistics: FAILED: %s, CPU %lu\n", what, cpu);
    exit(1);
}

static seL4_Word statistic(seL4_Word which, seL4_Word cpu)
{
    seL4_Word what = CMK_TRIGGER_LOCK_STATISTIC, argument = CMK_LOCK_STATISTIC(which, cpu);
    seL4_MessageInfo_t info = seL4_MessageInfo_new(CMKNodeControlTrigger, 0, 0, 2);
    info = seL4_CallWithMRs(node_control, info, &what, &argument, NULL, NULL);
    if (seL4_MessageInfo_get_label(info) != seL4_NoError) {
        fail("the kernel does not answer", cpu);
    }
    return what;
}

static void make_calls(void *argument)
{
    (void)argument;
    atomic_fetch_add(&ready, 1);
    while (!go) {
        __asm__ volatile("pause");
    }
    for (unsigned i = 0; i < CALLS; i++) {
        (void)seL4_DebugCapIdentify(seL4_CapInitThreadTCB);
    }
    atomic_fetch_add(&finished, 1);
}

static void check_refusals(void)
{
    seL4_Word what = CMK_TRIGGER_LOCK_STATISTIC, argument = CMK_LOCK_STATISTIC(CMK_LOCK_HELD, cpus);
    seL4_MessageInfo_t info = seL4_MessageInfo_new(CMKNodeControlTrigger, 0, 0, 2);
    info = seL4_CallWithMRs(node_control, info, &what, &argument, NULL, NULL);
    if (seL4_MessageInfo_get_label(info) != seL4_InvalidArgument) {
        fail("a CPU that does not exist has statistics", cpus);
    }
}

/*
 * Each CPU's acquisitions grow by the calls made there, and not by those made elsewhere (some ticks
 * and IPIs come on top).
 */
static void check_own_entries(void)
{
    static struct cmk_thread threads[ABI_CMK_MAX_NODE_CPUS];
    seL4_Word before[ABI_CMK_MAX_NODE_CPUS];
    for (unsigned cpu = 1; cpu < cpus; cpu += 2) { /* every second CPU stays idle */
        if (!cmk_create_thread(&threads[cpu], cpu, PRIORITY, make_calls, NULL)) {
            fail("no memory for a thread", cpu);
        }
    }
    while (ready < cpus / 2) {
        seL4_Yield();
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        before[cpu] = statistic(CMK_LOCK_ACQUISITIONS, cpu);
    }
    go = true;
    while (finished < cpus / 2) {
        seL4_Yield();
    }
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        seL4_Word more = statistic(CMK_LOCK_ACQUISITIONS, cpu) - before[cpu];
        printf("CPU %u: %lu acquisitions more\n", cpu, more);
        if (cpu % 2 == 1 ? more < CALLS : more >= CALLS) {
            fail("wrong number of acquisitions", cpu);
        }
    }
}

static void check_sense(void)
{
    bool contention = false;
    seL4_Word most = 0;
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        seL4_Word contended = statistic(CMK_LOCK_CONTENDED, cpu),
                  queue = statistic(CMK_LOCK_LONGEST_QUEUE, cpu);
        seL4_Word held = statistic(CMK_LOCK_HELD, cpu),
                  longest = statistic(CMK_LOCK_LONGEST_HOLD, cpu);
        seL4_Word waited = statistic(CMK_LOCK_WAITED, cpu),
                  longest_wait = statistic(CMK_LOCK_LONGEST_WAIT, cpu);
        seL4_Word acquisitions = statistic(CMK_LOCK_ACQUISITIONS, cpu);
        printf("CPU %u: %lu acquisitions, %lu contended, longest queue %lu; held %lu, longest %lu; "
               "waited %lu, longest %lu\n",
               cpu, acquisitions, contended, queue, held, longest, waited, longest_wait);
        if (contended > acquisitions || longest > held || longest_wait > waited ||
            held < acquisitions) {
            fail("a part is more than the whole", cpu);
        }
        if (queue < 1 || queue > cpus) {
            fail("no such queue", cpu);
        }
        contention |= contended > 0;
        most = queue > most ? queue : most;
    }
    if (!contention) {
        fail("nobody ever waited", 0);
    }
    /* Of one CPU it need not be true: another may come between its count and its place. */
    if (most < 2) {
        fail("CPUs waited, but never was one more than one", 0);
    }
}

/*
 * Two questions in a row: the second answer has one entry more in it, always the same. Now and then
 * a tick comes between.
 */
static void check_instructions(void)
{
    seL4_Word counts[SAMPLES];
    unsigned equal = 0;
    for (unsigned i = 0; i < SAMPLES; i++) {
        seL4_Word first = statistic(CMK_LOCK_HELD, 0);
        counts[i] = statistic(CMK_LOCK_HELD, 0) - first;
    }
    for (unsigned i = 0; i < SAMPLES; i++) {
        equal += counts[i] == counts[SAMPLES / 2];
    }
    printf("held %lu instructions, %u of %u times\n", counts[SAMPLES / 2], equal, SAMPLES);
    if (equal < SAMPLES * 3 / 4 || counts[SAMPLES / 2] < 20 || counts[SAMPLES / 2] > 5000) {
        fail("equal calls hold the lock for different times", 0);
    }
}

static void call_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        (void)seL4_DebugCapIdentify(seL4_CapInitThreadTCB);
    }
}

/* CPU 0 hangs in the kernel; the other must not wait for ever. */
static void hang(void)
{
    static struct cmk_thread thread;
    if (!cmk_create_thread(&thread, 1, PRIORITY, call_for_ever, NULL) ||
        cmk_NodeControl_Trigger(node_control, CMK_TRIGGER_LOCK_PATIENCE, 1000000) != seL4_NoError) {
        fail("cannot be set up", 0);
    }
    (void)cmk_NodeControl_Trigger(node_control, CMK_TRIGGER_HANG, 0);
}

int main(int argc, char **argv)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    node_control = cluster->node_control;
    cpus = (unsigned)cluster->nodes[cluster->node_id].num_cpus;
    check_refusals();
    if (argc > 1 && strcmp(argv[1], "instructions") == 0) {
        check_instructions();
    } else if (argc > 1 && strcmp(argv[1], "hang") == 0) {
        hang();
    } else {
        if (seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, PRIORITY) !=
            seL4_NoError) {
            fail("own priority", 0);
        }
        check_own_entries();
        check_sense();
        seL4_DebugDumpScheduler();
    }
    return 0;
}
