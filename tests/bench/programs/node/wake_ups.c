/* Send, Signal, Yield and SetPriority: who wakes whom, or does not. */
#include "node.h"

static struct samples samples;
static struct ordinary_calls ordinary;
static seL4_CPtr object, answer;

/* What is counted are the calls of the rounds that are reported. */
static void count_from(unsigned round)
{
    if (round == WARM_UP) {
        counting_begin(&ordinary);
    }
}

static void report_all(const char *name, unsigned rounds, seL4_Word kind, unsigned calls)
{
    report(name, &samples, rounds, 1);
    report_ordinary(name, 0, &ordinary, kind, calls);
}

/* ---- Send and Signal to a higher-priority thread that waits ---- */

static void receiver(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_RecvWithMRs(object, NULL, NULL, NULL, NULL, NULL);
        uint32_t end = stamp();
        samples.end[i] = end;
    }
    /* finished() is a Signal, too: it must not come before the sender has counted its own */
    seL4_Recv(parking, NULL);
}

static void sender(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_SendWithMRs(object, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        samples.begin[i] = begin;
    }
    counting_end(&ordinary);
}

static void signaller(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_Signal(object);
        samples.begin[i] = begin;
    }
    counting_end(&ordinary);
}

static void measure_send(void)
{
    object = new_endpoint();
    start_thread((struct thread_options){.priority = HIGH, .vspace = other_vspace}, receiver);
    start_thread((struct thread_options){.priority = MIDDLE}, sender);
    run_threads();
    report_all("Send to a higher-priority receiver", ALL_ROUNDS - 1, CMK_COUNT_ORDINARY_SEND,
               ROUNDS);
}

static void measure_signal_up(void)
{
    object = new_notification();
    start_thread((struct thread_options){.priority = HIGH, .vspace = other_vspace}, receiver);
    start_thread((struct thread_options){.priority = MIDDLE}, signaller);
    run_threads();
    report_all("Signal to a waiting higher-priority thread", ALL_ROUNDS - 1,
               CMK_COUNT_ORDINARY_SEND, ROUNDS);
}

/* ---- Signal to a lower-priority thread: until Signal returns ---- */

static void low_receiver(void)
{
    for (;;) {
        seL4_Wait(object, NULL);
        /*
         * Not counted as the measured signal is. Nobody signals before we wait again: we run while
         * the other waits.
         */
        seL4_NBSendWithMRs(answer, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
    }
}

static void high_signaller(void)
{
    seL4_Wait(answer, NULL); /* the main thread's: everybody waits now */
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_Signal(object);
        uint32_t end = stamp();
        samples.begin[i] = begin;
        samples.end[i] = end;
        seL4_Wait(answer, NULL);
    }
    counting_end(&ordinary);
}

static void measure_signal_down(void)
{
    object = new_notification();
    answer = new_notification();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, low_receiver);
    start_thread((struct thread_options){.priority = HIGH}, high_signaller);
    seL4_Signal(answer);
    run_threads();
    report_all("Signal to a lower-priority thread", ALL_ROUNDS, CMK_COUNT_ORDINARY_SEND, ROUNDS);
}

/* ---- Yield ---- */

static void first_yielder(void)
{
    seL4_Signal(object); /* now the other is ready too, and each goes on when the other yields */
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_Yield();
        samples.begin[i] = begin;
    }
    counting_end(&ordinary); /* of both threads' calls, which take turns */
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
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace},
                 second_yielder);
    start_thread((struct thread_options){.priority = MIDDLE}, first_yielder);
    run_threads();
    report_all("Yield to a thread of the same priority", ALL_ROUNDS - 1, CMK_COUNT_ORDINARY_YIELD,
               2 * ROUNDS);
}

/* ---- Two threads that wait for each other's signals: from Signal until the other runs ---- */

static void first_in_turn(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_Signal(object);
        seL4_Wait(answer, NULL);
        samples.begin[i] = begin;
    }
    counting_end(&ordinary);
}

static void second_in_turn(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_Wait(object, NULL);
        uint32_t end = stamp();
        samples.end[i] = end;
        seL4_Signal(answer);
    }
    seL4_Recv(parking, NULL);
}

static void measure_in_turn(void)
{
    ordinary = (struct ordinary_calls){0}; /* the calls before had Recvs, too */
    object = new_notification();
    answer = new_notification();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace},
                 second_in_turn);
    start_thread((struct thread_options){.priority = MIDDLE}, first_in_turn);
    run_threads();
    report_all("Signal and Wait, two threads in turn", ALL_ROUNDS - 1, CMK_COUNT_ORDINARY_RECV,
               2 * ROUNDS);
}

/* ---- Recv on an endpoint, by a server that is sent to: until the sender runs ---- */

static void waiting_receiver(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        uint32_t begin = stamp();
        seL4_RecvWithMRs(object, NULL, NULL, NULL, NULL, NULL);
        samples.begin[i] = begin;
    }
    counting_end(&ordinary);
}

static void waited_for_sender(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        uint32_t end = stamp();
        samples.end[i] = end;
        seL4_SendWithMRs(object, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
    }
    seL4_Recv(parking, NULL);
}

static void measure_receive(void)
{
    object = new_endpoint();
    start_thread((struct thread_options){.priority = HIGH, .vspace = other_vspace},
                 waiting_receiver);
    start_thread((struct thread_options){.priority = MIDDLE}, waited_for_sender);
    run_threads();
    report_all("Recv that blocks, endpoint", ALL_ROUNDS - 1, CMK_COUNT_ORDINARY_RECV, ROUNDS);
}

/* ---- Poll of a notification without a signal: until Poll returns ---- */

static void measure_poll(void)
{
    object = new_notification();
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        MEASURE(samples, i, seL4_Poll(object, NULL));
    }
    counting_end(&ordinary);
    report_all("Poll without a signal", ALL_ROUNDS, CMK_COUNT_ORDINARY_NBRECV, ROUNDS);
}

/* ---- SetPriority of the caller itself, to what it has: until SetPriority returns ---- */

static void measure_set_priority(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        count_from(i);
        MEASURE(
            samples, i,
            OK(seL4_TCB_SetPriority(seL4_CapInitThreadTCB, seL4_CapInitThreadTCB, seL4_MaxPrio)));
    }
    counting_end(&ordinary);
    report_all("SetPriority of the own thread", ALL_ROUNDS, CMK_COUNT_ORDINARY_CALL, ROUNDS);
}

void measure_wake_ups(void)
{
    measure_send();
    measure_signal_up();
    measure_signal_down();
    measure_yield();
    measure_in_turn();
    measure_receive();
    measure_poll();
    measure_set_priority();
}
