/* TCB methods (contract 4.5, 8.3). */
#include "world.h"
#include <x86/capability.h>
#include <string.h>

static struct tcb *self, *target;
static unsigned self_slot, target_slot;

enum { FRAME = FREE, DEVICE_FRAME, VSPACE };

static void setup(void)
{
    world_start(1);
    self = new_running_thread(20, 0);
    target = new_thread(10, 0);
    self_slot = slot_of(self);
    target_slot = slot_of(target);
    insert_root(frame_capability(0x1000, FRAME_SMALL, RIGHT_READ | RIGHT_WRITE, false),
                &root[FRAME]);
    insert_root(paging_capability(CAP_PML4, new_object(12)), &root[VSPACE]);
}

static word_t call(word_t label, unsigned length, const word_t *words, unsigned extra_count,
                   const unsigned *extra)
{
    return invoke(self, target_slot, label, length, words, extra_count, extra);
}

START_TEST(a_new_thread_is_as_it_should_be)
{
    struct tcb *thread = new_thread(0, 0);
    ASSERT_STATE(thread, THREAD_INACTIVE);
    ck_assert_uint_eq(thread->time_slice, ABI_TIME_SLICE_TICKS);
    ck_assert_uint_eq(thread->context.rflags, 0x202);
    ck_assert_str_eq(target->name, "child of: 'child of: 'boot''");
    char name[2000];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    thread_set_name(thread, name);
    ck_assert_uint_eq(strlen(thread->name), TCB_NAME_BYTES - 1);

    /* A creator's long name is cut in its children's. */
    thread_set_name(self, name);
    this_cpu->current = self;
    ck_assert_str_eq(new_thread(0, 0)->name, "child of: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'");
}
END_TEST

START_TEST(read_registers)
{
    target->context.rsp = 0x1111, target->context.gs_base = 0x2222;
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(0, 20), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(info(self), make_info(0, 0, 20));
    ck_assert_uint_eq(mr(self, 0), START_ADDRESS);
    ck_assert_uint_eq(mr(self, 1), 0x1111);
    ck_assert_uint_eq(mr(self, 19), 0x2222);
    self->ipc_buffer = 0;
    set_mr(self, 0, 0), set_mr(self, 1, 20);
    make_syscall(self, SYS_Call, target_slot, make_info(LABEL_TCBReadRegisters, 0, 2));
    ck_assert_uint_eq(info(self), make_info(0, 0, 4));
}
END_TEST

