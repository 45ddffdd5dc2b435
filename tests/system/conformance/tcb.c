/*
 * TCB methods that configure a thread: Configure, SetSpace, SetIPCBuffer, priorities, flags,
 * affinity (contract 4.5, 8.2).
 */
#include "harness.h"

static void wrong_labels(void)
{
    word tcb = new_tcb();
    static const word wrong[] = {0,      UNTYPED_RETYPE, CNODE_REVOKE, FIRST_UNUSED_LABEL,
                                 0x1000, 0xfffffffffffff};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_REPLY(invoke(tcb, wrong[i], NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    }
}

static void too_short(void)
{
    static const struct {
        word label, words, caps;
    } methods[] = {
        {TCB_READ_REGISTERS, 2, 0},    {TCB_WRITE_REGISTERS, 2, 0}, {TCB_COPY_REGISTERS, 1, 1},
        {TCB_CONFIGURE, 4, 3},         {TCB_SET_PRIORITY, 1, 1},    {TCB_SET_MC_PRIORITY, 1, 1},
        {TCB_SET_SCHED_PARAMS, 2, 1},  {TCB_SET_IPC_BUFFER, 1, 1},  {TCB_SET_SPACE, 3, 2},
        {TCB_BIND_NOTIFICATION, 0, 1}, {TCB_SET_AFFINITY, 1, 0},    {TCB_SET_TLS_BASE, 1, 0},
        {TCB_SET_FLAGS, 2, 0},
    };
    word tcb = new_tcb();
    static const word words[] = {1, 1, 1, 1};
    const word caps[] = {tcb, tcb, tcb};

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (methods[i].label == FIRST_UNUSED_LABEL) {
            continue; /* no method of this profile */
        }
        if (methods[i].words > 0) {
            CHECK_REPLY(
                invoke(tcb, methods[i].label, words, methods[i].words - 1, caps, methods[i].caps),
                seL4_TruncatedMessage);
        }
        if (methods[i].caps > 0) {
            CHECK_REPLY(
                invoke(tcb, methods[i].label, words, methods[i].words, caps, methods[i].caps - 1),
                seL4_TruncatedMessage);
        }
    }
}

/* ---- Spaces and buffer ---- */

static struct reply configure(word tcb, word data, word buffer, word cspace, word vspace,
                              word frame)
{
    return invoke(tcb, TCB_CONFIGURE, ARGS(0, data, 0, buffer), CAPS(cspace, vspace, frame));
}

static struct reply set_space(word tcb, word data, word cspace, word vspace)
{
    return invoke(tcb, TCB_SET_SPACE, ARGS(0, data, 0), CAPS(cspace, vspace));
}

static struct reply set_buffer(word tcb, word address, word frame)
{
    return invoke(tcb, TCB_SET_IPC_BUFFER, ARGS(address), CAPS(frame));
}

enum { VSPACE = seL4_CapInitThreadVSpace };

static void buffer_errors(void)
{
    word tcb = new_tcb();
    word frame = new_frame();
    word parent = new_untyped(10);

    CHECK_OK(retype(parent, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_REPLY(set_buffer(tcb, 0x1000, new_endpoint()), seL4_IllegalOperation);
    CHECK_REPLY(set_buffer(tcb, 0x1000, new_slot()), seL4_IllegalOperation);
    CHECK_REPLY(set_buffer(tcb, 0x1000, parent), seL4_RevokeFirst);
    CHECK_REPLY(set_buffer(tcb, 0x1000, new_object(seL4_X86_PageTableObject, 0)),
                seL4_IllegalOperation);
    CHECK_REPLY(set_buffer(tcb, 0x1000, seL4_CapIRQControl), seL4_IllegalOperation);
    CHECK_REPLY(set_buffer(tcb, 0x1200, frame), seL4_AlignmentError);
    CHECK_REPLY(set_buffer(tcb, 0x1001, frame), seL4_AlignmentError);
    CHECK_OK(set_buffer(tcb, 0x1400, frame));
    CHECK_OK(set_buffer(tcb, 0x1000, new_object(seL4_X86_LargePageObject, 0)));
    /* Address 0 takes the buffer away, whatever the capability. */
    CHECK_OK(set_buffer(tcb, 0, new_endpoint()));
    CHECK_OK(set_buffer(tcb, 0, new_slot()));
}

static void configure_errors(void)
{
    word tcb = new_tcb();
    word frame = new_frame();
    word endpoint = new_endpoint();
    word no_asid = new_object(seL4_X64_PML4Object, 0);

    /* The buffer is checked first, then the CSpace, then the VSpace. */
    CHECK_REPLY(configure(tcb, 0, 0x1001, endpoint, endpoint, frame), seL4_AlignmentError);
    CHECK_REPLY(configure(tcb, 0, 0x1000, endpoint, endpoint, endpoint), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 0, 0x1000, endpoint, VSPACE, frame), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 63, 0x1000, new_cnode(4), VSPACE, frame), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 0, 0x1000, ROOT, endpoint, frame), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 0, 0x1000, ROOT, no_asid, frame), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 0, 0x1000, ROOT, new_slot(), frame), seL4_IllegalOperation);
    CHECK_OK(configure(tcb, 0, 0x1000, ROOT, VSPACE, frame));
    /* Without a buffer address the buffer capability is not looked at. */
    CHECK_OK(configure(tcb, 0, 0, ROOT, VSPACE, endpoint));
}

