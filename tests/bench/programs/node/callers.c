/*
 * Call and ReplyRecv again, other VSpace, 0 words: with several callers of one server, and with a
 * caller that is a server itself and owes a reply meanwhile.
 */
#include "node.h"

enum { CALLERS = 3, LAYERS = 2 };

static struct samples there, back;
static struct ordinary_calls ordinary;
static seL4_CPtr endpoint, outer_endpoint;
static unsigned next_round;

static void call(seL4_CPtr capability)
{
    seL4_CallWithMRs(capability, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
}

static void reply_and_wait(seL4_CPtr capability)
{
    seL4_ReplyRecvWithMRs(capability, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL,
                          NULL);
}

static void server(void)
{
    seL4_Recv(endpoint, NULL);
    uint32_t end = stamp();
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        there.end[i] = end;
        uint32_t begin = stamp();
        reply_and_wait(endpoint); /* the last one waits for ever */
        end = stamp();
        back.begin[i] = begin;
    }
}

static void one_call(unsigned round)
{
    if (round == WARM_UP) {
        counting_begin(&ordinary);
    }
    uint32_t begin = stamp();
    call(endpoint);
    uint32_t end = stamp();
    there.begin[round] = begin;
    back.end[round] = end;
    if (round == ALL_ROUNDS - 1) {
        counting_end(&ordinary);
    }
}

/* The last reply's stamp is only stored after a further call: one round less is reported. */
static void report_both(const char *call_name, const char *reply_name, unsigned calls_in_round)
{
    run_threads();
    report(call_name, &there, ALL_ROUNDS, 1);
    report(reply_name, &back, ALL_ROUNDS - 1, 1);
    report_ordinary(call_name, 0, &ordinary, CMK_COUNT_ORDINARY_CALL, calls_in_round * ROUNDS);
    report_ordinary(reply_name, 0, &ordinary, CMK_COUNT_ORDINARY_REPLY_RECV,
                    calls_in_round * ROUNDS);
}

/* ---- Several callers ---- */

/* The callers take turns: while one has its time between two calls, the others are ready. */
static void caller_in_turn(void)
{
    while (next_round < ALL_ROUNDS) {
        one_call(next_round++);
        seL4_Yield();
    }
}

static void measure_in_turn(void)
{
    next_round = 0;
    endpoint = new_endpoint();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, server);
    for (unsigned i = 0; i < CALLERS; i++) {
        start_thread((struct thread_options){.priority = MIDDLE}, caller_in_turn);
    }
    report_both("Call, three callers in turn", "ReplyRecv, three callers in turn", 1);
}

/* ---- A caller that owes a reply ---- */

static void outer_client(void)
{
    for (unsigned i = 0; i <= ALL_ROUNDS; i++) {
        call(outer_endpoint);
    }
}

static void middle_server(void)
{
    seL4_Recv(outer_endpoint, NULL);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        one_call(i);
        reply_and_wait(outer_endpoint);
    }
}

static void measure_layers(void)
{
    endpoint = new_endpoint();
    outer_endpoint = new_endpoint();
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, server);
    start_thread((struct thread_options){.priority = MIDDLE}, middle_server);
    start_thread((struct thread_options){.priority = MIDDLE, .vspace = other_vspace}, outer_client);
    report_both("Call, by a server that owes a reply", "ReplyRecv, to a server that owes a reply",
                LAYERS);
}

void measure_callers(void)
{
    measure_in_turn();
    measure_layers();
}
