/* libsel4: its numbers against the contract's, and every function once against the kernel. */
#include "harness.h"

enum { VSPACE = seL4_CapInitThreadVSpace };

#define PAIR(got, expected)                                                                        \
    {                                                                                              \
#got, (word)(got), (word)(expected)                                                        \
    }

static void numbers(void)
{
    static const struct pair {
        const char *name;
        word got, expected;
    } pairs[] = {
        PAIR(seL4_SysCall, CALL),
        PAIR(seL4_SysReplyRecv, REPLY_RECV),
        PAIR(seL4_SysSend, SEND),
        PAIR(seL4_SysNBSend, NB_SEND),
        PAIR(seL4_SysRecv, RECV),
        PAIR(seL4_SysReply, REPLY),
        PAIR(seL4_SysYield, YIELD),
        PAIR(seL4_SysNBRecv, NB_RECV),
        PAIR(UntypedRetype, UNTYPED_RETYPE),
        PAIR(TCBReadRegisters, TCB_READ_REGISTERS),
#ifdef CONFIG_ENABLE_SMP_SUPPORT
        PAIR(TCBSetAffinity, TCB_SET_AFFINITY),
#endif
        PAIR(TCBSetFlags, TCB_SET_FLAGS),
        PAIR(CNodeRevoke, CNODE_REVOKE),
        PAIR(CNodeSaveCaller, CNODE_SAVE_CALLER),
        PAIR(IRQIssueIRQHandler, IRQ_ISSUE_HANDLER),
        PAIR(IRQClearIRQHandler, IRQ_CLEAR_NOTIFICATION),
        PAIR(DomainSetSet, DOMAIN_SET),
        PAIR(DomainScheduleSetStart, DOMAIN_SCHEDULE_SET_START),
        PAIR(X86PDPTMap, PDPT_MAP),
        PAIR(X86PageMap, PAGE_MAP),
        PAIR(X86ASIDControlMakePool, ASID_CONTROL_MAKE_POOL),
        PAIR(X86IOPortControlIssue, IO_PORT_CONTROL_ISSUE),
        PAIR(X86IRQIssueIRQHandlerMSI, IRQ_ISSUE_HANDLER_MSI),
        PAIR(seL4_UntypedObject, 0),
        PAIR(seL4_TCBObject, 1),
        PAIR(seL4_EndpointObject, 2),
        PAIR(seL4_NotificationObject, 3),
        PAIR(seL4_CapTableObject, 4),
        PAIR(seL4_X86_PDPTObject, 5),
        PAIR(seL4_X64_PML4Object, 6),
        PAIR(seL4_X64_HugePageObject, 7),
        PAIR(seL4_X86_4K, 8),
        PAIR(seL4_X86_LargePageObject, 9),
        PAIR(seL4_X86_PageTableObject, 10),
        PAIR(seL4_X86_PageDirectoryObject, 11),
        PAIR(seL4_NoError, 0),
        PAIR(seL4_InvalidArgument, 1),
        PAIR(seL4_InvalidCapability, 2),
        PAIR(seL4_IllegalOperation, 3),
        PAIR(seL4_RangeError, 4),
        PAIR(seL4_AlignmentError, 5),
        PAIR(seL4_FailedLookup, 6),
        PAIR(seL4_TruncatedMessage, 7),
        PAIR(seL4_DeleteFirst, 8),
        PAIR(seL4_RevokeFirst, 9),
        PAIR(seL4_NotEnoughMemory, 10),
        PAIR(seL4_InvalidRoot, 1),
        PAIR(seL4_MissingCapability, 2),
        PAIR(seL4_DepthMismatch, 3),
        PAIR(seL4_GuardMismatch, 4),
        PAIR(seL4_Fault_CapFault, CAP_FAULT),
        PAIR(seL4_Fault_UnknownSyscall, UNKNOWN_SYSCALL),
        PAIR(seL4_Fault_UserException, USER_EXCEPTION),
        PAIR(seL4_Fault_VMFault, VM_FAULT),
        PAIR(seL4_CapInitThreadTCB, 1),
        PAIR(seL4_CapInitThreadCNode, 2),
        PAIR(seL4_CapInitThreadVSpace, 3),
        PAIR(seL4_CapIRQControl, 4),
        PAIR(seL4_CapASIDControl, 5),
        PAIR(seL4_CapInitThreadASIDPool, 6),
        PAIR(seL4_CapIOPortControl, 7),
        PAIR(seL4_CapBootInfoFrame, 9),
        PAIR(seL4_CapInitThreadIPCBuffer, 10),
        PAIR(seL4_CapDomain, 11),
        PAIR(seL4_NumInitialCaps, 16),
        PAIR(seL4_TCBBits, 11),
        PAIR(seL4_EndpointBits, 4),
        PAIR(seL4_NotificationBits, 5),
        PAIR(seL4_SlotBits, 5),
        PAIR(seL4_PageBits, 12),
        PAIR(seL4_LargePageBits, 21),
        PAIR(seL4_HugePageBits, 30),
        PAIR(seL4_MinUntypedBits, 4),
        PAIR(seL4_MaxUntypedBits, 47),
        PAIR(seL4_ASIDPoolBits, 12),
        PAIR(seL4_MaxPrio, 255),
        PAIR(seL4_MinPrio, 0),
        PAIR(seL4_MsgMaxLength, 120),
        PAIR(seL4_MsgMaxExtraCaps, 3),
        PAIR(seL4_IPCBufferSizeBits, 10),
        PAIR(seL4_WordBits, 64),
        PAIR(seL4_UserTop, 0x00007ffffffff000),
        PAIR(sizeof(seL4_IPCBuffer), 1024),
        PAIR(sizeof(seL4_UserContext), 160),
        PAIR(sizeof(seL4_BootInfo), 3848),
    };

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        const struct pair *p = &pairs[i];
        check_equal(p->got, p->expected, p->name, __FILE__, __LINE__);
    }
}

