/* Send, Signal and Yield: who wakes whom, or does not. */
#include "node.h"

static struct samples samples;
static seL4_CPtr object, answer;

/* ---- Send and Signal to a higher-priority thread that waits ---- */

static void receiver(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_RecvWithMRs(object, NULL, NULL, NULL, NULL, NULL);
        uint32_t end = stamp();
        samples.end[i] = end;
    }
}

static void sender(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t begin = stamp();
        seL4_SendWithMRs(object, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        samples.begin[i] = begin;
    }
}

static void signaller(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t begin = stamp();
        seL4_Signal(object);
        samples.begin[i] = begin;
    }
}

static void measure_send(void)
{
    object = new_endpoint();
    start_thread((struct thread_options){.priority = HIGH, .vspace = other_vspace}, receiver);
    start_thread((struct thread_options){.priority = MIDDLE}, sender);
    run_threads();
    report("Send to a higher-priority receiver", &samples, ALL_ROUNDS - 1, 1);
}

static void measure_signal_up(void)
{
    object = new_notification();
    start_thread((struct thread_options){.priority = HIGH, .vspace = other_vspace}, receiver);
    start_thread((struct thread_options){.priority = MIDDLE}, signaller);
    run_threads();
    report("Signal to a waiting higher-priority thread", &samples, ALL_ROUNDS - 1, 1);
}

/* ---- Signal to a lower-priority thread: until Signal returns ---- */

static void low_receiver(void)
{
    for (;;) {
        seL4_Wait(object, NULL);
        seL4_Signal(answer); /* nobody signals before we wait again: we run while the other waits */
    }
}

static void high_signaller(void)
{
    seL4_Wait(answer, NULL); /* the main thread's: everybody waits now */
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t begin = stamp();
        seL4_Signal(object);
        uint32_t end = stamp();
        samples.begin[i] = begin;
        samples.end[i] = end;
        seL4_Wait(answer, NULL);
    }
}

static void measure_signal_down(void)
{
    object = new_notification();
    answer = new_notification();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, low_receiver);
    start_thread((struct thread_options){.priority = HIGH}, high_signaller);
    seL4_Signal(answer);
    run_threads();
    report("Signal to a lower-priority thread", &samples, ALL_ROUNDS, 1);
}

/* ---- Yield ---- */

static void first_yielder(void)
{
    seL4_Signal(object); /* now the other is ready too, and each goes on when the other yields */
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t begin = stamp();
        seL4_Yield();
        samples.begin[i] = begin;
    }
}

static void second_yielder(void)
{
    seL4_Wait(object, NULL);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t end = stamp();
        samples.end[i] = end;
        seL4_Yield();
    }
}

static void measure_yield(void)
{
    object = new_notification();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, second_yielder);
    start_thread((struct thread_options){.priority = MIDDLE}, first_yielder);
    run_threads();
    report("Yield to a thread of the same priority", &samples, ALL_ROUNDS - 1, 1);
}

void measure_wake_ups(void)
{
    measure_send();
    measure_signal_up();
    measure_signal_down();
    measure_yield();
}
