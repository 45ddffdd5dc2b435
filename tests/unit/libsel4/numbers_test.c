/*
 * Numbers and layouts, written down here a second time from the ABI's tables, so that a slip in one
 * place shows.
 */
#include "suites.h"

#include <sel4/sel4.h>
#include <stddef.h>

START_TEST(syscall_numbers)
{
    ck_assert_int_eq(seL4_SysCall, -1);
    ck_assert_int_eq(seL4_SysReplyRecv, -2);
    ck_assert_int_eq(seL4_SysSend, -3);
    ck_assert_int_eq(seL4_SysNBSend, -4);
    ck_assert_int_eq(seL4_SysRecv, -5);
    ck_assert_int_eq(seL4_SysReply, -6);
    ck_assert_int_eq(seL4_SysYield, -7);
    ck_assert_int_eq(seL4_SysNBRecv, -8);
    ck_assert_int_eq(seL4_SysDebugPutChar, -9);
    ck_assert_int_eq(seL4_SysDebugDumpScheduler, -10);
    ck_assert_int_eq(seL4_SysDebugHalt, -11);
    ck_assert_int_eq(seL4_SysDebugCapIdentify, -12);
    ck_assert_int_eq(seL4_SysDebugSnapshot, -13);
    ck_assert_int_eq(seL4_SysDebugNameThread, -14);
    ck_assert_int_eq(seL4_SysDebugSendIPI, -15);
    ck_assert_int_eq(seL4_SysDebugGetThreadAffinity, -16);
    ck_assert_int_eq(seL4_SysSetTLSBase, -30);
}
END_TEST

START_TEST(object_types)
{
    ck_assert_int_eq(seL4_UntypedObject, 0);
    ck_assert_int_eq(seL4_TCBObject, 1);
    ck_assert_int_eq(seL4_EndpointObject, 2);
    ck_assert_int_eq(seL4_NotificationObject, 3);
    ck_assert_int_eq(seL4_CapTableObject, 4);
    ck_assert_int_eq(seL4_NonArchObjectTypeCount, 5);
    ck_assert_int_eq(seL4_X86_PDPTObject, 5);
    ck_assert_int_eq(seL4_X64_PML4Object, 6);
    ck_assert_int_eq(seL4_X64_HugePageObject, 7);
    ck_assert_int_eq(seL4_X86_4K, 8);
    ck_assert_int_eq(seL4_X86_LargePageObject, 9);
    ck_assert_int_eq(seL4_X86_PageTableObject, 10);
    ck_assert_int_eq(seL4_X86_PageDirectoryObject, 11);
    ck_assert_int_eq(seL4_ObjectTypeCount, 12);
}
END_TEST

START_TEST(error_and_fault_numbers)
{
    ck_assert_int_eq(seL4_NoError, 0);
    ck_assert_int_eq(seL4_InvalidArgument, 1);
    ck_assert_int_eq(seL4_InvalidCapability, 2);
    ck_assert_int_eq(seL4_IllegalOperation, 3);
    ck_assert_int_eq(seL4_RangeError, 4);
    ck_assert_int_eq(seL4_AlignmentError, 5);
    ck_assert_int_eq(seL4_FailedLookup, 6);
    ck_assert_int_eq(seL4_TruncatedMessage, 7);
    ck_assert_int_eq(seL4_DeleteFirst, 8);
    ck_assert_int_eq(seL4_RevokeFirst, 9);
    ck_assert_int_eq(seL4_NotEnoughMemory, 10);
    ck_assert_int_eq(seL4_NumErrors, 11);
    ck_assert_int_eq(seL4_GuardMismatch, 4);
    ck_assert_int_eq(seL4_Fault_CapFault, 1);
    ck_assert_int_eq(seL4_Fault_UnknownSyscall, 2);
    ck_assert_int_eq(seL4_Fault_UserException, 3);
    ck_assert_int_eq(seL4_Fault_VMFault, 5);
}
END_TEST

