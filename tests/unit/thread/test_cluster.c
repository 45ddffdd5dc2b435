/* IRQs, CMK's capabilities, domains, debug system calls. */
#include "world.h"
#include <arch/timer.h>
#include <api/cluster.h>
#include <kernel/entry.h>
#include <kernel/irq.h>
#include <string.h>

static struct tcb *self, *waiter;

enum { IPI_CONTROL = FREE, NODE_CONTROL, IRQ_CONTROL, DOMAIN, NEW, SIGNAL };

static void setup(void)
{
    world_start(1);
    self = new_running_thread(10, 0);
    waiter = new_running_thread(20, 0);
    insert_root(capability_make(CAP_IPI_CONTROL, 0, 0), &root[IPI_CONTROL]);
    insert_root(capability_make(CAP_NODE_CONTROL, 0, 0), &root[NODE_CONTROL]);
    insert_root(capability_make(CAP_IRQ_CONTROL, 0, 0), &root[IRQ_CONTROL]);
    insert_root(capability_make(CAP_DOMAIN, 0, 0), &root[DOMAIN]);
    mint(SIGNAL, NOTIFICATION, RIGHTS_ALL, 0x40);
    make_syscall(waiter, SYS_Recv, NOTIFICATION, 0);
    ck_assert_ptr_eq(running_on(0), self);
}

static word_t get_handler(word_t irq, unsigned slot)
{
    return invoke(self, IPI_CONTROL, LABEL_CMKIPIControlGetHandler, WORDS(irq, slot, 64),
                  CAPS(ROOT));
}

