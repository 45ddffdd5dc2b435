/*
 * Every method and system call as the kernel sees it: number, label, words and capabilities in
 * their places.
 */
#include "pretend_kernel.h"
#include "suites.h"

#include <cmk/cmk.h>

#define SERVICE 0x5e

struct list {
    const seL4_Word *items;
    size_t count;
};

#define LIST(...)                                                                                  \
    ((struct list){(const seL4_Word[]){__VA_ARGS__},                                               \
                   sizeof((const seL4_Word[]){__VA_ARGS__}) / sizeof(seL4_Word)})

/* The answer is success; the message has exactly these words and these extra capabilities. */
static void check_method(void (*call)(void), seL4_Word label, struct list extra, struct list words)
{
    const struct pretend_answer success = {0};
    struct pretend_report seen;
    pretend(call, &success, false, &seen);

    ck_assert_int_eq((long)seen.number, -1);
    ck_assert_uint_eq(seen.rdi, SERVICE);
    ck_assert_uint_eq(seen.info, label << 12 | extra.count << 7 | words.count);
    for (size_t i = 0; i < words.count; i++) {
        seL4_Word word = i < 4 ? seen.mr[i] : seen.buffer.msg[i];
        ck_assert_msg(word == words.items[i], "word %zu is 0x%lx, not 0x%lx", i, word,
                      words.items[i]);
    }
    for (size_t i = words.count; i < 4; i++) {
        ck_assert_uint_eq(seen.mr[i], 0);
    }
    for (size_t i = 0; i < extra.count; i++) {
        ck_assert_uint_eq(seen.buffer.caps_or_badges[i], extra.items[i]);
    }
    ck_assert(seen.returned);
    ck_assert_uint_eq(seen.result[0], seL4_NoError);
}

