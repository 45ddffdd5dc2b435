/*
 * Debug calls of debug builds (contract 1.4, 1.5); where misuse stops a seL4 kernel, CMK prints a
 * line and goes on.
 */
#include "harness.h"
#include <string.h>

static void identify(void)
{
    static const struct {
        word slot, tag;
    } initial[] = {
        {seL4_CapNull, TAG_NULL},
        {seL4_CapInitThreadTCB, TAG_TCB},
        {seL4_CapInitThreadCNode, TAG_CNODE},
        {seL4_CapInitThreadVSpace, TAG_PML4},
        {seL4_CapIRQControl, TAG_IRQ_CONTROL},
        {seL4_CapASIDControl, TAG_ASID_CONTROL},
        {seL4_CapInitThreadASIDPool, TAG_ASID_POOL},
        {seL4_CapIOPortControl, TAG_IO_PORT_CONTROL},
        {seL4_CapIOSpace, TAG_NULL},
        {seL4_CapBootInfoFrame, TAG_FRAME},
        {seL4_CapInitThreadIPCBuffer, TAG_FRAME},
        {seL4_CapDomain, TAG_DOMAIN},
        {12, TAG_NULL},
        {13, TAG_NULL},
        {14, TAG_NULL},
        {15, TAG_NULL},
    };

    for (size_t i = 0; i < COUNT_OF(initial); i++) {
        CHECK_TAG(initial[i].slot, initial[i].tag);
    }
}

static void identify_often(void)
{
    word wrong = 0;

    need_debug_calls();
    for (int i = 0; i < 100000; i++) {
        wrong += cap_tag(seL4_CapInitThreadCNode) != TAG_CNODE;
    }
    CHECK_EQUAL(wrong, 0);
}

static word affinity(word cptr)
{
    return system_call(DEBUG_GET_THREAD_AFFINITY, cptr, 0, 0, 0, 0, 0).rdi;
}

static void thread_affinity(void)
{
    word tcb = new_tcb();

    need_debug_calls();
    need_affinity();
    CHECK_EQUAL(affinity(seL4_CapInitThreadTCB), 0);
    CHECK_EQUAL(affinity(tcb), 0);
    for (word cpu = 0; cpu < boot_info->numNodes; cpu++) {
        CHECK_OK(invoke(tcb, TCB_SET_AFFINITY, ARGS(cpu), NO_CAPS));
        CHECK_EQUAL(affinity(tcb), cpu);
    }
}

static void name_thread(word tcb, const char *name)
{
    strcpy((char *)main_buffer->msg, name);
    system_call(DEBUG_NAME_THREAD, tcb, 0, main_buffer->msg[0], main_buffer->msg[1],
                main_buffer->msg[2], main_buffer->msg[3]);
}

static void names(void)
{
    word tcb = new_tcb();
    seL4_UserContext context;

    need_debug_calls();
    name_thread(tcb, "");
    name_thread(tcb, "a name");
    name_thread(tcb, "a name of more than sixty-four letters, so that it does not fit where short "
                     "names would have fitted");
    CHECK_EQUAL(read_registers(tcb, false, &context).label, 0);
    CHECK_EQUAL(context.rip, 0);
}

static void misuse(void)
{
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});
    word endpoint = new_endpoint();

    need_debug_calls();
    /*
     * Not a thread; no terminating zero; no buffer to read the name from; a call that no PC knows.
     */
    name_thread(endpoint, "not a thread");
    name_thread(new_slot(), "nothing");
    name_thread(1ul << 63, "nowhere");
    memset(main_buffer->msg, 'x', sizeof(main_buffer->msg));
    system_call(DEBUG_NAME_THREAD, worker->tcb, 0, 0, 0, 0, 0);
    add_step(worker, DEBUG_NAME_THREAD, worker->tcb, 0, 0, 0, 0, 0);
    if (HAS_AFFINITY) {
        affinity(endpoint);
        affinity(1ul << 63);
        system_call(DEBUG_SEND_IPI, 1, 1, 0, 0, 0, 0);
        add_step(worker, DEBUG_GET_THREAD_AFFINITY, endpoint, 0, 0, 0, 0, 0);
    }
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, HAS_AFFINITY ? 2 : 1);
    CHECK_TAG(endpoint, TAG_ENDPOINT);
}

static void dumps(void)
{
    struct worker *worker = new_worker(MIDDLE);

    need_debug_calls();
    add_step(worker, DEBUG_DUMP_SCHEDULER, 0x11, 0x22, 1, 2, 3, 4);
    add_step(worker, DEBUG_SNAPSHOT, 0x11, 0x22, 1, 2, 3, 4);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 2);
    for (word i = 0; i < 2; i++) {
        CHECK_EQUAL(worker->outcomes[i].rdi, 0x11);
        CHECK_EQUAL(worker->outcomes[i].rsi, 0x22);
        CHECK_EQUAL(worker->outcomes[i].mr[3], 4);
    }
}

static const struct test tests[] = {
    {"debug-identify", "the initial capabilities' tags", identify},
    {"debug-identify-often", "a hundred thousand times", identify_often},
    {"debug-affinity", "DebugGetThreadAffinity", thread_affinity},
    {"debug-names", "DebugNameThread with names of all lengths", names},
    {"debug-misuse", "misuse prints and returns", misuse},
    {"debug-dumps", "the scheduler's table and the snapshot", dumps},
};

SUBJECT(debugging, tests);
