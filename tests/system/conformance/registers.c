/* ReadRegisters, WriteRegisters, CopyRegisters, suspend and resume (contract 2.4, 4.5, 8.3). */
#include "harness.h"

/* Two bytes that loop for ever. */
__asm__(".pushsection .text\n"
        ".global spin_here\n"
        "spin_here: jmp spin_here\n"
        ".popsection");
extern const char spin_here[];

/* A thread that spins at a known place with a known value in every register. */
static struct worker *spinner(seL4_UserContext *context)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word *registers = (word *)context;

    for (word i = 0; i < FS_BASE; i++) {
        registers[i] = 0x1000 + i;
    }
    context->rip = (word)spin_here;
    context->rflags = 0x202;
    context->fs_base = 0x12345000;
    context->gs_base = 0xffff800012345000;
    REQUIRE(write_registers(worker->tcb, true, context, REGISTERS).label == seL4_NoError);
    return worker;
}

static void check_registers(const seL4_UserContext *got, const seL4_UserContext *expected)
{
    for (word i = 0; i < REGISTERS; i++) {
        CHECK_EQUAL(((const word *)got)[i], ((const word *)expected)[i]);
    }
}

static void round_trip(void)
{
    word tcb = new_tcb();
    seL4_UserContext written;
    seL4_UserContext got;
    word *registers = (word *)&written;

    for (word i = 0; i < REGISTERS; i++) {
        registers[i] = 0x7000 + i;
    }
    written.rflags = 0xed7;
    CHECK_OK(write_registers(tcb, false, &written, REGISTERS));
    CHECK_EQUAL(read_registers(tcb, false, &got).length, REGISTERS);
    check_registers(&got, &written);
}

static void running_registers(void)
{
    /* Registers that really were in the CPU: the thread has run, at the main thread's priority. */
    seL4_UserContext written;
    seL4_UserContext got;
    struct worker *worker = spinner(&written);

    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(worker->tcb, true, &got).label, seL4_NoError);
    check_registers(&got, &written);
    /* Suspended now: it does not run, and its registers stay. */
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(worker->tcb, false, &got).label, seL4_NoError);
    check_registers(&got, &written);
}

static void read_errors(void)
{
    word tcb = new_tcb();

    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0, 0), NO_CAPS), seL4_RangeError, 1, 20);
    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0, 21), NO_CAPS), seL4_RangeError, 1, 20);
    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0, ~0ul), NO_CAPS), seL4_RangeError, 1, 20);
    CHECK_REPLY(invoke(seL4_CapInitThreadTCB, TCB_READ_REGISTERS, ARGS(0, 20), NO_CAPS),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(seL4_CapInitThreadTCB, TCB_READ_REGISTERS, ARGS(0, 0), NO_CAPS),
                seL4_RangeError, 1, 20);
}

static void read_some(void)
{
    word tcb = new_tcb();
    seL4_UserContext context = {
        .rip = 0x1000, .rsp = 0x2000, .rflags = 0x202, .rax = 3, .rbx = 4, .rcx = 5};

    CHECK_OK(write_registers(tcb, false, &context, REGISTERS));
    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0, 1), NO_CAPS), seL4_NoError, 0x1000);
    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0, 4), NO_CAPS), seL4_NoError, 0x1000, 0x2000,
                0x202, 3);
    CHECK_REPLY(invoke(tcb, TCB_READ_REGISTERS, ARGS(0xff00, 6), NO_CAPS), seL4_NoError, 0x1000,
                0x2000, 0x202, 3, 4, 5);
}

static void read_without_buffer(void)
{
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});
    word tcb = new_tcb();
    seL4_UserContext context = {.rip = 0x1000, .rsp = 0x2000, .rflags = 0x202, .rax = 3};

    CHECK_OK(write_registers(tcb, false, &context, REGISTERS));
    add_step(worker, CALL, tcb, message_info(TCB_READ_REGISTERS, 0, 2), 0, 20, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(0, 0, 4));
    CHECK_EQUAL(worker->outcomes[0].mr[0], 0x1000);
    CHECK_EQUAL(worker->outcomes[0].mr[3], 3);
}