static void untyped_and_cnode(void)
{
    word untyped = new_untyped(16);
    word cnode = new_cnode(4);
    word slots = new_slots(6);

    CHECK_EQUAL(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, slots, 2), 0);
    CHECK_EQUAL(seL4_Untyped_Retype(untyped, seL4_X86_4K, 0, ROOT, cnode, DEPTH, 3, 1), 0);
    CHECK(slot_used(cnode, 3, 4));
    CHECK_EQUAL(seL4_CNode_Copy(ROOT, slots + 2, DEPTH, cnode, 3, 4, seL4_AllRights), 0);
    CHECK_TAG(slots + 2, TAG_FRAME);
    CHECK_EQUAL(seL4_CNode_Mint(ROOT, slots + 3, DEPTH, ROOT, slots, DEPTH,
                                seL4_CapRights_new(0, 0, 1, 0), 7),
                0);
    CHECK_EQUAL(seL4_CNode_Move(cnode, 5, 4, ROOT, slots + 3, DEPTH), 0);
    CHECK(slot_used(cnode, 5, 4));
    CHECK_EQUAL(seL4_CNode_Mutate(ROOT, slots + 4, DEPTH, ROOT, cnode, DEPTH,
                                  seL4_CNode_CapData_new(2, 3).words[0]),
                0);
    CHECK_EQUAL(seL4_CNode_Mutate(ROOT, cnode, DEPTH, ROOT, slots + 4, DEPTH, 0), 0);
    CHECK_EQUAL(
        seL4_CNode_Rotate(ROOT, slots + 5, DEPTH, 0, ROOT, slots + 2, DEPTH, 0, ROOT, cnode, DEPTH),
        0);
    CHECK_TAG(slots + 5, TAG_FRAME);
    CHECK_TAG(slots + 2, TAG_CNODE);
    CHECK_EQUAL(seL4_CNode_CancelBadgedSends(ROOT, slots, DEPTH), 0);
    CHECK_EQUAL(seL4_CNode_SaveCaller(ROOT, slots + 3, DEPTH), 0);
    CHECK_EQUAL(seL4_CNode_Revoke(ROOT, slots, DEPTH), 0);
    CHECK_EQUAL(seL4_CNode_Delete(ROOT, slots, DEPTH), 0);
    CHECK_TAG(slots, TAG_NULL);
}

static void error_details(void)
{
    /* With an error, the stubs leave the details in the IPC buffer's first words. */
    word untyped = new_untyped(12);

    CHECK_EQUAL(seL4_Untyped_Retype(untyped, seL4_EndpointObject, 0, ROOT, 0, 0, new_slot(), 257),
                seL4_RangeError);
    CHECK_EQUAL(seL4_GetMR(0), 1);
    CHECK_EQUAL(seL4_GetMR(1), 256);
    CHECK_EQUAL(seL4_CNode_Delete(ROOT, 1ul << 60, DEPTH), seL4_FailedLookup);
    CHECK_EQUAL(seL4_GetMR(0), 0);
    CHECK_EQUAL(seL4_GetMR(1), seL4_GuardMismatch);
    CHECK_EQUAL(seL4_GetMR(2), 64);
    CHECK_EQUAL(seL4_GetMR(3), 0);
    CHECK_EQUAL(seL4_GetMR(4), 64 - boot_info->initThreadCNodeSizeBits);
}