START_TEST(an_interrupt_signals_the_handlers_notification)
{
    ck_assert_uint_eq(get_handler(3, NEW), ERROR_NONE);
    interrupt(0, 3);
    ck_assert_uint_eq(irq_unowned_count, 1);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_IRQSetIRQHandler, NO_WORDS, NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_IRQSetIRQHandler, NO_WORDS, CAPS(ENDPOINT)),
                      ERROR_INVALID_CAPABILITY);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_IRQSetIRQHandler, NO_WORDS, CAPS(SIGNAL)),
                      ERROR_NONE);
    interrupt(0, 3);
    ck_assert_ptr_eq(running_on(0), waiter);
    ck_assert_uint_eq(badge(waiter), 0x40);
    ck_assert_uint_eq(invoke(waiter, NEW, LABEL_IRQAckIRQ, NO_WORDS, NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(host_machine.acknowledged[3], 1);
    ck_assert_uint_eq(invoke(waiter, NEW, LABEL_IRQClearIRQHandler, NO_WORDS, NO_CAPS), ERROR_NONE);
    ck_assert(slot_is_empty(&irq_slots[3]));
    ck_assert_uint_eq(invoke(waiter, NEW, LABEL_TCBSuspend, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(revoking_the_notification_clears_the_handler)
{
    get_handler(3, NEW);
    invoke(self, NEW, LABEL_IRQSetIRQHandler, NO_WORDS, CAPS(SIGNAL));
    ck_assert_uint_eq(invoke(self, ROOT, LABEL_CNodeRevoke, WORDS(NOTIFICATION, 64), NO_CAPS),
                      ERROR_NONE);
    ck_assert(slot_is_empty(&irq_slots[3]));
    ck_assert(irq_is_active(3));
    ck_assert_uint_eq(invoke(self, ROOT, LABEL_CNodeDelete, WORDS(NEW, 64), NO_CAPS), ERROR_NONE);
    ck_assert(!irq_is_active(3));
    ck_assert_uint_eq(host_machine.disabled[3], 1);
    ck_assert_uint_eq(get_handler(3, NEW), ERROR_NONE);
}
END_TEST

START_TEST(get_handler_refusals)
{
    ck_assert_uint_eq(
        invoke(self, IPI_CONTROL, LABEL_CMKIPIControlGetHandler, WORDS(1, 2), CAPS(ROOT)),
        ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(get_handler(0, NEW), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(mr(self, 1), 15);
    ck_assert_uint_eq(get_handler(16, NEW), ERROR_RANGE);
    ck_assert_uint_eq(get_handler(15, ROOT), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(get_handler(15, NEW), ERROR_NONE);
    ck_assert_uint_eq(get_handler(15, ROOT), ERROR_REVOKE_FIRST);
}
END_TEST

static word_t get_timer(word_t cpu, word_t slot)
{
    return invoke(self, IPI_CONTROL, LABEL_CMKIPIControlGetTimer, WORDS(cpu, slot, 64), CAPS(ROOT));
}

START_TEST(get_timer_refusals)
{
    ck_assert_uint_eq(
        invoke(self, IPI_CONTROL, LABEL_CMKIPIControlGetTimer, WORDS(0, NEW), CAPS(ROOT)),
        ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(get_timer(node_cpu_count, NEW), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(mr(self, 1), node_cpu_count - 1);
    ck_assert_uint_eq(get_timer(~0ul, NEW), ERROR_RANGE);
    ck_assert_uint_eq(get_timer(0, ROOT), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(get_timer(0, NEW), ERROR_NONE);
    ck_assert_uint_eq(get_timer(0, ROOT), ERROR_REVOKE_FIRST);
}
END_TEST

START_TEST(timers)
{
    word_t cpu = node_cpu_count - 1;
    word_t irq = FIRST_TIMER_IRQ + cpu;
    host_machine.armed[cpu] = 1;
    ck_assert_uint_eq(get_timer(cpu, NEW), ERROR_NONE);
    ck_assert(is_parent_of(&root[IPI_CONTROL], &root[NEW]));
    ck_assert_uint_eq(invoke(self, NEW, LABEL_CMKTimerArm, NO_WORDS, NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(host_machine.armed[cpu], 1);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_CMKTimerArm, WORDS(12345), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(host_machine.armed[cpu], 12345);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_IRQSetIRQHandler, NO_WORDS, CAPS(SIGNAL)),
                      ERROR_NONE);
    interrupt(0, irq);
    ck_assert_ptr_eq(running_on(0), waiter);
    ck_assert_uint_eq(badge(waiter), 0x40);
    ck_assert_uint_eq(invoke(waiter, NEW, LABEL_IRQAckIRQ, NO_WORDS, NO_CAPS), ERROR_NONE);

    /* Without a capability nobody can be meant: it is disarmed, and can be had again. */
    ck_assert_uint_eq(invoke(waiter, ROOT, LABEL_CNodeDelete, WORDS(NEW, 64), NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(host_machine.armed[cpu], TIMER_NEVER);
    ck_assert(!irq_is_active(irq) && slot_is_empty(&irq_slots[irq]));
}
END_TEST

/* Handlers of anything else have no timer. */
START_TEST(no_timers)
{
    get_handler(3, NEW);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_CMKTimerArm, WORDS(1), NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(self, NEW, LABEL_CMKTimerArm, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

static word_t send_ipi(unsigned length, const word_t *words)
{
    return invoke(self, IPI_CONTROL, LABEL_CMKIPIControlSendIPI, length, words, CAPS(ROOT));
}

START_TEST(ipi_signals)
{
    ck_assert_uint_eq(send_ipi(WORDS(1, 0, NEW, 64)), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 1), 15);
    ck_assert_uint_eq(send_ipi(WORDS(2, 5, NEW, 64)), ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(mr(self, 1), 1);
    ck_assert_uint_eq(send_ipi(WORDS(1, 5, ROOT, 64)), ERROR_DELETE_FIRST);
    ck_assert_uint_eq(send_ipi(WORDS(1, 5, NEW)), ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(send_ipi(WORDS(1, 5, NEW, 64)), ERROR_NONE);
    ck_assert(is_parent_of(&root[IPI_CONTROL], &root[NEW]));
    ck_assert_uint_eq(invoke(self, NEW, 0x1234, NO_WORDS, NO_CAPS), ERROR_NONE);
    ck_assert_uint_eq(host_machine.sent_node, 1);
    ck_assert_uint_eq(host_machine.sent_irq, 5);
    ck_assert_uint_eq(invoke(self, IPI_CONTROL, LABEL_CNodeCopy, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

START_TEST(irq_control)
{
    ck_assert_uint_eq(
        invoke(self, IRQ_CONTROL, LABEL_IRQIssueIRQHandler, WORDS(1, NEW), CAPS(ROOT)),
        ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(
        invoke(self, IRQ_CONTROL, LABEL_IRQIssueIRQHandler, WORDS(1, NEW, 64), CAPS(ROOT)),
        ERROR_ILLEGAL_OPERATION);
    ck_assert_uint_eq(invoke(self, IRQ_CONTROL, LABEL_X86IRQIssueIRQHandlerMSI, NO_WORDS, NO_CAPS),
                      ERROR_ALIGNMENT);
    /* Every other label is the target's to refuse. */
    ck_assert_uint_eq(invoke(self, IRQ_CONTROL, LABEL_IRQAckIRQ, NO_WORDS, NO_CAPS),
                      ERROR_ALIGNMENT);
}
END_TEST

START_TEST(node_control_writes)
{
    word_t text[3] = {13};
    memcpy(&text[1], "Hello, world!xyz", 16);
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlWrite, 3, text, NO_CAPS),
                      ERROR_NONE);
    ck_assert_str_eq(host_console, "Hello, world!");
    ck_assert_uint_eq(info(self), make_info(0, 0, 1));
    ck_assert_uint_eq(mr(self, 0), 13);
    text[0] = ~0ull; /* more than there is */
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlWrite, 3, text, NO_CAPS),
                      ERROR_NONE);
    ck_assert_str_eq(host_console, "Hello, world!Hello, world!xyz");
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlWrite, NO_WORDS, NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlExit, NO_WORDS, NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_TCBResume, NO_WORDS, NO_CAPS),
                      ERROR_ILLEGAL_OPERATION);
}
END_TEST

/* A long text is taken in pieces, so that nobody waits long. */
START_TEST(node_control_writes_pieces)
{
    word_t text[ABI_MAX_MESSAGE_LENGTH];
    memset(text, 'x', sizeof(text));
    text[0] = 800;
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlWrite, 101, text, NO_CAPS),
                      ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), ABI_CMK_WRITE_BYTES);
    ck_assert_uint_eq(strlen(host_console), ABI_CMK_WRITE_BYTES);
    text[0] = 0;
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlWrite, 101, text, NO_CAPS),
                      ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(strlen(host_console), ABI_CMK_WRITE_BYTES);
}
END_TEST

static void read_counts(struct tcb *by, word_t counts[CMK_COUNTS])
{
    for (word_t i = 0; i < CMK_COUNTS; i++) {
        ck_assert_uint_eq(invoke(by, NODE_CONTROL, LABEL_CMKNodeControlCount, WORDS(i, 0), NO_CAPS),
                          ERROR_NONE);
        ck_assert_uint_eq(info(by), make_info(0, 0, 1));
        counts[i] = mr(by, 0);
    }
}

static void repeat_syscall(unsigned times, struct tcb *by, int64_t number, word_t pointer)
{
    for (unsigned i = 0; i < times; i++) {
        make_syscall(by, number, pointer, 0);
    }
}

/* Here all calls take the ordinary path; each is one more of its kind, and none of another. */
START_TEST(node_control_counts)
{
    word_t before[CMK_COUNTS], after[CMK_COUNTS];
    make_syscall(self, SYS_Send, SIGNAL, 0);
    ck_assert_ptr_eq(running_on(0), waiter);
    read_counts(waiter, before);
    repeat_syscall(1, waiter, SYS_NBSend, SIGNAL);
    repeat_syscall(1, waiter, SYS_ReplyRecv, NOTIFICATION);
    repeat_syscall(2, waiter, SYS_Send, SIGNAL);
    repeat_syscall(1, waiter, SYS_Recv, NOTIFICATION);
    repeat_syscall(2, waiter, SYS_NBRecv, NOTIFICATION);
    repeat_syscall(3, waiter, SYS_Yield, 0);
    repeat_syscall(4, waiter, SYS_NBSend, SIGNAL);
    read_counts(waiter, after);
    /* the questions */
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_CALL] - before[CMK_COUNT_ORDINARY_CALL], CMK_COUNTS);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_REPLY_RECV] - before[CMK_COUNT_ORDINARY_REPLY_RECV],
                      1);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_SEND] - before[CMK_COUNT_ORDINARY_SEND], 2);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_NBSEND] - before[CMK_COUNT_ORDINARY_NBSEND], 5);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_YIELD] - before[CMK_COUNT_ORDINARY_YIELD], 3);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_RECV] - before[CMK_COUNT_ORDINARY_RECV], 1);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_NBRECV] - before[CMK_COUNT_ORDINARY_NBRECV], 2);
}
END_TEST

