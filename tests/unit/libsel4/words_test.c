/* Words with fields, faults, and the functions that only touch the IPC buffer. */
#include "suites.h"

#include <sel4/sel4.h>
#include <stdbool.h>

static seL4_IPCBuffer buffer;

START_TEST(message_info)
{
    seL4_MessageInfo_t info = seL4_MessageInfo_new(0xfedcba987654, 5, 2, 120);
    ck_assert_uint_eq(info.words[0], 0xfedcba987654ul << 12 | 5 << 9 | 2 << 7 | 120);
    ck_assert_uint_eq(seL4_MessageInfo_get_label(info), 0xfedcba987654);
    ck_assert_uint_eq(seL4_MessageInfo_get_capsUnwrapped(info), 5);
    ck_assert_uint_eq(seL4_MessageInfo_get_extraCaps(info), 2);
    ck_assert_uint_eq(seL4_MessageInfo_get_length(info), 120);
}
END_TEST

START_TEST(message_info_fields_do_not_leak)
{
    seL4_MessageInfo_t info = seL4_MessageInfo_new(0, 0, 0, 0x80);
    ck_assert_uint_eq(info.words[0], 0);
    info = seL4_MessageInfo_set_length(seL4_MessageInfo_new(~0ul, 7, 3, 127), 1);
    ck_assert_uint_eq(info.words[0], ~0ul << 7 | 1);
    seL4_MessageInfo_ptr_set_label(&info, 1);
    ck_assert_uint_eq(info.words[0], 1 << 12 | 7 << 9 | 3 << 7 | 1);
    ck_assert_uint_eq(seL4_MessageInfo_ptr_get_label(&info), 1);
}
END_TEST

START_TEST(rights)
{
    ck_assert_uint_eq(seL4_CapRights_new(0, 0, 0, 1).words[0], 1);
    ck_assert_uint_eq(seL4_CapRights_new(0, 0, 1, 0).words[0], 2);
    ck_assert_uint_eq(seL4_CapRights_new(0, 1, 0, 0).words[0], 4);
    ck_assert_uint_eq(seL4_CapRights_new(1, 0, 0, 0).words[0], 8);
    ck_assert_uint_eq(seL4_AllRights.words[0], 15);
    ck_assert_uint_eq(seL4_ReadWrite.words[0], 3);
    ck_assert_uint_eq(seL4_NoWrite.words[0], 14);
    ck_assert_uint_eq(seL4_NoRead.words[0], 13);
    ck_assert_uint_eq(seL4_CapRights_get_capAllowGrant(seL4_CanGrant), 1);
    ck_assert_uint_eq(seL4_CapRights_set_capAllowRead(seL4_NoRights, 1).words[0], 2);
}
END_TEST

START_TEST(cnode_data)
{
    seL4_CNode_CapData_t data = seL4_CNode_CapData_new(0x123456789abcdef, 51);
    ck_assert_uint_eq(data.words[0], 0x123456789abcdeful << 6 | 51);
    ck_assert_uint_eq(seL4_CNode_CapData_get_guard(data), 0x123456789abcdef);
    ck_assert_uint_eq(seL4_CNode_CapData_get_guardSize(data), 51);
    ck_assert_uint_eq(seL4_CNode_CapData_new(~0ul, 64).words[0], ~0ul << 6);
}
END_TEST

static void number_message_registers(void)
{
    seL4_SetIPCBuffer(&buffer);
    for (int i = 0; i < seL4_MsgMaxLength; i++) {
        seL4_SetMR(i, 100 + (seL4_Word)i);
    }
}

