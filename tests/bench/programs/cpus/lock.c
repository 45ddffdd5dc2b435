/*
 * Several CPUs that do nothing but short system calls (Poll of a notification of their own): with
 * more of them than the lock can serve, the time from one completion to the next is the time it is
 * held, and handed over. All make the same number of calls; CPU 0's are reported, from when all
 * have begun.
 */
#include "cpus.h"

#include <stdatomic.h>

enum { MOST_CPUS = 8 };

static struct samples samples;
static seL4_CPtr polled[MOST_CPUS];
static atomic_uint ready, wanted;
static atomic_uint running; /* thread numbers, one for each */
static atomic_bool over;

static void meet(void)
{
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < wanted) { /* ends: each CPU has its own thread */
        __builtin_ia32_pause();
    }
}

static void other(void)
{
    seL4_CPtr own = polled[atomic_fetch_add(&running, 1)];
    meet();
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        seL4_NBRecvWithMRs(own, NULL, NULL, NULL, NULL, NULL);
    }
    seL4_Recv(parking, NULL);
}

static void measurer(void)
{
    seL4_CPtr own = polled[0];
    meet();
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        MEASURE(samples, i, seL4_NBRecvWithMRs(own, NULL, NULL, NULL, NULL, NULL));
    }
    over = true;
}

static void measure_with(unsigned cpus)
{
    ready = 0;
    running = 1;
    wanted = cpus;
    over = false;
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        start_thread((struct thread_options){.priority = MIDDLE, .cpu = cpu}, other);
    }
    start_thread((struct thread_options){.priority = MIDDLE}, measurer);
    run_threads();
    report_numbered("Poll, CPUs that do nothing but that: %u", cpus, &samples, ALL_ROUNDS);
}

void measure_lock(void)
{
    for (unsigned i = 0; i < MOST_CPUS; i++) {
        polled[i] = new_notification();
    }
    for (unsigned cpus = 1; cpus <= cpu_count() && cpus <= MOST_CPUS; cpus *= 2) {
        measure_with(cpus);
    }
}
