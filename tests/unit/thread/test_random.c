/*
 * Random threads on four CPUs: system calls, TCB methods on one another, ticks, interrupts,
 * endpoints that go away. After every entry the rules are checked, everything, each time. A failing
 * run names its seed.
 */
#include "../host/random.h"
#include "world.h"
#include <kernel/check.h>
#include <kernel/entry.h>

enum { THREADS = 10, STEPS = 3000, CPUS = 4 };

static struct tcb *thread[THREADS];
static word_t random_state;

static unsigned below(unsigned bound)
{
    return next_below(&random_state, bound);
}

enum { BADGED = FREE, BADGED_SEND_ONLY = FREE + 3, SIGNALS = FREE + 6, SAVED = FREE + 10 };

static unsigned any_object(void)
{
    static const unsigned slots[] = {ENDPOINT,         ENDPOINT, NOTIFICATION, BADGED, BADGED + 1,
                                     BADGED_SEND_ONLY, SIGNALS,  SIGNALS + 1,  SAVED,  ROOT};
    return slots[below(sizeof(slots) / sizeof(slots[0]))];
}

/*
 * The registers and event of a system call, without what make_syscall() does about other CPUs
 * afterwards.
 */
static void enter_with(struct tcb *self, int64_t number, word_t pointer, word_t message)
{
    struct user_context *context = &self->context;
    context->restart_ip = context->rip;
    context->rip += 2;
    context->vector = ENTERED_BY_SYSCALL;
    context->rdi = pointer;
    context->rsi = message;
    handle_syscall((word_t)number);
}

static void ipc_syscall(struct tcb *self)
{
    static const int64_t numbers[] = {SYS_Send,      SYS_NBSend, SYS_Call,  SYS_Call,
                                      SYS_Recv,      SYS_NBRecv, SYS_Reply, SYS_ReplyRecv,
                                      SYS_ReplyRecv, SYS_Yield,  -1000};
    unsigned caps = below(3);
    for (unsigned i = 0; i < caps; i++) {
        buffer_of(self)[ABI_IPC_CAPS_OR_BADGES + i] = any_object();
    }
    enter_with(self, numbers[below(sizeof(numbers) / sizeof(numbers[0]))], any_object(),
               make_info(0, caps, below(8)));
}

static void tcb_syscall(struct tcb *self)
{
    static const word_t labels[] = {LABEL_TCBSuspend,
                                    LABEL_TCBResume,
                                    LABEL_TCBResume,
                                    LABEL_TCBResume,
                                    LABEL_TCBSetPriority,
                                    LABEL_TCBSetAffinity,
                                    LABEL_TCBReadRegisters,
                                    LABEL_TCBWriteRegisters,
                                    LABEL_TCBCopyRegisters,
                                    LABEL_TCBBindNotification,
                                    LABEL_TCBUnbindNotification,
                                    LABEL_TCBSetFlags,
                                    LABEL_TCBSetSpace};
    const struct tcb *target = thread[below(THREADS)];
    word_t label = labels[below(sizeof(labels) / sizeof(labels[0]))];
    bool is_bind = label == LABEL_TCBBindNotification;
    set_mr(self, 0, below(CPUS));
    set_mr(self, 1, 1);
    set_mr(self, 2, START_ADDRESS);
    buffer_of(self)[ABI_IPC_CAPS_OR_BADGES] =
        is_bind ? NOTIFICATION : slot_of(thread[below(THREADS)]);
    enter_with(self, SYS_Call, slot_of(target), make_info(label, 1, 3));
}

static void cnode_syscall(struct tcb *self)
{
    switch (below(4)) {
    case 0: /* the badged ones go and come again; who waits there restarts */
        set_mr(self, 0, below(2) ? BADGED : SAVED);
        set_mr(self, 1, 64);
        enter_with(self, SYS_Call, ROOT, make_info(LABEL_CNodeDelete, 0, 2));
        break;
    case 1:
        set_mr(self, 0, SAVED);
        set_mr(self, 1, 64);
        enter_with(self, SYS_Call, ROOT, make_info(LABEL_CNodeSaveCaller, 0, 2));
        break;
    case 2:
        set_mr(self, 0, BADGED + 1);
        set_mr(self, 1, 64);
        enter_with(self, SYS_Call, ROOT, make_info(LABEL_CNodeCancelBadgedSends, 0, 2));
        break;
    default: {
        const word_t words[] = {BADGED, 64, ENDPOINT, 64, RIGHTS_ALL, 7};
        for (unsigned i = 0; i < 6; i++) {
            set_mr(self, i, words[i]);
        }
        buffer_of(self)[ABI_IPC_CAPS_OR_BADGES] = ROOT;
        enter_with(self, SYS_Call, ROOT, make_info(LABEL_CNodeMint, 1, 6));
    }
    }
}

static void events_of(struct tcb *self)
{
    unsigned kind = below(20);
    if (kind < 11) {
        ipc_syscall(self);
    } else if (kind < 17) {
        tcb_syscall(self);
    } else if (kind < 18) {
        cnode_syscall(self);
    } else if (kind < 19) {
        self->context.restart_ip = self->context.rip;
        handle_vm_fault(0x1000, 4);
    } else {
        scheduler_tick();
    }
}

/* All threads may be stuck: something from outside frees one. */
static void help(void)
{
    struct tcb *stuck = thread[below(THREADS)];
    host_enter(below(CPUS));
    if (!is_runnable(stuck)) {
        thread_resume(stuck);
    }
    leave();
}

static unsigned step(void)
{
    unsigned cpu = below(CPUS);
    struct tcb *self = running_on(cpu);
    host_enter(cpu);
    if (self == NULL) {
        signal_notification(notification, 1);
    } else {
        events_of(self);
    }
    leave();
    if (below(3) != 0) {
        settle(); /* otherwise the CPUs that were called take their time */
    }
    if (below(8) == 0) {
        help();
    }
    return self != NULL;
}

static void run(word_t seed, bool balance)
{
    unsigned busy = 0;
    random_state = random_start((unsigned)seed);
    balance_on = balance;
    world_start(CPUS);
    mint(BADGED, ENDPOINT, RIGHTS_ALL, 7);
    mint(BADGED + 1, ENDPOINT, RIGHTS_ALL, 8);
    mint(BADGED_SEND_ONLY, ENDPOINT, RIGHT_WRITE | RIGHT_GRANT_REPLY, 9);
    mint(SIGNALS, NOTIFICATION, RIGHT_WRITE, 1);
    mint(SIGNALS + 1, NOTIFICATION, RIGHTS_ALL, 2);
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = new_thread(below(4), below(CPUS));
        thread[i]->fault_handler = BADGED_SEND_ONLY;
        host_enter(0);
        thread_resume(thread[i]);
        leave();
    }
    for (unsigned i = 0; i < STEPS; i++) {
        busy += step();
    }
    ck_assert_uint_gt(busy, STEPS / 4); /* or the test shows little */
}

START_TEST(with_affinities)
{
    run((word_t)_i + 1, false);
}
END_TEST
START_TEST(with_balance)
{
    run((word_t)_i + 1, true);
}
END_TEST

Suite *random_suite(void)
{
    Suite *suite = suite_create("random");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, with_affinities, 0, 10);
    tcase_add_loop_test(t, with_balance, 0, 10);
    suite_add_tcase(suite, t);
    return suite;
}