/* One method called with numbered arguments: a test of its own. */
#define METHOD(name, expression, label, extra, words)                                              \
    static void call_##name(void)                                                                  \
    {                                                                                              \
        pretend_result[0] = (seL4_Word)(expression);                                               \
    }                                                                                              \
    START_TEST(name)                                                                               \
    {                                                                                              \
        check_method(call_##name, label, extra, words);                                            \
    }                                                                                              \
    END_TEST

METHOD(untyped_retype, seL4_Untyped_Retype(SERVICE, 1, 2, 3, 4, 5, 6, 7), 1, LIST(3),
       LIST(1, 2, 4, 5, 6, 7))

METHOD(cnode_revoke, seL4_CNode_Revoke(SERVICE, 1, 64), 18, LIST(), LIST(1, 64))
METHOD(cnode_delete, seL4_CNode_Delete(SERVICE, 1, 255), 19, LIST(), LIST(1, 255))
METHOD(cnode_cancel, seL4_CNode_CancelBadgedSends(SERVICE, 1, 2), 20, LIST(), LIST(1, 2))
METHOD(cnode_copy, seL4_CNode_Copy(SERVICE, 1, 2, 3, 4, 5, seL4_CanWrite), 21, LIST(3),
       LIST(1, 2, 4, 5, 1))
METHOD(cnode_mint, seL4_CNode_Mint(SERVICE, 1, 2, 3, 4, 5, seL4_AllRights, 7), 22, LIST(3),
       LIST(1, 2, 4, 5, 15, 7))
METHOD(cnode_move, seL4_CNode_Move(SERVICE, 1, 2, 3, 4, 5), 23, LIST(3), LIST(1, 2, 4, 5))
METHOD(cnode_mutate, seL4_CNode_Mutate(SERVICE, 1, 2, 3, 4, 5, 6), 24, LIST(3), LIST(1, 2, 4, 5, 6))
METHOD(cnode_rotate, seL4_CNode_Rotate(SERVICE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 25, LIST(4, 8),
       LIST(1, 2, 3, 5, 6, 7, 9, 10))
METHOD(cnode_save_caller, seL4_CNode_SaveCaller(SERVICE, 1, 2), 26, LIST(), LIST(1, 2))

METHOD(tcb_copy_registers, seL4_TCB_CopyRegisters(SERVICE, 1, 1, 0, 1, 0, 3), 4, LIST(1),
       LIST(0x305))
METHOD(tcb_copy_registers_others, seL4_TCB_CopyRegisters(SERVICE, 1, 0, 1, 0, 1, 0), 4, LIST(1),
       LIST(0xa))
METHOD(tcb_configure, seL4_TCB_Configure(SERVICE, 1, 2, 3, 4, 5, 6, 7), 5, LIST(2, 4, 7),
       LIST(1, 3, 5, 6))
METHOD(tcb_set_priority, seL4_TCB_SetPriority(SERVICE, 1, 2), 6, LIST(1), LIST(2))
METHOD(tcb_set_mc_priority, seL4_TCB_SetMCPriority(SERVICE, 1, 2), 7, LIST(1), LIST(2))
METHOD(tcb_set_sched_params, seL4_TCB_SetSchedParams(SERVICE, 1, 2, 3), 8, LIST(1), LIST(2, 3))
METHOD(tcb_set_ipc_buffer, seL4_TCB_SetIPCBuffer(SERVICE, 1, 2), 9, LIST(2), LIST(1))
METHOD(tcb_set_space, seL4_TCB_SetSpace(SERVICE, 1, 2, 3, 4, 5), 10, LIST(2, 4), LIST(1, 3, 5))
METHOD(tcb_suspend, seL4_TCB_Suspend(SERVICE), 11, LIST(), LIST())
METHOD(tcb_resume, seL4_TCB_Resume(SERVICE), 12, LIST(), LIST())
METHOD(tcb_bind, seL4_TCB_BindNotification(SERVICE, 1), 13, LIST(1), LIST())
METHOD(tcb_unbind, seL4_TCB_UnbindNotification(SERVICE), 14, LIST(), LIST())
METHOD(tcb_set_affinity, seL4_TCB_SetAffinity(SERVICE, 1), 15, LIST(), LIST(1))
METHOD(tcb_set_tls_base, seL4_TCB_SetTLSBase(SERVICE, 1), 16, LIST(), LIST(1))
METHOD(tcb_set_flags, seL4_TCB_SetFlags(SERVICE, 1, 2).error, 17, LIST(), LIST(1, 2))

METHOD(irq_get, seL4_IRQControl_Get(SERVICE, 1, 2, 3, 4), 27, LIST(2), LIST(1, 3, 4))
METHOD(irq_get_ioapic, seL4_IRQControl_GetIOAPIC(SERVICE, 1, 2, 3, 4, 5, 6, 7, 8), 52, LIST(1),
       LIST(2, 3, 4, 5, 6, 7, 8))
METHOD(irq_get_msi, seL4_IRQControl_GetMSI(SERVICE, 1, 2, 3, 4, 5, 6, 7, 8), 53, LIST(1),
       LIST(2, 3, 4, 5, 6, 7, 8))
METHOD(irq_ack, seL4_IRQHandler_Ack(SERVICE), 28, LIST(), LIST())
METHOD(irq_set_notification, seL4_IRQHandler_SetNotification(SERVICE, 1), 29, LIST(1), LIST())
METHOD(irq_clear, seL4_IRQHandler_Clear(SERVICE), 30, LIST(), LIST())

METHOD(domain_set, seL4_DomainSet_Set(SERVICE, 1, 2), 31, LIST(2), LIST(1))
METHOD(domain_configure, seL4_DomainSet_ScheduleConfigure(SERVICE, 1, 2, 3), 32, LIST(),
       LIST(1, 2, 3))
METHOD(domain_start, seL4_DomainSet_ScheduleSetStart(SERVICE, 1), 33, LIST(), LIST(1))

METHOD(pdpt_map, seL4_X86_PDPT_Map(SERVICE, 1, 2, 3), 34, LIST(1), LIST(2, 3))
METHOD(pdpt_unmap, seL4_X86_PDPT_Unmap(SERVICE), 35, LIST(), LIST())
METHOD(directory_map, seL4_X86_PageDirectory_Map(SERVICE, 1, 2, 3), 36, LIST(1), LIST(2, 3))
METHOD(directory_unmap, seL4_X86_PageDirectory_Unmap(SERVICE), 37, LIST(), LIST())
METHOD(table_map, seL4_X86_PageTable_Map(SERVICE, 1, 2, 3), 38, LIST(1), LIST(2, 3))
METHOD(table_unmap, seL4_X86_PageTable_Unmap(SERVICE), 39, LIST(), LIST())
METHOD(page_map, seL4_X86_Page_Map(SERVICE, 1, 2, seL4_CanRead, 4), 40, LIST(1), LIST(2, 2, 4))
METHOD(page_unmap, seL4_X86_Page_Unmap(SERVICE), 41, LIST(), LIST())
METHOD(page_get_address, seL4_X86_Page_GetAddress(SERVICE).error, 42, LIST(), LIST())
METHOD(asid_make_pool, seL4_X86_ASIDControl_MakePool(SERVICE, 1, 2, 3, 4), 43, LIST(1, 2),
       LIST(3, 4))
METHOD(asid_assign, seL4_X86_ASIDPool_Assign(SERVICE, 1), 44, LIST(1), LIST())

METHOD(port_issue, seL4_X86_IOPortControl_Issue(SERVICE, 1, 2, 3, 4, 5), 45, LIST(3),
       LIST(1, 2, 4, 5))
METHOD(port_in8, seL4_X86_IOPort_In8(SERVICE, 1).error, 46, LIST(), LIST(1))
METHOD(port_in16, seL4_X86_IOPort_In16(SERVICE, 1).error, 47, LIST(), LIST(1))
METHOD(port_in32, seL4_X86_IOPort_In32(SERVICE, 1).error, 48, LIST(), LIST(1))
METHOD(port_out8, seL4_X86_IOPort_Out8(SERVICE, 1, 2), 49, LIST(), LIST(1, 2))
METHOD(port_out16, seL4_X86_IOPort_Out16(SERVICE, 1, 2), 50, LIST(), LIST(1, 2))
METHOD(port_out32, seL4_X86_IOPort_Out32(SERVICE, 1, 2), 51, LIST(), LIST(1, 2))

METHOD(cmk_send_ipi, cmk_IPIControl_SendIPI(SERVICE, 1, 2, 3, 4, 5), 0x1000, LIST(3),
       LIST(1, 2, 4, 5))
METHOD(cmk_get_handler, cmk_IPIControl_GetHandler(SERVICE, 1, 2, 3, 4), 0x1001, LIST(2),
       LIST(1, 3, 4))
METHOD(cmk_exit, cmk_NodeControl_Exit(SERVICE, 1), 0x1010, LIST(), LIST(1))
METHOD(cmk_write_nothing, cmk_NodeControl_Write(SERVICE, "", 0), 0x1011, LIST(), LIST(0))
METHOD(cmk_write, cmk_NodeControl_Write(SERVICE, "abcdefghABCDEFGH01234567xyz", 27), 0x1011, LIST(),
       LIST(27, 0x6867666564636261, 0x4847464544434241, 0x3736353433323130, 0x7a7978))

static const seL4_UserContext numbered = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

METHOD(tcb_write_registers,
       seL4_TCB_WriteRegisters(SERVICE, 1, 2, 20, (seL4_UserContext *)&numbered), 3, LIST(),
       LIST(0x201, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20))

/* No more than asked for is read or sent. */
METHOD(tcb_write_three_registers,
       seL4_TCB_WriteRegisters(SERVICE, 1, 2, 3, (seL4_UserContext *)&numbered), 3, LIST(),
       LIST(0x201, 3, 1, 2, 3))
METHOD(tcb_write_no_registers,
       seL4_TCB_WriteRegisters(SERVICE, 1, 2, 0, (seL4_UserContext *)&numbered), 3, LIST(),
       LIST(0x201, 0))

static void call_read_registers(void)
{
    seL4_UserContext context = {.r8 = 88, .gs_base = 99};
    pretend_result[0] = seL4_TCB_ReadRegisters(SERVICE, 1, 0, 6, &context);
    pretend_result[1] =
        context.rip == 11 && context.rsp == 12 && context.rflags == 13 && context.rax == 14;
    pretend_result[2] = context.rbx == 15 && context.rcx == 16;
    pretend_result[3] = context.rdx == 0 && context.r8 == 88 && context.gs_base == 99;
}

START_TEST(tcb_read_registers)
{
    const struct pretend_answer answer = {.info = 6, .mr = {11, 12, 13, 14}, .more = {15, 16}};
    struct pretend_report seen;
    pretend(call_read_registers, &answer, false, &seen);
    ck_assert_uint_eq(seen.info, 2 << 12 | 2);
    ck_assert(seen.mr[0] == 1 && seen.mr[1] == 6);
    ck_assert(seen.returned && seen.result[0] == 0);
    ck_assert(seen.result[1] == 1 && seen.result[2] == 1 && seen.result[3] == 1);
}
END_TEST

static void call_that_fails(void)
{
    pretend_result[0] = seL4_CNode_Delete(SERVICE, 1, 64);
}

START_TEST(an_error_explains_itself_in_the_buffer)
{
    const struct pretend_answer answer = {.info = seL4_FailedLookup << 12 | 4,
                                          .mr = {1, 4, 60, 0xabc}};
    struct pretend_report seen;
    pretend(call_that_fails, &answer, false, &seen);
    ck_assert(seen.returned);
    ck_assert_uint_eq(seen.result[0], seL4_FailedLookup);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(seen.buffer_after.msg[i], answer.mr[i]);
    }
}
END_TEST

START_TEST(an_error_without_a_buffer)
{
    const struct pretend_answer answer = {.info = seL4_RangeError << 12 | 2, .mr = {1, 64}};
    struct pretend_report seen;
    pretend(call_that_fails, &answer, true, &seen);
    ck_assert(seen.returned);
    ck_assert_uint_eq(seen.result[0], seL4_RangeError);
}
END_TEST

START_TEST(success_leaves_the_buffer_alone)
{
    const struct pretend_answer answer = {.mr = {1, 2, 3, 4}};
    struct pretend_report seen;
    pretend(call_that_fails, &answer, false, &seen);
    ck_assert(seen.returned && seen.result[0] == seL4_NoError);
    ck_assert_uint_eq(seen.buffer_after.msg[0], 0xeeeeeeeeeeeeeeee);
}
END_TEST

static void call_with_results(void)
{
    seL4_X86_IOPort_In16_t in = seL4_X86_IOPort_In16(SERVICE, 0xcf8);
    pretend_result[0] = (seL4_Word)in.error;
    pretend_result[1] = in.result;
}

START_TEST(a_method_with_a_result)
{
    const struct pretend_answer answer = {.info = 1, .mr = {0xbeef}};
    struct pretend_report seen;
    pretend(call_with_results, &answer, false, &seen);
    ck_assert(seen.returned && seen.result[0] == 0);
    ck_assert_uint_eq(seen.result[1], 0xbeef);
}
END_TEST

Suite *stubs_suite(void)
{
    const TTest *const tests[] = {
        untyped_retype,
        cnode_revoke,
        cnode_delete,
        cnode_cancel,
        cnode_copy,
        cnode_mint,
        cnode_move,
        cnode_mutate,
        cnode_rotate,
        cnode_save_caller,
        tcb_copy_registers,
        tcb_copy_registers_others,
        tcb_configure,
        tcb_set_priority,
        tcb_set_mc_priority,
        tcb_set_sched_params,
        tcb_set_ipc_buffer,
        tcb_set_space,
        tcb_suspend,
        tcb_resume,
        tcb_bind,
        tcb_unbind,
        tcb_set_affinity,
        tcb_set_tls_base,
        tcb_set_flags,
        irq_get,
        irq_get_ioapic,
        irq_get_msi,
        irq_ack,
        irq_set_notification,
        irq_clear,
        domain_set,
        domain_configure,
        domain_start,
        pdpt_map,
        pdpt_unmap,
        directory_map,
        directory_unmap,
        table_map,
        table_unmap,
        page_map,
        page_unmap,
        page_get_address,
        asid_make_pool,
        asid_assign,
        port_issue,
        port_in8,
        port_in16,
        port_in32,
        port_out8,
        port_out16,
        port_out32,
        cmk_send_ipi,
        cmk_get_handler,
        cmk_exit,
        cmk_write_nothing,
        cmk_write,
        tcb_write_registers,
        tcb_write_three_registers,
        tcb_write_no_registers,
        tcb_read_registers,
        an_error_explains_itself_in_the_buffer,
        an_error_without_a_buffer,
        success_leaves_the_buffer_alone,
        a_method_with_a_result,
    };
    return SUITE_OF("stubs", tests);
}