static void write_errors(void)
{
    word tcb = new_tcb();

    CHECK_REPLY(invoke(tcb, TCB_WRITE_REGISTERS, ARGS(0, 1), NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(invoke(tcb, TCB_WRITE_REGISTERS, ARGS(0, 3, 1, 2), NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(invoke(tcb, TCB_WRITE_REGISTERS, ARGS(0, ~0ul, 1, 2), NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapInitThreadTCB, TCB_WRITE_REGISTERS, ARGS(0, 2, 1, 2), NO_CAPS),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(seL4_CapInitThreadTCB, TCB_WRITE_REGISTERS, ARGS(0, 3, 1, 2), NO_CAPS),
                seL4_TruncatedMessage);
}

static void write_some(void)
{
    word tcb = new_tcb();
    seL4_UserContext context = {.rip = 0x1000, .rsp = 0x2000, .rflags = 0x202, .rax = 3, .rbx = 4};
    seL4_UserContext got;

    CHECK_OK(write_registers(tcb, false, &context, REGISTERS));
    CHECK_OK(invoke(tcb, TCB_WRITE_REGISTERS, ARGS(0, 2, 0x3000, 0x4000, 0x5000), NO_CAPS));
    CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
    context.rip = 0x3000;
    context.rsp = 0x4000;
    check_registers(&got, &context);
    CHECK_OK(invoke(tcb, TCB_WRITE_REGISTERS, ARGS(0, 0), NO_CAPS));
    CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
    check_registers(&got, &context);
}

static void write_more_than_there_are(void)
{
    word tcb = new_tcb();
    word args[2 + 30] = {0, 30};
    seL4_UserContext got;

    for (word i = 0; i < 30; i++) {
        args[2 + i] = i == RFLAGS ? 0x202 : 0x100 * i;
    }
    CHECK_OK(invoke(tcb, TCB_WRITE_REGISTERS, args, 32, NULL, 0));
    CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
    CHECK_EQUAL(got.rsp, 0x100);
    CHECK_EQUAL(got.gs_base, 0x1300);
}

static void flags_are_sanitised(void)
{
    word tcb = new_tcb();
    static const struct {
        word written, read;
    } cases[] = {
        {0, 0x202},         {~0ul, 0xed7},      {1ul << 8, 0x202},  {3ul << 12, 0x202},
        {1ul << 14, 0x202}, {1ul << 17, 0x202}, {1ul << 18, 0x202}, {1ul << 21, 0x202},
        {0x28, 0x202},      {0xcd5, 0xed7},     {1ul << 63, 0x202},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        seL4_UserContext context = {.rflags = cases[i].written};
        seL4_UserContext got;

        CHECK_OK(write_registers(tcb, false, &context, REGISTERS));
        CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
        CHECK_EQUAL(got.rflags, cases[i].read);
    }
}

static void addresses_are_sanitised(void)
{
    word tcb = new_tcb();
    static const struct {
        word written;
        bool kept;
    } cases[] = {
        {0x00007fffffffffff, true},
        {0x0000800000000000, false},
        {0xffff7fffffffffff, false},
        {0xffff800000000000, true},
        {~0ul, true},
        {0x1234567812345678, false},
        {1ul << 47, false},
        {1ul << 63, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        word expected = cases[i].kept ? cases[i].written : 0;
        seL4_UserContext context = {.rip = cases[i].written,
                                    .rsp = cases[i].written,
                                    .fs_base = cases[i].written,
                                    .gs_base = cases[i].written};
        seL4_UserContext got;

        CHECK_OK(write_registers(tcb, false, &context, REGISTERS));
        CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
        CHECK_EQUAL(got.rip, expected);
        CHECK_EQUAL(got.fs_base, expected);
        CHECK_EQUAL(got.gs_base, expected);
        CHECK_EQUAL(got.rsp, cases[i].written);
    }
}

/* ---- CopyRegisters ---- */

enum { SUSPEND_SOURCE = 1, RESUME_TARGET = 2, FRAME_REGISTERS = 4, INTEGER_REGISTERS = 8 };

static struct reply copy_registers(word target, word flags, word source)
{
    return invoke(target, TCB_COPY_REGISTERS, ARGS(flags), CAPS(source));
}

static void fill(word tcb, word base)
{
    seL4_UserContext context;

    for (word i = 0; i < REGISTERS; i++) {
        ((word *)&context)[i] = base + i;
    }
    context.rflags = 0x202;
    REQUIRE(write_registers(tcb, false, &context, REGISTERS).label == seL4_NoError);
}

static void copy_parts(void)
{
    for (word flags = 0; flags <= (FRAME_REGISTERS | INTEGER_REGISTERS); flags += FRAME_REGISTERS) {
        word source = new_tcb();
        word target = new_tcb();
        seL4_UserContext got;

        fill(source, 0x1000);
        fill(target, 0x2000);
        CHECK_OK(copy_registers(target, flags, source));
        CHECK_EQUAL(read_registers(target, false, &got).label, 0);
        for (word i = 0; i < REGISTERS; i++) {
            bool copied = flags & (i < FS_BASE ? FRAME_REGISTERS : INTEGER_REGISTERS);

            if (i != RFLAGS) {
                CHECK_EQUAL(((word *)&got)[i], (copied ? 0x1000 : 0x2000) + i);
            }
        }
    }
}

static void copy_errors(void)
{
    CHECK_REPLY(copy_registers(new_tcb(), 0, new_endpoint()), seL4_InvalidCapability, 1);
    CHECK_REPLY(copy_registers(new_tcb(), 0, new_slot()), seL4_InvalidCapability, 1);
}

static void copy_and_run(void)
{
    struct worker *target = new_worker(MAIN_PRIORITY);
    seL4_UserContext written;
    seL4_UserContext got;
    struct worker *source = spinner(&written);

    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_OK(copy_registers(target->tcb,
                            SUSPEND_SOURCE | RESUME_TARGET | FRAME_REGISTERS | INTEGER_REGISTERS,
                            source->tcb));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(target->tcb, true, &got).label, 0);
    check_registers(&got, &written);
    CHECK_EQUAL(read_registers(source->tcb, false, &got).label, 0);
    check_registers(&got, &written);
}

static void copy_from_caller(void)
{
    /* The caller itself may be the source: its rip is the system call's. */
    word tcb = new_tcb();
    seL4_UserContext got;

    CHECK_OK(copy_registers(tcb, FRAME_REGISTERS | INTEGER_REGISTERS, seL4_CapInitThreadTCB));
    CHECK_EQUAL(read_registers(tcb, false, &got).label, 0);
    CHECK(is_syscall(got.rip));
    CHECK_EQUAL(got.rdx, (word)CALL);
    CHECK_EQUAL(got.rdi, tcb);
    CHECK_EQUAL(got.rsi, message_info(TCB_COPY_REGISTERS, 1, 1));
    word base;
    __asm__("movq %%fs:0, %0" : "=r"(base));
    CHECK_EQUAL(got.fs_base, base);
}

/* ---- Suspend and Resume ---- */

static void count_forever(struct worker *worker)
{
    for (;;) {
        worker->result[0]++;
    }
}

static void suspend_stops(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word counted;

    start_function(worker, count_forever);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_OK(suspend_thread(worker->tcb));
    counted = worker->result[0];
    CHECK(counted > 0);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(worker->result[0], counted);
    /* It goes on where it was. */
    CHECK_OK(resume_thread(worker->tcb));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_OK(suspend_thread(worker->tcb));
    CHECK(worker->result[0] > counted);
}

static void resume_of_running(void)
{
    struct worker *worker = new_worker(MAIN_PRIORITY);
    word counted;

    start_function(worker, count_forever);
    CHECK_OK(resume_thread(worker->tcb));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_OK(resume_thread(worker->tcb));
    counted = worker->result[0];
    CHECK(counted > 0);
    CHECK_OK(resume_thread(seL4_CapInitThreadTCB));
}

static void self_suspension(void)
{
    /*
     * The restart address is still the system call: once resumed, the thread suspends itself again.
     */
    struct worker *worker = new_worker(MIDDLE);
    seL4_UserContext got;

    add_step(worker, CALL, worker->tcb, message_info(TCB_SUSPEND, 0, 0), 0, 0, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 0);
    CHECK_EQUAL(read_registers(worker->tcb, false, &got).label, 0);
    CHECK(is_syscall(got.rip));
    CHECK_OK(resume_thread(worker->tcb));
    settle();
    CHECK_EQUAL(worker->completed, 0);
    /*
     * Another thread moves it on. The stack pointer is lost in a system call, so it must be given
     * as well.
     */
    got.rip += 2;
    got.rsp = got.rbx;
    CHECK_OK(write_registers(worker->tcb, true, &got, REGISTERS));
    settle();
    CHECK_EQUAL(worker->completed, 1);
}

static void suspended_after_call(void)
{
    /*
     * A thread that finished a system call, but did not come back to user mode yet, does not repeat
     * it.
     */
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);
    seL4_UserContext got;

    add_message(worker, SEND, new_minted(notification, WRITE, 4), 0, 0);
    start_script(worker);
    /* The signal wakes the main thread, which preempts the worker at once. */
    system_call(RECV, notification, 0, 0, 0, 0, 0);
    CHECK_EQUAL(worker->completed, 0);
    CHECK_EQUAL(read_registers(worker->tcb, true, &got).label, 0);
    CHECK(is_syscall(got.rip - 2));
    CHECK_OK(resume_thread(worker->tcb));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(poll_word(notification), 0);
}

static void blocked_restart_address(void)
{
    struct worker *worker = new_worker(MIDDLE);
    seL4_UserContext got;

    add_message(worker, RECV, new_endpoint(), 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(read_registers(worker->tcb, false, &got).label, 0);
    CHECK(is_syscall(got.rip));
    CHECK_EQUAL(got.rdx, (word)RECV);
    CHECK_EQUAL(got.r10, 0x1111);
}

static void write_wakes_nobody(void)
{
    /* Without the resume flag the thread stays blocked; with it, it starts at the new place. */
    struct worker *worker = new_worker(MIDDLE);
    word endpoint = new_endpoint();
    seL4_UserContext context = {0};

    add_message(worker, RECV, endpoint, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(read_registers(worker->tcb, false, &context).label, 0);
    CHECK_OK(write_registers(worker->tcb, false, &context, REGISTERS));
    settle();
    CHECK_EQUAL(worker->completed, 0);
    context.rip += 2;
    context.rsp = context.rbx;
    CHECK_OK(write_registers(worker->tcb, true, &context, REGISTERS));
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].mr[0], 0x1111);
}

static void full_restore_after_write(void)
{
    /*
     * rcx and r11 reach a thread whose registers were written, although it had entered with a
     * system call.
     */
    seL4_UserContext written;
    seL4_UserContext got;
    struct worker *worker = new_worker(MAIN_PRIORITY);

    add_message(worker, RECV, new_endpoint(), 0, 0);
    start_script(worker);
    settle();
    for (word i = 0; i < REGISTERS; i++) {
        ((word *)&written)[i] = 0x9000 + i;
    }
    written.rip = (word)spin_here;
    written.rflags = 0x202;
    CHECK_OK(write_registers(worker->tcb, true, &written, REGISTERS));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(worker->tcb, true, &got).label, 0);
    check_registers(&got, &written);
}

static const struct test tests[] = {
    {"registers-round-trip", "what is written is read back", round_trip},
    {"registers-running", "the registers of a thread that has run", running_registers},
    {"registers-read-errors", "ReadRegisters' errors", read_errors},
    {"registers-read-some", "ReadRegisters of fewer registers", read_some},
    {"registers-read-no-buffer", "a reader without buffer gets four registers",
     read_without_buffer},
    {"registers-write-errors", "WriteRegisters' errors", write_errors},
    {"registers-write-some", "WriteRegisters of fewer registers", write_some},
    {"registers-write-many", "a count above 20 is cut", write_more_than_there_are},
    {"registers-flags", "rflags are sanitised", flags_are_sanitised},
    {"registers-canonical", "rip and bases are sanitised", addresses_are_sanitised},
    {"registers-copy-parts", "CopyRegisters copies what is asked for", copy_parts},
    {"registers-copy-errors", "CopyRegisters' errors", copy_errors},
    {"registers-copy-run", "CopyRegisters suspends and resumes", copy_and_run},
    {"registers-copy-self", "CopyRegisters from the caller", copy_from_caller},
    {"suspend-stops", "a suspended thread stops and goes on", suspend_stops},
    {"resume-running", "Resume of a running thread does nothing", resume_of_running},
    {"suspend-self", "a thread that suspends itself repeats that", self_suspension},
    {"suspend-after-call", "a call that is done is not done again", suspended_after_call},
    {"suspend-blocked-rip", "a blocked thread's rip is its system call", blocked_restart_address},
    {"write-blocked", "WriteRegisters of a blocked thread", write_wakes_nobody},
    {"write-full-restore", "all registers reach a rewritten thread", full_restore_after_write},
};

SUBJECT(registers, tests);
