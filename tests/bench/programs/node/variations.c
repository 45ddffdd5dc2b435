/*
 * Call and ReplyRecv again, other VSpace, 0 words, with one thing changed at a time: whether a fast
 * path serves these as well. And NBSend, which is Send without waiting.
 */
#include "node.h"

#include <cmk/cluster.h>
#include <cmk/resources.h>

enum { LEVEL_BITS = 8, LEVEL_SLOTS = 1 << LEVEL_BITS, MOST_LEVELS = 3 };

static struct thread_options client(seL4_Word priority)
{
    return (struct thread_options){.priority = priority};
}

static struct thread_options server(seL4_Word priority)
{
    return (struct thread_options){.priority = priority, .vspace = other_vspace};
}

static void with_capability(const char *call_name, const char *reply_name, seL4_CapRights_t rights,
                            seL4_Word badge)
{
    seL4_CPtr endpoint = new_endpoint();
    measure_call(call_name, reply_name, client(MIDDLE), new_minted(endpoint, rights, badge),
                 server(MIDDLE), endpoint);
}

static void with_priorities(const char *call_name, const char *reply_name, seL4_Word of_client,
                            seL4_Word of_server)
{
    seL4_CPtr endpoint = new_endpoint();
    measure_call(call_name, reply_name, client(of_client), endpoint, server(of_server), endpoint);
}

/* ---- CSpaces of several levels ---- */

/*
 * A CSpace of `levels` CNodes of 256 slots one below the other, in which the given capabilities of
 * the initial CNode have the same addresses. *data becomes the guard that a thread needs with it.
 * All levels but the last two have one CNode, in slot 0.
 */
static seL4_CPtr new_cspace(unsigned levels, const seL4_CPtr *capabilities, unsigned count,
                            seL4_Word *data)
{
    seL4_CPtr level[MOST_LEVELS];
    for (unsigned i = 0; i < levels; i++) {
        level[i] = new_object(seL4_CapTableObject, LEVEL_BITS);
    }
    for (unsigned i = 0; i + 2 < levels; i++) {
        OK(seL4_CNode_Copy(level[i], 0, LEVEL_BITS, ROOT, level[i + 1], DEPTH, seL4_AllRights));
    }
    seL4_CPtr last[LEVEL_SLOTS] = {0};
    last[0] = level[levels - 1];
    if (levels > 1) {
        OK(seL4_CNode_Copy(level[levels - 2], 0, LEVEL_BITS, ROOT, last[0], DEPTH, seL4_AllRights));
    }
    for (unsigned i = 0; i < count; i++) {
        seL4_Word group = capabilities[i] / LEVEL_SLOTS;
        if (last[group] == 0) {
            must(levels > 1, "addresses below 256 for one level");
            last[group] = new_object(seL4_CapTableObject, LEVEL_BITS);
            OK(seL4_CNode_Copy(level[levels - 2], group, LEVEL_BITS, ROOT, last[group], DEPTH,
                               seL4_AllRights));
        }
        OK(seL4_CNode_Copy(last[group], capabilities[i] % LEVEL_SLOTS, LEVEL_BITS, ROOT,
                           capabilities[i], DEPTH, seL4_AllRights));
    }
    *data = seL4_CNode_CapData_new(0, seL4_WordBits - levels * LEVEL_BITS).words[0];
    return level[0];
}

/* The CSpace of one level is the initial CNode, as in all other measurements. */
static void with_levels(const char *call_name, const char *reply_name, unsigned levels)
{
    seL4_CPtr endpoint = new_endpoint();
    struct thread_options calling = client(MIDDLE), serving = server(MIDDLE);
    const seL4_CPtr needed[] = {endpoint, all_done, parking, cmk_cluster()->node_control};
    calling.cspace = serving.cspace =
        new_cspace(levels, needed, sizeof(needed) / sizeof(needed[0]), &calling.cspace_data);
    serving.cspace_data = calling.cspace_data;
    measure_call(call_name, reply_name, calling, endpoint, serving, endpoint);
}

/* ---- NBSend ---- */

static struct samples sending;
static struct ordinary_calls ordinary;
static seL4_CPtr target;

static void receiver(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        seL4_RecvWithMRs(target, NULL, NULL, NULL, NULL, NULL);
        uint32_t end = stamp();
        sending.end[i] = end;
    }
}

static void sender(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        uint32_t begin = stamp();
        seL4_NBSendWithMRs(target, seL4_MessageInfo_new(0, 0, 0, 0), NULL, NULL, NULL, NULL);
        sending.begin[i] = begin;
    }
    counting_end(&ordinary);
}

static void measure_nbsend(void)
{
    target = new_endpoint();
    start_thread(server(HIGH), receiver);
    start_thread(client(MIDDLE), sender);
    run_threads();
    report("NBSend to a higher-priority receiver", &sending, ALL_ROUNDS - 1, 1);
    report_ordinary("NBSend to a higher-priority receiver", 0, &ordinary, CMK_COUNT_ORDINARY_NBSEND,
                    ROUNDS);
}

void measure_variations(void)
{
    with_capability("Call, badge", "ReplyRecv, badge", seL4_AllRights, 0x1234);
    with_capability("Call, GrantReply right only", "ReplyRecv, GrantReply right only",
                    seL4_CapRights_new(true, false, false, true), 0);
    with_capability("Call, Grant right only", "ReplyRecv, Grant right only",
                    seL4_CapRights_new(false, true, false, true), 0);
    with_levels("Call, CSpace of 2 levels", "ReplyRecv, CSpace of 2 levels", 2);
    with_levels("Call, CSpace of 3 levels", "ReplyRecv, CSpace of 3 levels", 3);
    with_priorities("Call, server of higher priority", "ReplyRecv, server of higher priority",
                    MIDDLE, HIGH);
    with_priorities("Call, server of lower priority", "ReplyRecv, server of lower priority", MIDDLE,
                    LOW);
    measure_nbsend();
}