/* Neither thread has a fault handler: what faults, stops. */
START_TEST(faults_and_interrupts_are_counted)
{
    word_t before[CMK_COUNTS], after[CMK_COUNTS];
    make_syscall(self, SYS_Send, SIGNAL, 0);
    read_counts(waiter, before);
    interrupt(0, 3);
    interrupt(0, 4);
    interrupt(0, 3);
    host_enter(0);
    handle_vm_fault(0xdead000, 0);
    leave();
    ck_assert_ptr_eq(running_on(0), self);
    read_counts(self, after);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_INTERRUPT] - before[CMK_COUNT_ORDINARY_INTERRUPT],
                      3);
    ck_assert_uint_eq(after[CMK_COUNT_ORDINARY_FAULT] - before[CMK_COUNT_ORDINARY_FAULT], 1);
    host_enter(0);
    handle_user_exception(13, 0);
    ck_assert_uint_eq(this_cpu->counts[CMK_COUNT_ORDINARY_FAULT],
                      after[CMK_COUNT_ORDINARY_FAULT] + 1);
}
END_TEST

START_TEST(node_control_count_refusals)
{
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlCount, WORDS(0), NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(
        invoke(self, NODE_CONTROL, LABEL_CMKNodeControlCount, WORDS(CMK_COUNTS, 0), NO_CAPS),
        ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlCount, WORDS(0, 1), NO_CAPS),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(invoke(self, NODE_CONTROL, LABEL_CMKNodeControlCount,
                             WORDS(1ull << 32, 1ull << 32), NO_CAPS),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(
        invoke(self, NODE_CONTROL, LABEL_CMKNodeControlCount, WORDS(0, 1ull << 32), NO_CAPS),
        ERROR_INVALID_ARGUMENT);
}
END_TEST

static word_t ask_for_message(word_t function, word_t vector, word_t cpu)
{
    return invoke(self, NODE_CONTROL, LABEL_CMKNodeControlMessage, WORDS(function, vector, cpu),
                  NO_CAPS);
}

START_TEST(node_control_messages)
{
    const word_t wrong[][3] = {{HOST_STRANGE_FUNCTION, 5, 0}, {8, 108, 0}, {8, 5, node_cpu_count}};
    ck_assert_uint_eq(ask_for_message(0x18, 5, 0), ERROR_NONE);
    ck_assert_uint_eq(mr(self, 0), 0x1800);
    ck_assert_uint_eq(mr(self, 1), 5);
    ck_assert_uint_eq(
        invoke(self, NODE_CONTROL, LABEL_CMKNodeControlMessage, WORDS(0x18, 5), NO_CAPS),
        ERROR_TRUNCATED_MESSAGE);
    for (word_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        ck_assert_uint_eq(ask_for_message(wrong[i][0], wrong[i][1], wrong[i][2]),
                          ERROR_INVALID_ARGUMENT);
        ck_assert_uint_eq(mr(self, 0), i);
    }
}
END_TEST

START_TEST(node_control_exits)
{
    invoke(self, NODE_CONTROL, LABEL_CMKNodeControlExit, WORDS(42), NO_CAPS);
}
END_TEST

START_TEST(domains)
{
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainSetSet, NO_WORDS, CAPS(slot_of(self))),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainSetSet, WORDS(1), NO_CAPS),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 0);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainSetSet, WORDS(0), NO_CAPS),
                      ERROR_TRUNCATED_MESSAGE);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainSetSet, WORDS(0), CAPS(ROOT)),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 1);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainSetSet, WORDS(0), CAPS(slot_of(self))),
                      ERROR_NONE);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleConfigure, WORDS(1, 0, 5), NO_CAPS),
                      ERROR_RANGE);
    ck_assert_uint_eq(mr(self, 1), 0);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleConfigure, WORDS(0, 1, 5), NO_CAPS),
                      ERROR_RANGE);
    ck_assert_uint_eq(
        invoke(self, DOMAIN, LABEL_DomainScheduleConfigure, WORDS(0, 0, 1ull << 56), NO_CAPS),
        ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(mr(self, 0), 2);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleConfigure, WORDS(0, 0, 0), NO_CAPS),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleConfigure, WORDS(0, 0, 7), NO_CAPS),
                      ERROR_NONE);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleSetStart, WORDS(2), NO_CAPS),
                      ERROR_RANGE);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleSetStart, WORDS(1), NO_CAPS),
                      ERROR_INVALID_ARGUMENT);
    ck_assert_uint_eq(invoke(self, DOMAIN, LABEL_DomainScheduleSetStart, WORDS(0), NO_CAPS),
                      ERROR_NONE);
}
END_TEST

