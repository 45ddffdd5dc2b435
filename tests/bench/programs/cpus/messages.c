/* Signal, Call and ReplyRecv from one CPU to another. */
#include "cpus.h"

#include <stdatomic.h>

static struct samples first, second;
static seL4_CPtr object;
/* written by the waiter, with release after its stamp; read by the signaller */
static atomic_uint taken;

/* ---- Signal ---- */

static void waiter(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_Wait(object, NULL);
        uint32_t end = stamp();
        first.end[i] = end;
        atomic_store_explicit(&taken, i + 1, memory_order_release);
    }
    seL4_Recv(parking, NULL);
}

static void signaller(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        delay(UNTIL_IDLE);
        uint32_t begin = stamp();
        seL4_Signal(object);
        uint32_t end = stamp();
        first.begin[i] = second.begin[i] = begin;
        second.end[i] = end;
        /* ends: the waiter runs on its own CPU */
        while (atomic_load_explicit(&taken, memory_order_acquire) <= i) {
            __builtin_ia32_pause();
        }
    }
}

static _Noreturn void busy(void)
{
    for (;;) {
        __builtin_ia32_pause();
    }
}

static void measure_signal(const char *there, const char *own, bool is_busy)
{
    object = new_notification();
    taken = 0;
    start_thread((struct thread_options){.priority = HIGH, .cpu = 1}, waiter);
    if (is_busy) {
        start_thread((struct thread_options){.priority = LOW, .cpu = 1}, busy);
    }
    start_thread((struct thread_options){.priority = MIDDLE}, signaller);
    run_threads();
    report(there, &first, ALL_ROUNDS, 1);
    report(own, &second, ALL_ROUNDS, 1);
}

void measure_cross_cpu_signal(void)
{
    measure_signal("Signal to a thread on another, idle CPU",
                   "Signal to another, idle CPU: until it returns", false);
    measure_signal("Signal to a thread on another, busy CPU",
                   "Signal to another, busy CPU: until it returns", true);
}

/* ---- Call ---- */

static void client(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        delay(UNTIL_IDLE);
        uint32_t begin = stamp();
        seL4_CallWithMRs(object, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        uint32_t end = stamp();
        first.begin[i] = begin;
        second.end[i] = end;
    }
}

static void server(void)
{
    seL4_RecvWithMRs(object, NULL, NULL, NULL, NULL, NULL);
    uint32_t end = stamp();
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        first.end[i] = end;
        delay(UNTIL_IDLE);
        uint32_t begin = stamp();
        seL4_ReplyRecvWithMRs(object, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL,
                              NULL);
        end = stamp();
        second.begin[i] = begin;
    }
}

void measure_cross_cpu_call(void)
{
    object = new_endpoint();
    start_thread((struct thread_options){.priority = MIDDLE, .cpu = 1}, server);
    start_thread((struct thread_options){.priority = MIDDLE}, client);
    run_threads();
    report("Call to a server on another, idle CPU, 0 words", &first, ALL_ROUNDS, 1);
    report("ReplyRecv to a client on another, idle CPU, 0 words", &second, ALL_ROUNDS - 1, 1);
}