START_TEST(ipc_buffer_access)
{
    number_message_registers();
    ck_assert_uint_eq(buffer.msg[0], 100);
    ck_assert_uint_eq(seL4_GetMR(119), 219);
    seL4_SetCap(2, 77);
    ck_assert_uint_eq(seL4_GetCap(2), 77);
    ck_assert_uint_eq(seL4_GetBadge(2), 77);
    seL4_SetUserData(5);
    ck_assert_uint_eq(seL4_GetUserData(), 5);
    ck_assert_uint_eq(buffer.msg[119], 219);

    seL4_CPtr cnode;
    seL4_CPtr index;
    seL4_Word depth;
    seL4_SetCapReceivePath(1, 2, 3);
    seL4_GetCapReceivePath(&cnode, &index, &depth);
    ck_assert(cnode == 1 && index == 2 && depth == 3);
    ck_assert(buffer.receiveCNode == 1 && buffer.receiveIndex == 2 && buffer.receiveDepth == 3);
}
END_TEST

START_TEST(faults)
{
    number_message_registers();
    seL4_Fault_t fault = seL4_getFault(seL4_MessageInfo_new(seL4_Fault_VMFault, 0, 0, 4));
    ck_assert_uint_eq(seL4_Fault_get_seL4_FaultType(fault), seL4_Fault_VMFault);
    ck_assert_uint_eq(seL4_Fault_VMFault_get_IP(fault), 100);
    ck_assert_uint_eq(seL4_Fault_VMFault_get_Addr(fault), 101);
    ck_assert_uint_eq(seL4_Fault_VMFault_get_PrefetchFault(fault), 102);
    ck_assert_uint_eq(seL4_Fault_VMFault_get_FSR(fault), 103);

    fault = seL4_getFault(seL4_MessageInfo_new(seL4_Fault_CapFault, 0, 0, 7));
    ck_assert_uint_eq(seL4_Fault_CapFault_get_IP(fault), 100);
    ck_assert_uint_eq(seL4_Fault_CapFault_get_Addr(fault), 101);
    ck_assert_uint_eq(seL4_Fault_CapFault_get_InRecvPhase(fault), 102);
    ck_assert_uint_eq(seL4_Fault_CapFault_get_LookupFailureType(fault), 103);
    ck_assert_uint_eq(seL4_Fault_CapFault_get_MR6(fault), 106);

    fault = seL4_getFault(seL4_MessageInfo_new(seL4_Fault_UnknownSyscall, 0, 0, 19));
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_RAX(fault), 100);
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_RBP(fault), 106);
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_R15(fault), 114);
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_FaultIP(fault), 115);
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_RSP(fault), 116);
    ck_assert_uint_eq(seL4_Fault_UnknownSyscall_get_Syscall(fault), 118);

    fault = seL4_getFault(seL4_MessageInfo_new(seL4_Fault_UserException, 0, 0, 5));
    ck_assert_uint_eq(seL4_Fault_UserException_get_FaultIP(fault), 100);
    ck_assert_uint_eq(seL4_Fault_UserException_get_Number(fault), 103);
    ck_assert_uint_eq(seL4_Fault_UserException_get_Code(fault), 104);
    ck_assert_uint_eq(
        seL4_Fault_UserException_get_Code(seL4_Fault_UserException_new(1, 2, 3, 4, 5)), 5);
}
END_TEST

START_TEST(messages_that_are_no_faults)
{
    number_message_registers();
    for (seL4_Word label = 0; label < 64; label++) {
        seL4_MessageInfo_t tag = seL4_MessageInfo_new(label, 0, 0, 4);
        bool is_fault = label == 1 || label == 2 || label == 3 || label == 5;
        ck_assert_uint_eq(seL4_Fault_get_seL4_FaultType(seL4_getFault(tag)), is_fault ? label : 0);
        ck_assert_int_eq(seL4_isVMFault_tag(tag), label == 5);
        ck_assert_int_eq(seL4_isCapFault_tag(tag), label == 1);
    }
}
END_TEST

Suite *words_suite(void)
{
    const TTest *const tests[] = {
        message_info, message_info_fields_do_not_leak, rights, cnode_data, ipc_buffer_access,
        faults,       messages_that_are_no_faults,
    };
    return SUITE_OF("words", tests);
}
