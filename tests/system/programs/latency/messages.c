/* Messages of 120 words and three capabilities, each lookup through 62 CNodes. */
#include "latency.h"
#include <cmk/resources.h>

enum {
    CHAIN = 61,
    LAST_RADIX = 3,
    LEVELS = 62,
    MAIN = 100,
    SERVER = 90,
    CLIENT = 110,
    BELOW_SERVER = 80
};

/* Capability pointers in the long chain: 61 bits of zero, then the slot of the last CNode. */
enum { ENDPOINT, NOTIFICATION, CHAIN_ROOT, RECEIVED };

static void set_receive_path(void)
{
    seL4_SetCapReceivePath(CHAIN_ROOT, RECEIVED, DEPTH);
}

static seL4_MessageInfo_t long_message(void)
{
    seL4_SetCap(0, ENDPOINT);
    seL4_SetCap(1, ENDPOINT);
    seL4_SetCap(2, NOTIFICATION);
    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, (seL4_Word)i);
    }
    return seL4_MessageInfo_new(0, 0, 3, seL4_MsgMaxLength);
}

static void wait_for_ever(void)
{
    for (;;) {
        seL4_Word badge;
        seL4_Wait(NOTIFICATION, &badge);
    }
}

static void client(void *argument)
{
    (void)argument;
    set_receive_path();
    seL4_Call(ENDPOINT, long_message());
    wait_for_ever();
}

static void server(void *argument)
{
    seL4_Word sender;
    (void)argument;
    set_receive_path();
    seL4_Recv(ENDPOINT, &sender);
    seL4_CNode_Delete(CHAIN_ROOT, RECEIVED, DEPTH);
    set_receive_path();
    seL4_ReplyRecv(ENDPOINT, long_message(), &sender);
    wait_for_ever();
}

/*
 * The CSpace of all three: 61 CNodes of two slots, each in the first slot of the one before, then
 * one of eight.
 */
static seL4_CPtr make_chain(void)
{
    seL4_CPtr untyped;
    seL4_CPtr chain = new_objects(&untyped, 12, seL4_CapTableObject, 1, CHAIN);
    seL4_CPtr last = new_object(seL4_CapTableObject, LAST_RADIX);
    seL4_CPtr contents[] = {
        [ENDPOINT] = new_object(seL4_EndpointObject, 0),
        [NOTIFICATION] = new_object(seL4_NotificationObject, 0),
        [CHAIN_ROOT] = chain,
    };
    for (seL4_Word i = 0; i < CHAIN; i++) {
        OK(seL4_CNode_Copy(chain + i, 0, 1, ROOT, i + 1 < CHAIN ? chain + i + 1 : last, DEPTH,
                           seL4_AllRights));
    }
    for (seL4_Word i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        OK(seL4_CNode_Copy(last, i, LAST_RADIX, ROOT, contents[i], DEPTH, seL4_AllRights));
    }
    return chain;
}

static seL4_CPtr start(void (*entry)(void *), seL4_CPtr chain)
{
    struct cmk_thread thread;
    must(cmk_create_thread(&thread, 0, 1, entry, NULL), "a thread");
    OK(seL4_TCB_SetSpace(thread.tcb, 0, chain, 0, seL4_CapInitThreadVSpace, 0));
    return thread.tcb;
}

static void run(seL4_CPtr tcb, seL4_Word priority)
{
    OK(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, priority));
}

void measure_messages(void)
{
    seL4_CPtr chain = make_chain();
    seL4_CPtr first = start(client, chain), second = start(client, chain),
              serving = start(server, chain);
    run(serving, SERVER);
    set_own_priority(BELOW_SERVER); /* the server runs until it waits */
    set_own_priority(MAIN);
    begin();
    run(first, CLIENT);
    end("call, 120 words and 3 capabilities through 62 CNodes");
    run(second, CLIENT);
    begin();
    set_own_priority(BELOW_SERVER);
    end("reply and receive, both of that kind");
    set_own_priority(255);
}