static void set_space_errors(void)
{
    word tcb = new_tcb();
    word endpoint = new_endpoint();
    word parent = new_untyped(10);

    CHECK_OK(retype(parent, seL4_EndpointObject, 0, new_slot(), 1));
    CHECK_REPLY(set_space(tcb, 0, endpoint, VSPACE), seL4_IllegalOperation);
    CHECK_REPLY(set_space(tcb, 0, parent, VSPACE), seL4_RevokeFirst);
    CHECK_REPLY(set_space(tcb, 61, new_cnode(4), VSPACE), seL4_IllegalOperation);
    CHECK_REPLY(set_space(tcb, 0, ROOT, ROOT), seL4_IllegalOperation);
    CHECK_REPLY(set_space(tcb, 0, ROOT, parent), seL4_RevokeFirst);
    CHECK_REPLY(set_space(tcb, 0, ROOT, new_object(seL4_X86_PDPTObject, 0)), seL4_IllegalOperation);
    CHECK_OK(set_space(tcb, 0, ROOT, VSPACE));
    CHECK_OK(set_space(tcb, 60, new_cnode(4), new_vspace()));
}

static void data_zero_keeps_guard(void)
{
    /* The CSpace root comes with a guard of its own; data 0 leaves it. */
    word cnode = new_minted(new_cnode(4), ALL_RIGHTS, 0x5 << 6 | 60);
    word endpoint = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .cspace = cnode});
    struct reply message;

    CHECK_OK(put_cap(cnode, 0x52, 64, endpoint));
    add_message(worker, SEND, 0x52, 1, 0);
    start_script(worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_EQUAL(message.label, 1);
}

static void replaced_cspace_is_released(void)
{
    word untyped = new_untyped(9);
    word cnode = new_slot();
    word tcb = new_tcb();

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(set_space(tcb, 0, cnode, VSPACE));
    CHECK_OK(set_space(tcb, 0, ROOT, VSPACE));
    CHECK_OK(delete_cap(cnode));
    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
}

static void last_cspace_is_not_replaced(void)
{
    /*
     * The TCB holds the only capability of its CNode: replacing it would mean a long deletion,
     * which is refused.
     */
    word untyped = new_untyped(9);
    word cnode = new_slot();
    word tcb = new_tcb();

    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
    CHECK_OK(set_space(tcb, 0, cnode, VSPACE));
    CHECK_OK(delete_cap(cnode));
    CHECK_REPLY(retype(untyped, seL4_CapTableObject, 4, cnode, 1), seL4_NotEnoughMemory, 0);
    CHECK_REPLY(set_space(tcb, 0, ROOT, VSPACE), seL4_IllegalOperation);
    CHECK_REPLY(configure(tcb, 0, 0, ROOT, VSPACE, ROOT), seL4_IllegalOperation);
    CHECK_OK(delete_cap(tcb));
    CHECK_OK(retype(untyped, seL4_CapTableObject, 4, cnode, 1));
}

static void replaced_buffer_is_released(void)
{
    word untyped = new_untyped(12);
    word frame = new_slot();
    word tcb = new_tcb();

    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frame, 1));
    CHECK_OK(set_buffer(tcb, 0x1000, frame));
    CHECK_OK(delete_cap(frame));
    CHECK_REPLY(retype(untyped, seL4_X86_4K, 0, frame, 1), seL4_NotEnoughMemory, 0);
    CHECK_OK(set_buffer(tcb, 0, new_endpoint()));
    CHECK_OK(retype(untyped, seL4_X86_4K, 0, frame, 1));
}