static void threads(void)
{
    word tcb = new_tcb();
    word source = new_tcb();
    word notification = new_notification();
    word frame = new_frame();
    seL4_UserContext context = {.rip = 0x1234, .rsp = 0x5678, .r15 = 15, .gs_base = 19};
    seL4_UserContext got = {0};

    CHECK_EQUAL(seL4_TCB_WriteRegisters(tcb, 0, 0, 20, &context), 0);
    CHECK_EQUAL(seL4_TCB_ReadRegisters(tcb, 0, 0, 20, &got), 0);
    CHECK_EQUAL(got.rip, 0x1234);
    CHECK_EQUAL(got.r15, 15);
    CHECK_EQUAL(got.gs_base, 19);
    CHECK_EQUAL(seL4_TCB_CopyRegisters(source, tcb, 1, 0, 1, 1, 0), 0);
    CHECK_EQUAL(seL4_TCB_ReadRegisters(source, 1, 0, 2, &got), 0);
    CHECK_EQUAL(got.rsp, 0x5678);
    CHECK_EQUAL(seL4_TCB_Configure(tcb, 5, ROOT, 0, VSPACE, 0, 0x1000, frame), 0);
    CHECK_EQUAL(seL4_TCB_SetSpace(tcb, 6, ROOT, 0, VSPACE, 0), 0);
    CHECK_EQUAL(seL4_TCB_SetIPCBuffer(tcb, 0x2000, frame), 0);
    CHECK_EQUAL(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, 10), 0);
    CHECK_EQUAL(seL4_TCB_SetMCPriority(tcb, seL4_CapInitThreadTCB, 20), 0);
    CHECK_EQUAL(seL4_TCB_SetSchedParams(tcb, seL4_CapInitThreadTCB, 20, 10), 0);
#ifdef CONFIG_ENABLE_SMP_SUPPORT
    CHECK_EQUAL(seL4_TCB_SetAffinity(tcb, 0), 0);
#endif
    CHECK_EQUAL(seL4_TCB_SetTLSBase(tcb, 0x3000), 0);
    seL4_TCB_SetFlags_t flags = seL4_TCB_SetFlags(tcb, 0, seL4_TCBFlag_fpuDisabled);
    CHECK_EQUAL(flags.error, 0);
    CHECK_EQUAL(flags.flags, 1);
    CHECK_EQUAL(seL4_TCB_BindNotification(tcb, notification), 0);
    CHECK_EQUAL(seL4_TCB_UnbindNotification(tcb), 0);
    CHECK_EQUAL(seL4_TCB_Suspend(tcb), 0);
    CHECK_EQUAL(seL4_DomainSet_Set(seL4_CapDomain, 0, tcb), 0);
    CHECK_EQUAL(seL4_DomainSet_ScheduleConfigure(seL4_CapDomain, 0, 0, (1ul << 56) - 1), 0);
    CHECK_EQUAL(seL4_DomainSet_ScheduleSetStart(seL4_CapDomain, 0), 0);
}

static void memory(void)
{
    word pdpt = new_object(seL4_X86_PDPTObject, 0);
    word pd = new_object(seL4_X86_PageDirectoryObject, 0);
    word pt = new_object(seL4_X86_PageTableObject, 0);
    word frame = new_frame();
    word pool = new_slot();
    word vspace = new_object(seL4_X64_PML4Object, 0);

    CHECK_EQUAL(seL4_X86_PDPT_Map(pdpt, VSPACE, TEST_ADDRESS, seL4_X86_Default_VMAttributes), 0);
    CHECK_EQUAL(seL4_X86_PageDirectory_Map(pd, VSPACE, TEST_ADDRESS, seL4_X86_Default_VMAttributes),
                0);
    CHECK_EQUAL(seL4_X86_PageTable_Map(pt, VSPACE, TEST_ADDRESS, seL4_X86_Default_VMAttributes), 0);
    CHECK_EQUAL(seL4_X86_Page_Map(frame, VSPACE, TEST_ADDRESS, seL4_AllRights,
                                  seL4_X86_Default_VMAttributes),
                0);
    *(volatile word *)TEST_ADDRESS = 3;
    seL4_X86_Page_GetAddress_t address = seL4_X86_Page_GetAddress(frame);
    CHECK_EQUAL(address.error, 0);
    CHECK(address.paddr != 0);
    CHECK_EQUAL(seL4_X86_Page_Unmap(frame), 0);
    CHECK_EQUAL(seL4_X86_PageTable_Unmap(pt), 0);
    CHECK_EQUAL(seL4_X86_PageDirectory_Unmap(pd), 0);
    CHECK_EQUAL(seL4_X86_PDPT_Unmap(pdpt), 0);
    CHECK_EQUAL(
        seL4_X86_ASIDControl_MakePool(seL4_CapASIDControl, new_untyped(12), ROOT, pool, DEPTH), 0);
    CHECK_EQUAL(seL4_X86_ASIDPool_Assign(pool, vspace), 0);
}

