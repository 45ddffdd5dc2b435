/*
 * The fast paths do what the ordinary path does. Random threads that mostly send, receive, call and
 * reply, with whatever a fast path has to look at varied: rights, badges, messages with buffers and
 * capabilities, priorities, CPUs, bound notifications, pending signals, faults, interrupts, CSpaces
 * of two levels. Each event is handled both ways.
 */
#include "../host/random.h"
#include "world.h"
#include <kernel/check.h>
#include <kernel/entry.h>
#include <kernel/fastpath.h>
#include <kernel/irq.h>

enum { THREADS = 8, STEPS = 12000, CPUS = 2, PRIORITIES = 3, IRQ = 7 };

enum {
    SEND_ONLY = FREE,
    CALL_ONLY,
    RECEIVE_ONLY,
    BADGED,
    SIGNAL,
    BADGED_SIGNAL,
    OTHER_ENDPOINT,
    FOR_FAULTS,
    FROM_IRQ
};

static struct tcb *thread[THREADS];
static word_t random_state;

/* Each fast path, and messages that need buffers: how often the comparison found it taken. */
enum {
    CALLS,
    REPLIES,
    FAULT_REPLIES,
    SENDS,
    SIGNALS,
    YIELDS,
    WAITS,
    POLLS,
    WITH_BUFFERS,
    VM_FAULTS,
    USER_EXCEPTIONS,
    INTERRUPTS,
    KINDS
};
static unsigned taken[KINDS];