START_TEST(labels)
{
    ck_assert_int_eq(UntypedRetype, 1);
    ck_assert_int_eq(TCBSetAffinity, 15);
    ck_assert_int_eq(TCBSetFlags, 17);
    ck_assert_int_eq(CNodeRevoke, 18);
    ck_assert_int_eq(CNodeSaveCaller, 26);
    ck_assert_int_eq(IRQClearIRQHandler, 30);
    ck_assert_int_eq(DomainSetSet, 31);
    ck_assert_int_eq(X86PDPTMap, 34);
    ck_assert_int_eq(X86PageGetAddress, 42);
    ck_assert_int_eq(X86IOPortOut32, 51);
    ck_assert_int_eq(X86IRQIssueIRQHandlerMSI, 53);
    ck_assert_int_eq(nArchInvocationLabels, 54);
    ck_assert_int_eq(CMKIPIControlSendIPI, 0x1000);
    ck_assert_int_eq(CMKNodeControlExit, 0x1010);
    ck_assert_int_eq(CMKNodeControlCount, 0x1013);
    ck_assert_int_eq(CMKNodeControlMessage, 0x1014);
}
END_TEST

START_TEST(sizes)
{
    ck_assert_int_eq(seL4_TCBBits, 11);
    ck_assert_int_eq(seL4_EndpointBits, 4);
    ck_assert_int_eq(seL4_NotificationBits, 5);
    ck_assert_int_eq(seL4_SlotBits, 5);
    ck_assert_int_eq(seL4_PageBits, 12);
    ck_assert_int_eq(seL4_LargePageBits, 21);
    ck_assert_int_eq(seL4_HugePageBits, 30);
    ck_assert_int_eq(seL4_MinUntypedBits, 4);
    ck_assert_int_eq(seL4_MaxUntypedBits, 47);
    ck_assert_int_eq(seL4_MsgMaxLength, 120);
    ck_assert_int_eq(seL4_MsgMaxExtraCaps, 3);
    ck_assert_int_eq(seL4_MaxPrio, 255);
    ck_assert_uint_eq(seL4_UserTop, 0x00007ffffffff000);
}
END_TEST

START_TEST(layouts)
{
    ck_assert_uint_eq(sizeof(seL4_BootInfo), 3848);
    ck_assert_uint_eq(offsetof(seL4_BootInfo, empty), 40);
    ck_assert_uint_eq(offsetof(seL4_BootInfo, initThreadCNodeSizeBits), 136);
    ck_assert_uint_eq(offsetof(seL4_BootInfo, untypedList), 168);
    ck_assert_uint_eq(sizeof(seL4_IPCBuffer), 1024);
    ck_assert_uint_eq(_Alignof(seL4_IPCBuffer), 1024);
    ck_assert_uint_eq(offsetof(seL4_IPCBuffer, msg), 8);
    ck_assert_uint_eq(offsetof(seL4_IPCBuffer, userData), 968);
    ck_assert_uint_eq(offsetof(seL4_IPCBuffer, caps_or_badges), 976);
    ck_assert_uint_eq(offsetof(seL4_IPCBuffer, receiveDepth), 1016);
    ck_assert_uint_eq(sizeof(seL4_UserContext), 160);
    ck_assert_uint_eq(offsetof(seL4_UserContext, rax), 24);
    ck_assert_uint_eq(offsetof(seL4_UserContext, rdi), 64);
    ck_assert_uint_eq(offsetof(seL4_UserContext, gs_base), 152);
}
END_TEST

START_TEST(enumerations_are_words)
{
    ck_assert_uint_eq(sizeof(seL4_Error), 8);
    ck_assert_uint_eq(sizeof(seL4_LookupFailureType), 8);
    ck_assert_uint_eq(sizeof(seL4_Syscall_ID), 8);
    ck_assert_uint_eq(sizeof(seL4_X86_VMAttributes), 8);
}
END_TEST

START_TEST(initial_slots)
{
    ck_assert_int_eq(seL4_CapInitThreadTCB, 1);
    ck_assert_int_eq(seL4_CapInitThreadCNode, 2);
    ck_assert_int_eq(seL4_CapInitThreadVSpace, 3);
    ck_assert_int_eq(seL4_CapInitThreadASIDPool, 6);
    ck_assert_int_eq(seL4_CapIOPortControl, 7);
    ck_assert_int_eq(seL4_CapBootInfoFrame, 9);
    ck_assert_int_eq(seL4_CapInitThreadIPCBuffer, 10);
    ck_assert_int_eq(seL4_CapDomain, 11);
    ck_assert_int_eq(seL4_NumInitialCaps, 16);
}
END_TEST

Suite *numbers_suite(void)
{
    const TTest *const tests[] = {
        syscall_numbers, object_types, error_and_fault_numbers, labels,
        sizes,           layouts,      enumerations_are_words,  initial_slots,
    };
    return SUITE_OF("numbers", tests);
}
