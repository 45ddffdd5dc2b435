/* The registers of a system call: what is read, what is written, what survives (contract 1.2). */
#include "harness.h"

/*
 * A system call with every register under control; then it spins, so that a tick can save what came
 * back.
 */
__asm__(".pushsection .text\n"
        ".global probe_call\n"
        "probe_call: syscall\n"
        ".global probe_after\n"
        "probe_after: pause\n"
        "jmp probe_after\n"
        ".global probe_flags\n"
        "probe_flags: pushq %rdi\n"
        "popfq\n"
        "syscall\n"
        ".global probe_flags_after\n"
        "probe_flags_after: pause\n"
        "jmp probe_flags_after\n"
        ".popsection");
extern const char probe_call[], probe_after[], probe_flags[], probe_flags_after[];

static seL4_UserContext before;

/* Registers for a call; the test changes what it likes before probe(). */
static seL4_UserContext *prepare(long number, word rdi, word rsi)
{
    word *registers = (word *)&before;

    for (word i = 0; i < REGISTERS; i++) {
        registers[i] = 0xa000 + i;
    }
    before.rip = (word)probe_call;
    before.rflags = 0x202;
    before.rdx = (word)number;
    before.rdi = rdi;
    before.rsi = rsi;
    return &before;
}

/* Lets a worker make the prepared call, and returns its registers afterwards. */
static seL4_UserContext probe(struct worker *worker)
{
    seL4_UserContext after;

    REQUIRE(set_priority(worker->tcb, MAIN_PRIORITY).label == 0);
    REQUIRE(write_registers(worker->tcb, true, &before, REGISTERS).label == 0);
    /*
     * Twice: the probed call may itself be a yield, after which the worker has to come back to user
     * mode.
     */
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    REQUIRE(read_registers(worker->tcb, true, &after).label == 0);
    return after;
}

/* Everything as it was, except what `changed` lists and what the instruction itself destroys. */
static void check_after(seL4_UserContext after, const seL4_UserContext *expected, int line)
{
    seL4_UserContext want = *expected;

    /* In the two-instruction loop behind the call. */
    check_that(after.rip == (word)probe_after || after.rip == (word)probe_after + 2,
               "rip behind the call", __FILE__, line);
    want.rip = after.rip;
    want.rsp = 0;
    want.rcx = (word)probe_after;
    want.r11 = expected->rflags;
    for (word i = 0; i < REGISTERS; i++) {
        static const char *const names[] = {
            "rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",     "rbp",
            "r8",  "r9",  "r10",    "r11", "r12", "r13", "r14", "r15", "fs_base", "gs_base"};

        check_equal(((word *)&after)[i], ((word *)&want)[i], names[i], __FILE__, line);
    }
}

#define CHECK_AFTER(after, expected) check_after(after, expected, __LINE__)

static void nothing_changes(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word notification = new_notification();

    prepare(YIELD, 0x123, 0x456);
    CHECK_AFTER(probe(worker), &before);
    prepare(REPLY, 0x123, message_info(7, 3, 120));
    CHECK_AFTER(probe(worker), &before);
    prepare(SEND, notification, message_info(7, 0, 4));
    CHECK_AFTER(probe(worker), &before);
    prepare(NB_SEND, notification, message_info(7, 0, 4));
    CHECK_AFTER(probe(worker), &before);
    prepare(NB_SEND, new_endpoint(), message_info(7, 0, 4));
    CHECK_AFTER(probe(worker), &before);
    prepare(SEND, new_slot(), message_info(7, 0, 4));
    CHECK_AFTER(probe(worker), &before);
    prepare(DEBUG_PUT_CHAR, '\r', 0x77);
    CHECK_AFTER(probe(worker), &before);
}

static void sends_of_invocations(void)
{
    /* An invocation made with Send or NBSend works, and answers nothing. */
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word tcb = new_tcb();

    prepare(SEND, tcb, message_info(TCB_SET_TLS_BASE, 0, 1))->r10 = 0x5000;
    CHECK_AFTER(probe(worker), &before);
    seL4_UserContext context;
    CHECK_EQUAL(read_registers(tcb, false, &context).label, 0);
    CHECK_EQUAL(context.fs_base, 0x5000);
    prepare(NB_SEND, tcb, message_info(TCB_SET_TLS_BASE, 0, 1))->r10 = 0x6000;
    CHECK_AFTER(probe(worker), &before);
    CHECK_EQUAL(read_registers(tcb, false, &context).label, 0);
    CHECK_EQUAL(context.fs_base, 0x6000);
    /* Nor do errors. */
    prepare(SEND, tcb, message_info(FIRST_UNUSED_LABEL, 0, 1));
    CHECK_AFTER(probe(worker), &before);
}