START_TEST(read_registers_refusals)
{
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(0), NO_CAPS), ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(0, 0), NO_CAPS), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(mr(self, 1), 20);
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(0, 21), NO_CAPS), ERROR_RANGE);
    ck_assert_uint_eq(invoke(self, self_slot, LABEL_TCBReadRegisters, WORDS(0, 1), NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(write_registers_sanitises_and_resumes)
{
    target->context.vector = ENTERED_BY_SYSCALL;
    ck_assert_uint_eq(call(LABEL_TCBWriteRegisters,
                           WORDS(1, 20, 0x600000, 0x7000, ~0ull, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                 12, 13, 14, 15, 0x800000000000, 0x123),
                           NO_CAPS),
                      ERROR_NONE);
    const struct user_context *context = &target->context;
    ck_assert_uint_eq(context->restart_ip, 0x600000);
    ck_assert_uint_eq(context->rip, 0x600000);
    ck_assert_uint_eq(context->rsp, 0x7000);
    ck_assert_uint_eq(context->rflags, 0xed7);
    ck_assert_uint_eq(context->r15, 15);
    ck_assert_uint_eq(context->fs_base, 0);
    ck_assert_uint_eq(context->gs_base, 0x123);
    ck_assert_uint_ne(context->vector, ENTERED_BY_SYSCALL);
    ASSERT_STATE(target, THREAD_RESTART);
}
END_TEST

START_TEST(write_registers_refusals)
{
    ck_assert_uint_eq(call(LABEL_TCBWriteRegisters, WORDS(0), NO_CAPS), ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBWriteRegisters, WORDS(0, 2, 7), NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBWriteRegisters, WORDS(0, ~0ull, 7), NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, self_slot, LABEL_TCBWriteRegisters, WORDS(0, 1, 7), NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(target->context.rip, START_ADDRESS);
}
END_TEST

START_TEST(copy_registers)
{
    struct tcb *source = new_thread(5, 0);
    source->context.restart_ip = 0x900000, source->context.rbx = 77, source->context.fs_base = 0x99;
    ck_assert_uint_eq(call(LABEL_TCBCopyRegisters, WORDS(2 | 4, 0), CAPS(slot_of(source))),
                      ERROR_NONE);
    ck_assert_uint_eq(target->context.rip, 0x900000);
    ck_assert_uint_eq(target->context.rbx, 77);
    ck_assert_uint_eq(target->context.fs_base, 0);
    ASSERT_STATE(target, THREAD_RESTART);
    ck_assert_uint_eq(call(LABEL_TCBCopyRegisters, WORDS(8, 0), CAPS(slot_of(source))), ERROR_NONE);
    ck_assert_uint_eq(target->context.fs_base, 0x99);
    ck_assert_uint_eq(call(LABEL_TCBCopyRegisters, WORDS(0), CAPS(ENDPOINT)),
                      ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(mr(self, 0), 1);
    /* Source and target the caller itself, suspended and resumed on the way: it goes on. */
    ck_assert_uint_eq(invoke(self, self_slot, LABEL_TCBCopyRegisters, WORDS(3), CAPS(self_slot)),
                      ERROR_NONE);
    ck_assert_ptr_eq(running_on(0), self);
}
END_TEST

START_TEST(priorities_are_limited_by_the_authority)
{
    self->maximum_controlled_priority = 30;
    ck_assert_uint_eq(call(LABEL_TCBSetPriority, WORDS(1), NO_CAPS), ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBSetPriority, WORDS(1), CAPS(ENDPOINT)),
                      ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(call(LABEL_TCBSetPriority, WORDS(31), CAPS(self_slot)), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(mr(self, 1), 30);
    ck_assert_uint_eq(call(LABEL_TCBSetPriority, WORDS(256 + 5), CAPS(self_slot)), ERROR_RANGE);
    ck_assert_uint_eq(call(LABEL_TCBSetPriority, WORDS(30), CAPS(self_slot)), ERROR_NONE);
    ck_assert_uint_eq(target->priority, 30);
    ck_assert_uint_eq(call(LABEL_TCBSetMCPriority, WORDS(3), CAPS(self_slot)), ERROR_NONE);
    ck_assert_uint_eq(target->maximum_controlled_priority, 3);
    ck_assert_uint_eq(target->priority, 30);
    ck_assert_uint_eq(call(LABEL_TCBSetSchedParams, WORDS(31, 1), CAPS(self_slot)), ERROR_RANGE);
    ck_assert_uint_eq(call(LABEL_TCBSetSchedParams, WORDS(1, 31), CAPS(self_slot)), ERROR_RANGE);
    ck_assert_uint_eq(target->priority, 30);
    ck_assert_uint_eq(call(LABEL_TCBSetSchedParams, WORDS(6, 7), CAPS(self_slot)), ERROR_NONE);
    ck_assert_uint_eq(target->maximum_controlled_priority, 6);
    ck_assert_uint_eq(target->priority, 7);
}
END_TEST

START_TEST(configure)
{
    unsigned const caps[] = {ROOT, VSPACE, FRAME};
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 0, 0), 3, caps), ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0x2000), CAPS(ROOT, VSPACE)),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0x2008), 3, caps), ERROR_ALIGNMENT);
    ck_assert_uint_eq(
        call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0x2000), CAPS(ROOT, VSPACE, ENDPOINT)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(
        call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0x2000), CAPS(ENDPOINT, VSPACE, FRAME)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0x2000), CAPS(ROOT, ENDPOINT, FRAME)),
                      ERROR_ILLEGAL_OPERATION);
    /* guard */
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 63, 0, 0x2000), 3, caps),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(target->fault_handler, 0);
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 56, 0, 0x2000), 3, caps), ERROR_NONE);
    ck_assert_uint_eq(target->fault_handler, 9);
    ck_assert_uint_eq(target->ipc_buffer, 0x2000);
    ck_assert_int_eq(capability_type(target->slots[TCB_IPC_BUFFER].capability), CAP_FRAME);
    ck_assert_int_eq(capability_type(target->slots[TCB_VSPACE].capability), CAP_PML4);
    ck_assert(is_parent_of(&root[ROOT], &target->slots[TCB_CSPACE]));
    ck_assert_uint_eq(call(LABEL_TCBConfigure, WORDS(9, 0, 0, 0), CAPS(ROOT, VSPACE, ENDPOINT)),
                      ERROR_NONE);
    ck_assert(slot_is_empty(&target->slots[TCB_IPC_BUFFER]));
    ck_assert_uint_eq(target->ipc_buffer, 0);
}
END_TEST