static void buffer_frame_keeps_its_mapping(void)
{
    /* The TCB's copy is unmapped; taking it away does not unmap the original. */
    word frame = new_mapped_frame(TEST_ADDRESS);
    word tcb = new_tcb();
    volatile word *page = (volatile word *)TEST_ADDRESS;

    CHECK_OK(set_buffer(tcb, TEST_ADDRESS, frame));
    CHECK_OK(set_buffer(tcb, 0, frame));
    *page = 5;
    CHECK_EQUAL(*page, 5);
}

static void own_cspace_replaced(void)
{
    /* A thread may change its own spaces: here, for the same ones. */
    struct worker *worker = new_worker(MIDDLE);

    worker->buffer->caps_or_badges[0] = ROOT;
    worker->buffer->caps_or_badges[1] = VSPACE;
    add_step(worker, CALL, worker->tcb, message_info(TCB_SET_SPACE, 2, 3), 0, 0, 0, 0);
    add_step(worker, CALL, worker->tcb, message_info(TCB_SET_IPC_BUFFER, 1, 1), 0, 0, 0, 0);
    add_step(worker, CALL, worker->tcb, message_info(TCB_SET_IPC_BUFFER, 1, 1), 0, 0, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 3);
    CHECK_EQUAL(worker->outcomes[0].rsi, 0);
    CHECK_EQUAL(worker->outcomes[1].rsi, 0);
    /* Now it has no buffer, so it cannot name an extra capability. */
    CHECK_EQUAL(worker->outcomes[2].rsi, message_info(seL4_TruncatedMessage, 0, 0));
}

/* ---- Priorities ---- */

static struct reply prio(word tcb, word label, word value, word authority)
{
    return invoke(tcb, label, ARGS(value), CAPS(authority));
}

static struct reply sched_params(word tcb, word mcp, word priority, word authority)
{
    return invoke(tcb, TCB_SET_SCHED_PARAMS, ARGS(mcp, priority), CAPS(authority));
}

static void priority_errors(void)
{
    word tcb = new_tcb();
    word authority = new_tcb();
    word endpoint = new_endpoint();

    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 0, endpoint), seL4_InvalidCapability, 1);
    CHECK_REPLY(prio(tcb, TCB_SET_MC_PRIORITY, 0, endpoint), seL4_InvalidCapability, 1);
    CHECK_REPLY(sched_params(tcb, 0, 0, endpoint), seL4_InvalidCapability, 1);
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 999, new_slot()), seL4_InvalidCapability, 1);
    /* A new TCB's maximum is 0. */
    CHECK_OK(prio(tcb, TCB_SET_PRIORITY, 0, authority));
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 1, authority), seL4_RangeError, 0, 0);
    CHECK_REPLY(prio(tcb, TCB_SET_MC_PRIORITY, 1, authority), seL4_RangeError, 0, 0);
    CHECK_OK(prio(authority, TCB_SET_MC_PRIORITY, 77, seL4_CapInitThreadTCB));
    CHECK_OK(prio(tcb, TCB_SET_PRIORITY, 77, authority));
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 78, authority), seL4_RangeError, 0, 77);
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, ~0ul, authority), seL4_RangeError, 0, 77);
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 256, seL4_CapInitThreadTCB), seL4_RangeError, 0, 255);
    CHECK_REPLY(prio(tcb, TCB_SET_MC_PRIORITY, 1ul << 32, seL4_CapInitThreadTCB), seL4_RangeError,
                0, 255);
    CHECK_REPLY(sched_params(tcb, 78, 77, authority), seL4_RangeError, 0, 77);
    CHECK_REPLY(sched_params(tcb, 77, 78, authority), seL4_RangeError, 0, 77);
    CHECK_OK(sched_params(tcb, 77, 77, authority));
    CHECK_OK(sched_params(tcb, 255, 255, seL4_CapInitThreadTCB));
}

static void authority_is_its_maximum(void)
{
    /*
     * The authority's priority does not matter, only its maximum; and a maximum may be below the
     * priority.
     */
    word authority = new_tcb();
    word tcb = new_tcb();

    CHECK_OK(sched_params(authority, 10, 200, seL4_CapInitThreadTCB));
    CHECK_REPLY(prio(tcb, TCB_SET_PRIORITY, 11, authority), seL4_RangeError, 0, 10);
    CHECK_OK(prio(tcb, TCB_SET_PRIORITY, 10, authority));
    /* Also for itself. */
    CHECK_REPLY(prio(authority, TCB_SET_PRIORITY, 200, authority), seL4_RangeError, 0, 10);
    CHECK_OK(prio(authority, TCB_SET_MC_PRIORITY, 5, authority));
    CHECK_REPLY(prio(authority, TCB_SET_MC_PRIORITY, 6, authority), seL4_RangeError, 0, 5);
}