static void empty_success(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    seL4_UserContext *expected = prepare(CALL, new_tcb(), message_info(TCB_SUSPEND, 0, 0));
    seL4_UserContext after = probe(worker);

    expected->rdi = 0;
    expected->rsi = 0;
    CHECK_AFTER(after, expected);
}

static void error_with_details(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    seL4_UserContext *expected = prepare(CALL, new_tcb(), message_info(TCB_READ_REGISTERS, 0, 2));
    seL4_UserContext after;

    expected->r8 = 99;
    after = probe(worker);
    expected->rdi = 0;
    expected->rsi = message_info(seL4_RangeError, 0, 2);
    expected->r10 = 1;
    expected->r8 = 20;
    CHECK_AFTER(after, expected);
}

static void error_with_one_word(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    seL4_UserContext *expected = prepare(CALL, new_slot(), message_info(3, 0, 4));
    seL4_UserContext after = probe(worker);

    expected->rdi = 0;
    expected->rsi = message_info(seL4_InvalidCapability, 0, 1);
    expected->r10 = 0;
    CHECK_AFTER(after, expected);
}

static void received_message(void)
{
    static const word words[] = {1, 2, 3, 4};

    for (word length = 0; length <= 4; length++) {
        word endpoint = new_endpoint();
        struct worker *worker = new_worker(MAIN_PRIORITY);
        struct worker *sender = new_worker(HIGH);
        seL4_UserContext *expected = prepare(RECV, endpoint, 0x987);
        word *const registers[] = {&expected->r10, &expected->r8, &expected->r9, &expected->r15};
        seL4_UserContext after;

        add_step(sender, SEND, new_minted(endpoint, WRITE, 0x66), message_info(5, 0, length), 1, 2,
                 3, 4);
        start_script(sender);
        settle();
        after = probe(worker);
        expected->rdi = 0x66;
        expected->rsi = message_info(5, 0, length);
        for (word i = 0; i < length; i++) {
            *registers[i] = words[i];
        }
        CHECK_AFTER(after, expected);
    }
}

static void received_signal(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word notification = new_notification();
    seL4_UserContext *expected;
    seL4_UserContext after;

    signal_notification(new_minted(notification, WRITE, 0x67));
    expected = prepare(RECV, notification, 0x988);
    after = probe(worker);
    expected->rdi = 0x67;
    CHECK_AFTER(after, expected);
    expected = prepare(NB_RECV, notification, 0x988);
    after = probe(worker);
    expected->rdi = 0;
    CHECK_AFTER(after, expected);
}

static void debug_calls(void)
{
    need_debug_calls();
    struct worker *worker = new_worker(MAIN_PRIORITY);
    seL4_UserContext *expected = prepare(DEBUG_CAP_IDENTIFY, new_endpoint(), 0x988);
    seL4_UserContext after = probe(worker);

    expected->rdi = TAG_ENDPOINT;
    CHECK_AFTER(after, expected);
    if (HAS_AFFINITY) {
        expected = prepare(DEBUG_GET_THREAD_AFFINITY, worker->tcb, 0x988);
        after = probe(worker);
        expected->rdi = 0;
        CHECK_AFTER(after, expected);
    }
    expected = prepare(SET_TLS_BASE, 0x123456000, 0x988);
    after = probe(worker);
    expected->fs_base = 0x123456000;
    CHECK_AFTER(after, expected);
    /* A non-canonical base is ignored. */
    expected = prepare(SET_TLS_BASE, 0x8000000000000000, 0x988);
    CHECK_AFTER(probe(worker), expected);
}