static void devices(void)
{
    word handler = new_slot();
    word port = new_slot();

    CHECK_EQUAL(seL4_IRQControl_Get(seL4_CapIRQControl, 1, ROOT, handler, DEPTH),
                seL4_IllegalOperation);
    CHECK_EQUAL(seL4_IRQControl_GetMSI(seL4_CapIRQControl, ROOT, handler, DEPTH, 0, 0, 0, 0, 77),
                0);
    CHECK_EQUAL(seL4_IRQHandler_SetNotification(handler, new_notification()), 0);
    CHECK_EQUAL(seL4_IRQHandler_Ack(handler), 0);
    CHECK_EQUAL(seL4_IRQHandler_Clear(handler), 0);
    CHECK_EQUAL(
        seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, ROOT, new_slot(), DEPTH, 0, 4, 0, 0, 108),
        seL4_RangeError);
    if (seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, 0x80, 0x8f, ROOT, port, DEPTH) !=
        seL4_NoError) {
        skip("this node owns no ports");
    }
    CHECK_EQUAL(
        seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, ROOT, new_slot(), DEPTH, 0, 5, 0, 0, 78), 0);
    CHECK_EQUAL(seL4_X86_IOPort_Out8(port, 0x80, 1), 0);
    CHECK_EQUAL(seL4_X86_IOPort_Out16(port, 0x80, 1), 0);
    CHECK_EQUAL(seL4_X86_IOPort_Out32(port, 0x80, 1), 0);
    CHECK_EQUAL(seL4_X86_IOPort_In8(port, 0x80).error, 0);
    CHECK_EQUAL(seL4_X86_IOPort_In16(port, 0x80).error, 0);
    CHECK_EQUAL(seL4_X86_IOPort_In32(port, 0x80).error, 0);
    CHECK_EQUAL(seL4_X86_IOPort_In8(port, 0x90).error, seL4_IllegalOperation);
}

/* ---- System calls, with a partner made of the harness's parts ---- */

static void calls(void)
{
    word endpoint = new_endpoint();
    word badged = new_minted(endpoint, ALL_RIGHTS, 0x31);
    struct worker *server = new_worker(HIGH);
    seL4_MessageInfo_t info;

    /* The server answers two calls, each with six words. */
    for (word i = 0; i < 120; i++) {
        server->buffer->msg[i] = 0x900 + i;
    }
    add_step(server, RECV, endpoint, 0, 0, 0, 0, 0);
    add_step(server, REPLY_RECV, endpoint, message_info(8, 0, 6), 0xa, 0xb, 0xc, 0xd);
    add_step(server, REPLY_RECV, endpoint, message_info(9, 0, 2), 0xe, 0xf, 0, 0);
    start_script(server);
    settle();
    for (int i = 0; i < 6; i++) {
        seL4_SetMR(i, 0x30 + (word)i);
    }
    info = seL4_Call(badged, seL4_MessageInfo_new(4, 0, 0, 6));
    CHECK_EQUAL(seL4_MessageInfo_get_label(info), 8);
    CHECK_EQUAL(seL4_MessageInfo_get_length(info), 6);
    CHECK_EQUAL(seL4_GetMR(0), 0xa);
    CHECK_EQUAL(seL4_GetMR(3), 0xd);
    CHECK_EQUAL(server->outcomes[0].rdi, 0x31);
    CHECK_EQUAL(server->outcomes[0].mr[2], 0x32);
    CHECK_EQUAL(seL4_GetMR(5), 0x35);
    word mr0 = 1;
    word mr1 = 2;
    info = seL4_CallWithMRs(badged, seL4_MessageInfo_new(5, 0, 0, 2), &mr0, &mr1, NULL, NULL);
    CHECK_EQUAL(seL4_MessageInfo_get_label(info), 9);
    CHECK_EQUAL(mr0, 0xe);
    CHECK_EQUAL(mr1, 0xf);
    CHECK_EQUAL(server->outcomes[1].mr[1], 2);
}