START_TEST(debug_system_calls)
{
    make_syscall(self, SYS_DebugPutChar, 'x', 0);
    ck_assert_str_eq(host_console, "x");
    make_syscall(self, SYS_DebugCapIdentify, ENDPOINT, 0);
    ck_assert_uint_eq(badge(self), CAP_ENDPOINT);
    make_syscall(self, SYS_DebugCapIdentify, ROOT_SLOTS, 0);
    ck_assert_uint_eq(badge(self), CAP_NULL);
    strcpy((char *)&buffer_of(self)[ABI_IPC_MESSAGE], "a good name");
    make_syscall(self, SYS_DebugNameThread, slot_of(waiter), 0);
    ck_assert_str_eq(waiter->name, "a good name");
    memset(&buffer_of(self)[ABI_IPC_MESSAGE], 'y', 960);
    make_syscall(self, SYS_DebugNameThread, slot_of(waiter), 0);
    ck_assert_str_eq(waiter->name, "a good name");
    ((char *)&buffer_of(self)[ABI_IPC_MESSAGE])[959] = '\0';
    make_syscall(self, SYS_DebugNameThread, slot_of(waiter), 0);
    ck_assert_uint_eq(strlen(waiter->name), TCB_NAME_BYTES - 1);
    make_syscall(self, SYS_DebugNameThread, ROOT, 0);
    ck_assert_ptr_nonnull(strstr(host_console, "not a TCB"));
    make_syscall(self, SYS_DebugGetThreadAffinity, slot_of(waiter), 0);
    ck_assert_uint_eq(badge(self), 0);
    make_syscall(self, SYS_DebugGetThreadAffinity, ROOT, 0);
    ck_assert_uint_eq(badge(self), ROOT);
    make_syscall(self, SYS_DebugSendIPI, 0, 0);
    make_syscall(self, SYS_DebugDumpScheduler, 0, 0);
    make_syscall(self, SYS_DebugSnapshot, 0, 0);
    ck_assert_ptr_eq(running_on(0), self);
}
END_TEST

Suite *cluster_suite(void)
{
    Suite *suite = suite_create("cluster");
    TCase *t = tcase_create("cluster");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, an_interrupt_signals_the_handlers_notification);
    tcase_add_test(t, revoking_the_notification_clears_the_handler);
    tcase_add_test(t, get_handler_refusals);
    tcase_add_test(t, get_timer_refusals);
    tcase_add_test(t, timers);
    tcase_add_test(t, no_timers);
    tcase_add_test(t, ipi_signals);
    tcase_add_test(t, irq_control);
    tcase_add_test(t, node_control_writes);
    tcase_add_test(t, node_control_writes_pieces);
    tcase_add_test(t, node_control_counts);
    tcase_add_test(t, faults_and_interrupts_are_counted);
    tcase_add_test(t, node_control_count_refusals);
    tcase_add_test(t, node_control_messages);
    tcase_add_exit_test(t, node_control_exits, 42);
    tcase_add_test(t, domains);
    tcase_add_test(t, debug_system_calls);
    suite_add_tcase(suite, t);
    return suite;
}