static void stack_pointer_is_not_used(void)
{
    static const word stacks[] = {
        0, 8, 0x8000000000000000, 0x0000800000000000, ~0ul, 0xffffffff80000000};
    struct worker *worker = new_worker(MAIN_PRIORITY);

    for (size_t i = 0; i < COUNT_OF(stacks); i++) {
        prepare(YIELD, 0, 0)->rsp = stacks[i];
        CHECK_AFTER(probe(worker), &before);
    }
}

static void flags_travel_through_r11(void)
{
    /* Status and direction flags as WriteRegisters lets them pass. */
    static const word flags[] = {0x202, 0x203, 0x602, 0xad7, 0xed7};
    struct worker *worker = new_worker(MAIN_PRIORITY);

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        prepare(YIELD, 0, 0)->rflags = flags[i];
        CHECK_AFTER(probe(worker), &before);
    }
}

static void flags_set_by_the_user(void)
{
    /* Flags that only the thread itself can set: NT, AC, ID, and the direction flag. */
    static const word flags[] = {0x4202, 0x40202, 0x200202, 0x602, 0x244602};
    struct worker *worker = new_worker(MAIN_PRIORITY);

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        seL4_UserContext after;

        prepare(YIELD, flags[i], 0);
        before.rip = (word)probe_flags;
        before.rsp = stack_top(worker);
        after = probe(worker);
        CHECK(after.rip == (word)probe_flags_after || after.rip == (word)probe_flags_after + 2);
        CHECK_EQUAL(after.rflags, flags[i]);
        CHECK_EQUAL(after.r11, flags[i]);
        CHECK_EQUAL(after.rcx, (word)probe_flags_after);
    }
}

static void io_privilege_stays_zero(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    seL4_UserContext after;

    prepare(YIELD, 0x3202, 0);
    before.rip = (word)probe_flags;
    before.rsp = stack_top(worker);
    after = probe(worker);
    CHECK_EQUAL(after.rflags, 0x202);
}

static void trap_flag_over_a_call(void)
{
    /* The trap comes after the call, in user mode, and is the thread's own fault. */
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    prepare(YIELD, 0x302, 0);
    before.rip = (word)probe_flags;
    before.rsp = stack_top(worker);
    CHECK_OK(write_registers(worker->tcb, true, &before, REGISTERS));
    message = caught_fault(faults);
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK_EQUAL(message.mr[3], 1);
    CHECK(message.mr[0] >= (word)probe_flags_after && message.mr[0] <= (word)probe_flags_after + 2);
}

static void upper_registers_in_exceptions(void)
{
    /* An exception and its empty reply change no register at all. */
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    seL4_UserContext after;

    prepare(YIELD, 1, 2);
    before.rip = 0x10;
    CHECK_OK(write_registers(worker->tcb, true, &before, REGISTERS));
    CHECK_EQUAL(caught_fault(faults).label, VM_FAULT);
    system_call(REPLY, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(caught_fault(faults).label, VM_FAULT);
    CHECK_EQUAL(read_registers(worker->tcb, true, &after).label, 0);
    for (word i = 0; i < REGISTERS; i++) {
        if (i != RFLAGS) {
            CHECK_EQUAL(((word *)&after)[i], ((word *)&before)[i]);
        }
    }
}

static const struct test tests[] = {
    {"call-nothing-changes", "calls that return nothing change no register", nothing_changes},
    {"call-send-invocation", "invocations by Send and NBSend", sends_of_invocations},
    {"call-empty-success", "an empty success writes rdi and rsi", empty_success},
    {"call-error-details", "an error writes as many words as it has", error_with_details},
    {"call-error-one-word", "an error of one word", error_with_one_word},
    {"call-received", "a message writes its words and no more", received_message},
    {"call-signal", "a signal writes rdi only", received_signal},
    {"call-debug", "debug calls and SetTLSBase", debug_calls},
    {"call-stack", "rsp may be anything in a call", stack_pointer_is_not_used},
    {"call-flags", "flags survive a call", flags_travel_through_r11},
    {"call-user-flags", "flags that only users can set survive too", flags_set_by_the_user},
    {"call-iopl", "a user cannot raise its I/O privilege", io_privilege_stays_zero},
    {"call-trap-flag", "single-stepping over a call", trap_flag_over_a_call},
    {"call-exception", "an exception preserves all registers", upper_registers_in_exceptions},
};

SUBJECT(convention, tests);