static unsigned below(unsigned bound)
{
    return next_below(&random_state, bound);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* Asked before the call: the reply takes the fault away. */
static bool owes_fault_reply(const struct tcb *self)
{
    struct capability reply = self->slots[TCB_CALLER].capability;
    return capability_type(reply) == CAP_REPLY && capability_tcb(reply)->fault_type != FAULT_NONE;
}

static unsigned kind_of(int64_t number, unsigned object, bool to_fault)
{
    switch (number) {
    case SYS_Call:
        return CALLS;
    case SYS_ReplyRecv:
        return to_fault ? FAULT_REPLIES : REPLIES;
    case SYS_Yield:
        return YIELDS;
    case SYS_Recv:
        return WAITS;
    case SYS_NBRecv:
        return POLLS;
    default:
        return object == SIGNAL || object == BADGED_SIGNAL || object == NOTIFICATION ? SIGNALS
                                                                                     : SENDS;
    }
}

static bool has_message(int64_t number)
{
    return number != SYS_Yield && number != SYS_Recv && number != SYS_NBRecv;
}

static void make_one(struct tcb *self, int64_t number, unsigned object)
{
    unsigned length = one_in(4) ? below(130) : below(7);
    unsigned caps = one_in(8) ? 1 + below(3) : 0;
    for (unsigned i = 0; i < ABI_MESSAGE_REGISTERS; i++) {
        set_mr(self, i, below(1000));
    }
    for (unsigned i = ABI_MESSAGE_REGISTERS; i < MIN(length, (unsigned)ABI_MAX_MESSAGE_LENGTH);
         i++) {
        buffer_of(self)[ABI_IPC_MESSAGE + i] = below(1000);
    }
    for (unsigned i = 0; i < caps; i++) {
        buffer_of(self)[ABI_IPC_CAPS_OR_BADGES + i] = one_in(3) ? OTHER_ENDPOINT : BADGED;
    }
    /* Label 0 is what a fault handler answers so that the thread goes on. */
    word_t info = message_info(one_in(2) ? 0 : below(1000), below(8), caps, 0) | length;
    bool to_fault = owes_fault_reply(self);
    if (syscall_both_ways(self, number, object, info)) {
        taken[kind_of(number, object, to_fault)]++;
        taken[WITH_BUFFERS] += has_message(number) && length > ABI_MESSAGE_REGISTERS;
    }
}

/* What fits the thread: servers answer and wait, others call, send and signal. */
static void syscall_of(struct tcb *self, bool server)
{
    static const unsigned receivers[] = {ENDPOINT, ENDPOINT,  ENDPOINT,     RECEIVE_ONLY,
                                         BADGED,   SEND_ONLY, NOTIFICATION, FROM_IRQ};
    static const unsigned senders[] = {ENDPOINT,       SEND_ONLY,    CALL_ONLY, BADGED,
                                       OTHER_ENDPOINT, RECEIVE_ONLY, FREE + 100};
    static const unsigned signals[] = {NOTIFICATION, SIGNAL, BADGED_SIGNAL};
    unsigned kind = below(16);
    if (kind == 0) {
        make_one(self, SYS_Yield, 0);
    } else if (kind < 3) {
        make_one(self, one_in(2) ? SYS_Send : SYS_NBSend, signals[below(ARRAY_LENGTH(signals))]);
    } else if (server) {
        unsigned object = receivers[below(ARRAY_LENGTH(receivers))];
        make_one(self, one_in(6) ? SYS_Recv : one_in(20) ? SYS_NBRecv : SYS_ReplyRecv, object);
    } else {
        unsigned object = senders[below(ARRAY_LENGTH(senders))];
        make_one(self, kind < 11 ? SYS_Call : kind < 14 ? SYS_Send : SYS_NBSend, object);
    }
}

/* Something from outside changes a thread, or frees it. */
static void interfere(void)
{
    struct tcb *victim = thread[below(THREADS)];
    host_enter(below(CPUS));
    if (is_current_elsewhere(victim)) {
        thread_claim(victim);
        enqueue_first(victim);
    }
    switch (below(8)) {
    case 0:
        if (victim->bound_notification != NULL) {
            unbind_notification(victim);
        } else if (notification->bound == NULL &&
                   notification_state(notification) != NOTIFICATION_WAITING) {
            bind_notification(victim, notification);
        }
        break;
    case 1:
        set_priority(victim, below(PRIORITIES));
        break;
    case 2:
        set_affinity(victim, below(CPUS));
        break;
    default:
        thread_resume(victim);
    }
    leave();
    settle();
}

static bool is_server(const struct tcb *self)
{
    return self == thread[0] || self == thread[1] || self == thread[2];
}

static void fault_of(struct tcb *self)
{
    enum { BAD_INSTRUCTION = 6, GENERAL_PROTECTION = 13, USER_READ = 4 };
    if (one_in(2)) {
        taken[VM_FAULTS] += vm_fault_both_ways(self, below(1000), USER_READ + below(100));
    } else {
        unsigned vector = one_in(2) ? BAD_INSTRUCTION : GENERAL_PROTECTION;
        taken[USER_EXCEPTIONS] += user_exception_both_ways(self, vector, random_state);
    }
}

static void step(void)
{
    unsigned cpu = below(CPUS);
    struct tcb *self = running_on(cpu);
    host_enter(cpu);
    bool waited_for = notification_state(capability_notification(root[FROM_IRQ].capability)) ==
                      NOTIFICATION_WAITING;
    if (self == NULL && one_in(2)) {
        signal_notification(notification, 1);
    } else if (self == NULL || one_in(waited_for ? 4 : 100)) {
        taken[INTERRUPTS] += interrupt_both_ways(one_in(20) ? IRQ + 1 : IRQ);
    } else if (one_in(10)) {
        fault_of(self);
    } else {
        syscall_of(self, is_server(self));
    }
    leave();
    if (!one_in(8)) {
        settle();
    }
    if (one_in(3)) {
        interfere();
    }
}

/* Half of the threads find the same capabilities one level further down. */
static void use_two_levels(struct tcb *self)
{
    enum { UPPER_RADIX = 4, GUARD_SIZE = WORD_BITS - ROOT_RADIX - UPPER_RADIX };
    struct slot *upper = new_object(UPPER_RADIX + ABI_SLOT_BITS);
    delete_short(&self->slots[TCB_CSPACE]);
    insert_root(cnode_capability(root, ROOT_RADIX, 0, 0), &upper[0]);
    insert_root(cnode_capability(upper, UPPER_RADIX, 0, GUARD_SIZE), &self->slots[TCB_CSPACE]);
}

static void start(void)
{
    world_start(CPUS);
    checks_on = false; /* the random test has that; this one wants to get far */
    mint(SEND_ONLY, ENDPOINT, RIGHT_WRITE, 3);
    mint(CALL_ONLY, ENDPOINT, RIGHT_WRITE | RIGHT_GRANT_REPLY, 4);
    mint(RECEIVE_ONLY, ENDPOINT, RIGHT_READ, 0);
    mint(BADGED, ENDPOINT, RIGHTS_ALL, 5);
    mint(SIGNAL, NOTIFICATION, RIGHT_WRITE, 1);
    mint(BADGED_SIGNAL, NOTIFICATION, RIGHTS_ALL, 6);
    insert_root(endpoint_capability(new_object(ABI_ENDPOINT_BITS), 0, RIGHTS_ALL),
                &root[OTHER_ENDPOINT]);
    mint(FOR_FAULTS, ENDPOINT, RIGHT_WRITE | RIGHT_GRANT_REPLY, 9);
    insert_root(notification_capability(new_object(ABI_NOTIFICATION_BITS), 8, RIGHTS_ALL),
                &root[FROM_IRQ]);
    insert_derived(root[FROM_IRQ].capability, &root[FROM_IRQ], &irq_slots[IRQ]);
    for (unsigned i = 0; i < THREADS; i++) {
        thread[i] = new_thread(below(PRIORITIES), below(CPUS));
        thread[i]->fault_handler = FOR_FAULTS;
        if (i % 2 == 1) {
            use_two_levels(thread[i]);
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        host_enter(0);
        thread_resume(thread[i]);
        leave();
        settle();
    }
}

START_TEST(both_ways)
{
    random_state = random_start((unsigned)_i);
    start();
    for (unsigned i = 0; i < STEPS; i++) {
        step();
    }
    for (unsigned i = 0; i < KINDS; i++) {
        ck_assert_msg(taken[i] > STEPS / 2400, "seed %d: kind %u taken %u times only", _i, i,
                      taken[i]);
    }
}
END_TEST

START_TEST(not_while_in_the_way)
{
    start();
    fastpath_allow(false);
    struct tcb *self = running_on(0);
    host_enter(0);
    ck_assert(!syscall_both_ways(self, SYS_Yield, 0, 0));
    ck_assert(!interrupt_both_ways(IRQ));
}
END_TEST

Suite *fastpath_suite(void)
{
    Suite *suite = suite_create("fast paths");
    TCase *t = tcase_create("fast paths");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, both_ways, 0, 12);
    tcase_add_test(t, not_while_in_the_way);
    suite_add_tcase(suite, t);
    return suite;
}