START_TEST(set_space_and_buffer)
{
    ck_assert_uint_eq(call(LABEL_TCBSetSpace, WORDS(1, 0), CAPS(ROOT, VSPACE)),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(call(LABEL_TCBSetSpace, WORDS(1, 0, 0), CAPS(ROOT, VSPACE)), ERROR_NONE);
    ck_assert_uint_eq(target->fault_handler, 1);
    ck_assert_uint_eq(call(LABEL_TCBSetIPCBuffer, WORDS(0x2400), CAPS(ENDPOINT)),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(call(LABEL_TCBSetIPCBuffer, WORDS(0x2410), CAPS(FRAME)), ERROR_ALIGNMENT);
    ck_assert_uint_eq(call(LABEL_TCBSetIPCBuffer, WORDS(0x2400), CAPS(FRAME)), ERROR_NONE);
    ck_assert_uint_eq(target->ipc_buffer, 0x2400);
}
END_TEST

START_TEST(the_last_capability_to_its_cspace_is_not_replaced)
{
    struct slot *cnode = new_object(4 + ABI_SLOT_BITS);
    delete_short(&target->slots[TCB_CSPACE]);
    insert_root(cnode_capability(cnode, 4, 0, 0), &target->slots[TCB_CSPACE]);
    ck_assert_uint_eq(call(LABEL_TCBSetSpace, WORDS(1, 0, 0), CAPS(ROOT, VSPACE)),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(suspend_and_resume)
{
    call(LABEL_TCBResume, NO_WORDS, NO_CAPS);
    ASSERT_STATE(target, THREAD_RESTART);
    make_syscall(self, SYS_Recv, NOTIFICATION, 0); /* target runs */
    make_syscall(target, SYS_Send, NOTIFICATION, 0);
    ASSERT_STATE(target, THREAD_RUNNING); /* after its system call, but preempted */
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(0, 1), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), START_ADDRESS);
    ck_assert_uint_eq(call(LABEL_TCBReadRegisters, WORDS(1, 1), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), START_ADDRESS + 2);
    ASSERT_STATE(target, THREAD_INACTIVE);
    call(LABEL_TCBResume, NO_WORDS, NO_CAPS);
    make_syscall(self, SYS_Recv, NOTIFICATION, 0);
    ck_assert_uint_eq(target->context.rip, START_ADDRESS + 2);
}
END_TEST

START_TEST(self_suspension_repeats_the_invocation)
{
    word_t before = self->context.rip;
    make_syscall(self, SYS_Call, self_slot, make_info(LABEL_TCBSuspend, 0, 0));
    ASSERT_STATE(self, THREAD_INACTIVE);
    ck_assert_ptr_null(running_on(0));
    ck_assert_uint_eq(info(self), make_info(LABEL_TCBSuspend, 0, 0)); /* no answer */
    host_enter(0);
    thread_resume(self);
    leave();
    ck_assert_uint_eq(self->context.rip, before);
}
END_TEST

START_TEST(resume_restarts_a_blocked_thread)
{
    make_syscall(self, SYS_Recv, ENDPOINT, 0);
    host_enter(0);
    thread_resume(self);
    leave();
    ck_assert_ptr_eq(running_on(0), self);
    ck_assert_uint_eq(self->context.rip, START_ADDRESS);
    ck_assert_int_eq(endpoint_state(endpoint), ENDPOINT_IDLE);
}
END_TEST

START_TEST(flags_and_tls_base)
{
    ck_assert_uint_eq(call(LABEL_TCBSetFlags, WORDS(0, 7), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(info(self), make_info(0, 0, 1));
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(call(LABEL_TCBSetFlags, WORDS(1, 0), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(call(LABEL_TCBSetTLSBase, WORDS(0x1234), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(target->context.fs_base, 0x1234);
    ck_assert_uint_eq(call(LABEL_TCBSetTLSBase, WORDS(1ull << 47), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(target->context.fs_base, 0);
    make_syscall(self, SYS_SetTLSBase, 0x5000, 0);
    ck_assert_uint_eq(self->context.fs_base, 0x5000);
    make_syscall(self, SYS_SetTLSBase, 1ull << 47, 0);
    ck_assert_uint_eq(self->context.fs_base, 0x5000);
}
END_TEST

START_TEST(other_labels_are_illegal)
{
    ck_assert_uint_eq(call(LABEL_CNodeCopy, NO_WORDS, NO_CAPS), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(call(LABEL_InvalidInvocation, NO_WORDS, NO_CAPS), ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(call(0xfffffffffffff, NO_WORDS, NO_CAPS), ERROR_ILLEGAL_OPERATION);
}
END_TEST

Suite *tcb_suite(void)
{
    Suite *suite = suite_create("tcb");
    TCase *t = tcase_create("tcb");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, a_new_thread_is_as_it_should_be);
    tcase_add_test(t, read_registers);
    tcase_add_test(t, read_registers_refusals);
    tcase_add_test(t, write_registers_sanitises_and_resumes);
    tcase_add_test(t, write_registers_refusals);
    tcase_add_test(t, copy_registers);
    tcase_add_test(t, priorities_are_limited_by_the_authority);
    tcase_add_test(t, configure);
    tcase_add_test(t, set_space_and_buffer);
    tcase_add_test(t, the_last_capability_to_its_cspace_is_not_replaced);
    tcase_add_test(t, suspend_and_resume);
    tcase_add_test(t, self_suspension_repeats_the_invocation);
    tcase_add_test(t, resume_restarts_a_blocked_thread);
    tcase_add_test(t, flags_and_tls_base);
    tcase_add_test(t, other_labels_are_illegal);
    suite_add_tcase(suite, t);
    return suite;
}
