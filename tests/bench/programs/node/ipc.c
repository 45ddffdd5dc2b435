/*
 * Call and ReplyRecv. One client, one server, the same loop on both sides; the client's stamps
 * around Call and the server's around ReplyRecv give both directions.
 */
#include "node.h"

static struct samples call, reply;
static struct ordinary_calls ordinary;
static seL4_CPtr endpoint;        /* in the client's CSpace */
static seL4_CPtr server_endpoint; /* in the server's */

static inline void use_fpu(bool use)
{
    if (use) {
        __asm__ volatile("addsd %%xmm0, %%xmm1" : : : "memory");
    }
}

/*
 * As a program would write it: with up to four words in variables, otherwise through the IPC
 * buffer.
 */
static inline __attribute__((always_inline)) void do_call(seL4_Word words)
{
    if (words == 0) {
        seL4_CallWithMRs(endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
    } else {
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, words));
    }
}

static inline __attribute__((always_inline)) void do_reply(seL4_Word words)
{
    if (words == 0) {
        seL4_ReplyRecvWithMRs(server_endpoint, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL,
                              NULL, NULL);
    } else {
        seL4_ReplyRecv(server_endpoint, seL4_MessageInfo_new(0, 0, 0, words), NULL);
    }
}

static inline __attribute__((always_inline)) void client(seL4_Word words, bool fpu)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        use_fpu(fpu);
        uint32_t begin = stamp();
        do_call(words);
        uint32_t end = stamp();
        call.begin[i] = begin;
        reply.end[i] = end;
    }
    /* of this thread's ROUNDS Calls, and of the server's ROUNDS ReplyRecvs */
    counting_end(&ordinary);
}

static inline __attribute__((always_inline)) void server(seL4_Word words, bool fpu)
{
    seL4_Recv(server_endpoint, NULL);
    uint32_t end = stamp();
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        call.end[i] = end;
        use_fpu(fpu);
        uint32_t begin = stamp();
        do_reply(words); /* the last one waits for ever */
        end = stamp();
        reply.begin[i] = begin;
    }
}

/* The last reply's stamp is only stored after a further call: one round less is reported. */
#define CLIENT_AND_SERVER(name, words, fpu)                                                        \
    static void name##_client(void)                                                                \
    {                                                                                              \
        client(words, fpu);                                                                        \
    }                                                                                              \
    static void name##_server(void)                                                                \
    {                                                                                              \
        server(words, fpu);                                                                        \
    }

CLIENT_AND_SERVER(empty, 0, false)
CLIENT_AND_SERVER(fpu, 0, true)
CLIENT_AND_SERVER(long, 10, false)

static void measure(const char *call_name, const char *reply_name, void (*client_of)(void),
                    void (*server_of)(void), struct thread_options client_options,
                    struct thread_options server_options)
{
    start_thread(server_options, server_of);
    start_thread(client_options, client_of);
    run_threads();
    report(call_name, &call, ALL_ROUNDS, 1);
    report(reply_name, &reply, ALL_ROUNDS - 1, 1);
    report_ordinary(call_name, 0, &ordinary, CMK_COUNT_ORDINARY_CALL, ROUNDS);
    report_ordinary(reply_name, 0, &ordinary, CMK_COUNT_ORDINARY_REPLY_RECV, ROUNDS);
}

void measure_call(const char *call_name, const char *reply_name,
                  struct thread_options client_options, seL4_CPtr client_capability,
                  struct thread_options server_options, seL4_CPtr server_capability)
{
    endpoint = client_capability;
    server_endpoint = server_capability;
    measure(call_name, reply_name, empty_client, empty_server, client_options, server_options);
}

void measure_ipc(void)
{
    struct thread_options here = {.priority = MIDDLE},
                          there = {.priority = MIDDLE, .vspace = other_vspace};
    endpoint = server_endpoint = new_endpoint();
    measure("Call, other VSpace, 0 words", "ReplyRecv, other VSpace, 0 words", empty_client,
            empty_server, here, there);
    measure("Call, other VSpace, 0 words, FPU", "ReplyRecv, other VSpace, 0 words, FPU", fpu_client,
            fpu_server, here, there);
    measure("Call, other VSpace, 10 words", "ReplyRecv, other VSpace, 10 words", long_client,
            long_server, here, there);
    measure("Call, same VSpace, 0 words", "ReplyRecv, same VSpace, 0 words", empty_client,
            empty_server, here, here);
}