static void sends(void)
{
    word endpoint = new_endpoint();
    word notification = new_notification();
    struct worker *receiver = new_worker(HIGH);
    word badge = 0;

    add_step(receiver, RECV, endpoint, 0, 0, 0, 0, 0);
    add_step(receiver, RECV, endpoint, 0, 0, 0, 0, 0);
    start_script(receiver);
    settle();
    seL4_SetMR(0, 0x61);
    seL4_Send(endpoint, seL4_MessageInfo_new(1, 0, 0, 1));
    settle();
    CHECK_EQUAL(receiver->outcomes[0].mr[0], 0x61);
    seL4_SetMR(0, 0x62);
    seL4_NBSend(endpoint, seL4_MessageInfo_new(2, 0, 0, 1));
    settle();
    CHECK_EQUAL(receiver->outcomes[1].mr[0], 0x62);
    seL4_Signal(new_minted(notification, WRITE, 0x63));
    seL4_Wait(notification, &badge);
    CHECK_EQUAL(badge, 0x63);
    seL4_Poll(notification, &badge);
    CHECK_EQUAL(badge, 0);
    seL4_Yield();
}

static void receives(void)
{
    word endpoint = new_endpoint();
    struct worker *client = new_worker(HIGH);
    word badge;
    seL4_MessageInfo_t info;

    add_message(client, CALL, new_minted(endpoint, ALL_RIGHTS, 0x41), 6, 4);
    add_message(client, CALL, new_minted(endpoint, ALL_RIGHTS, 0x42), 7, 4);
    start_script(client);
    settle();
    info = seL4_Recv(endpoint, &badge);
    CHECK_EQUAL(badge, 0x41);
    CHECK_EQUAL(seL4_MessageInfo_get_label(info), 6);
    CHECK_EQUAL(seL4_GetMR(3), 0x4444);
    seL4_SetMR(0, 0x51);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
    settle();
    CHECK_EQUAL(client->outcomes[0].mr[0], 0x51);
    info = seL4_NBRecv(endpoint, &badge);
    CHECK_EQUAL(badge, 0x42);
    CHECK_EQUAL(seL4_MessageInfo_get_label(info), 7);
    seL4_SetMR(0, 0x52);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
    settle();
    CHECK_EQUAL(client->completed, 2);
    CHECK_EQUAL(client->outcomes[1].mr[0], 0x52);
}

static void faults(void)
{
    word faults_endpoint = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = HIGH, .fault_endpoint = faults_endpoint});
    word badge;
    seL4_MessageInfo_t info;
    seL4_Fault_t fault;

    start_at(worker, (const void *)TEST_ADDRESS, 0);
    settle();
    info = seL4_Recv(faults_endpoint, &badge);
    CHECK_EQUAL(seL4_MessageInfo_get_label(info), seL4_Fault_VMFault);
    fault = seL4_getFault(info);
    CHECK_EQUAL(seL4_Fault_get_seL4_FaultType(fault), seL4_Fault_VMFault);
    CHECK_EQUAL(seL4_Fault_VMFault_get_IP(fault), TEST_ADDRESS);
    CHECK_EQUAL(seL4_Fault_VMFault_get_Addr(fault), TEST_ADDRESS);
}

static void debug(void)
{
    need_debug_calls();
    CHECK_EQUAL(seL4_DebugCapIdentify(seL4_CapInitThreadTCB), TAG_TCB);
#ifdef CONFIG_ENABLE_SMP_SUPPORT
    CHECK_EQUAL(seL4_DebugGetThreadAffinity(seL4_CapInitThreadTCB), 0);
#endif
    seL4_DebugNameThread(seL4_CapInitThreadTCB, "conformance");
    CHECK_EQUAL((word)seL4_GetIPCBuffer(), (word)boot_info->ipcBuffer);
}

static const struct test tests[] = {
    {"library-numbers", "libsel4's numbers are the contract's", numbers},
    {"library-cnode", "untyped and CNode functions", untyped_and_cnode},
    {"library-errors", "error details in the IPC buffer", error_details},
    {"library-tcb", "TCB and domain functions", threads},
    {"library-memory", "frame, table and ASID functions", memory},
    {"library-devices", "IRQ and port functions", devices},
    {"library-call", "Call and CallWithMRs", calls},
    {"library-send", "Send, NBSend, Signal, Wait, Poll, Yield", sends},
    {"library-receive", "Recv, NBRecv, Reply", receives},
    {"library-fault", "fault messages as values", faults},
    {"library-debug", "debug functions and the IPC buffer", debug},
};

SUBJECT(library, tests);