/* ---- Flags, TLS base, affinity ---- */

static struct reply set_flags(word tcb, word clear, word set)
{
    return invoke(tcb, TCB_SET_FLAGS, ARGS(clear, set), NO_CAPS);
}

static void flags(void)
{
    word tcb = new_tcb();

    CHECK_REPLY(set_flags(tcb, 0, 0), seL4_NoError, 0);
    CHECK_REPLY(set_flags(tcb, 0, 1), seL4_NoError, 1);
    CHECK_REPLY(set_flags(tcb, 0, 0), seL4_NoError, 1);
    CHECK_REPLY(set_flags(tcb, 1, 1), seL4_NoError, 1);
    CHECK_REPLY(set_flags(tcb, ~1ul, 0), seL4_NoError, 1);
    CHECK_REPLY(set_flags(tcb, 1, ~1ul), seL4_NoError, 0);
    CHECK_REPLY(set_flags(tcb, 0, ~0ul), seL4_NoError, 1);
}

static void affinity_errors(void)
{
    word tcb = new_tcb();

    need_affinity();
    CHECK_OK(invoke(tcb, TCB_SET_AFFINITY, ARGS(0), NO_CAPS));
    CHECK_OK(invoke(tcb, TCB_SET_AFFINITY, ARGS(boot_info->numNodes - 1), NO_CAPS));
    CHECK_REPLY(invoke(tcb, TCB_SET_AFFINITY, ARGS(boot_info->numNodes), NO_CAPS),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(tcb, TCB_SET_AFFINITY, ARGS(~0ul), NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(tcb, TCB_SET_AFFINITY, ARGS(1ul << 32), NO_CAPS), seL4_IllegalOperation);
    CHECK_AFFINITY(tcb, boot_info->numNodes - 1);
}

static void fresh_thread(void)
{
    word tcb = new_tcb();
    seL4_UserContext context;
    const word *registers = (const word *)&context;

    CHECK_EQUAL(read_registers(tcb, false, &context).label, seL4_NoError);
    for (word i = 0; i < REGISTERS; i++) {
        CHECK_EQUAL(registers[i], i == RFLAGS ? 0x202 : 0);
    }
    CHECK_AFFINITY(tcb, 0);
}

static void resume_unconfigured(void)
{
    /* A thread without spaces that is made to run faults at once, reports to nobody, and stops. */
    word tcb = new_tcb();
    seL4_UserContext context;

    CHECK_OK(set_priority(tcb, MIDDLE));
    CHECK_OK(resume_thread(tcb));
    settle();
    CHECK_EQUAL(read_registers(tcb, false, &context).label, seL4_NoError);
    CHECK_EQUAL(context.rip, 0);
    CHECK_OK(suspend_thread(tcb));
    CHECK_OK(suspend_thread(tcb));
}

static const struct test tests[] = {
    {"tcb-wrong-labels", "labels of other objects are illegal", wrong_labels},
    {"tcb-truncated", "every method with too few words or capabilities", too_short},
    {"tcb-buffer-errors", "SetIPCBuffer's errors", buffer_errors},
    {"tcb-configure-errors", "Configure's errors in their order", configure_errors},
    {"tcb-space-errors", "SetSpace's errors", set_space_errors},
    {"tcb-guard-kept", "CSpace data 0 keeps the capability's guard", data_zero_keeps_guard},
    {"tcb-cspace-replaced", "a replaced CSpace is released", replaced_cspace_is_released},
    {"tcb-cspace-last", "the last capability of a CSpace is not replaced",
     last_cspace_is_not_replaced},
    {"tcb-buffer-replaced", "a replaced buffer is released", replaced_buffer_is_released},
    {"tcb-buffer-mapping", "the TCB's buffer capability has no mapping of its own",
     buffer_frame_keeps_its_mapping},
    {"tcb-own-space", "a thread changes its own CSpace, VSpace and buffer", own_cspace_replaced},
    {"tcb-priority-errors", "errors of SetPriority, SetMCPriority and SetSchedParams",
     priority_errors},
    {"tcb-authority", "only the authority's maximum matters", authority_is_its_maximum},
    {"tcb-flags", "SetFlags answers with the new flags", flags},
    {"tcb-affinity", "SetAffinity knows the node's CPUs", affinity_errors},
    {"tcb-fresh", "a new thread's registers", fresh_thread},
    {"tcb-unconfigured", "an unconfigured thread can be resumed without harm", resume_unconfigured},
};

SUBJECT(tcb, tests);
