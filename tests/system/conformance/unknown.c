/* Unknown system calls, and the other ways in that users may try (contract 1.1, 5). */
#include "criminal.h"

CRIME(crime_int_0xa0,
      "movl $0x123456, %eax; .global crime_int_0xa0_at; crime_int_0xa0_at: int $0xa0");
CRIME(crime_int_0xfe,
      "movl $0xffffff, %eax; .global crime_int_0xfe_at; crime_int_0xfe_at: int $0xfe");
CRIME(crime_int_0xff, "int $0xff");
CRIME(crime_syscall, "movq %rdi, %rdx; .global crime_syscall_at; crime_syscall_at: syscall");
CRIME(crime_sysenter, "sysenter");
CRIME(crime_none, "nop");
extern const char crime_int_0xa0_at[], crime_int_0xfe_at[], crime_syscall_at[];

static void unknown_syscalls(void)
{
    static const word numbers[] = {0, 1, 100, -17ul, -27ul, -29ul, -31ul, -1000ul};

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reply message = commit(new_criminal(MIDDLE), crime_syscall, numbers[i]);

        CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
        CHECK_EQUAL(message.length, 19);
        CHECK_EQUAL(message.mr[18], numbers[i]);
        CHECK_EQUAL(message.mr[3], numbers[i]);
        CHECK_EQUAL(message.mr[15], low(crime_syscall_at));
    }
}

/* Kernels for one CPU have no calls about other CPUs. */
static void unknown_syscalls_about_cpus(void)
{
    static const word numbers[] = {DEBUG_SEND_IPI, DEBUG_GET_THREAD_AFFINITY};

    if (HAS_AFFINITY) {
        skip("this profile knows of several CPUs");
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reply message = commit(new_criminal(MIDDLE), crime_syscall, numbers[i]);

        CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
        CHECK_EQUAL(message.mr[18], numbers[i]);
    }
}

static void unknown_syscalls_64_bit(void)
{
    /* The number is taken as 64 bits: 0xfffffff8 is not -8. */
    static const word numbers[] = {0x7fffffffffffffff, 0xffffffff, 0xfffffff8, 1ul << 63,
                                   0xffffffff00000000};

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reply message = commit(new_criminal(MIDDLE), crime_syscall, numbers[i]);

        CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
        CHECK_EQUAL(message.mr[18], numbers[i]);
    }
}

/*
 * All registers of a thread that makes an unknown system call, in the order of the message
 * (contract 5.2).
 */
static const word message_order[] = {RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8,  R9,
                                     R10, R11, R12, R13, R14, R15, RIP, RSP, RFLAGS};

static void unknown_syscall_registers(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    seL4_UserContext context;
    word *registers = (word *)&context;
    struct reply message;

    for (word i = 0; i < REGISTERS; i++) {
        registers[i] = 0x5000 + i;
    }
    context.rip = low(crime_syscall_at);
    context.rflags = 0x202;
    context.rdx = 77;
    CHECK_OK(write_registers(criminal.worker->tcb, true, &context, REGISTERS));
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
    CHECK_EQUAL(message.length, 19);
    for (word i = 0; i < COUNT_OF(message_order); i++) {
        /* rsp, rcx and r11 are stale in a system call: what was last written, here. */
        CHECK_EQUAL(message.mr[i], registers[message_order[i]]);
    }
    CHECK_EQUAL(message.mr[18], 77);
}

static void unknown_syscall_reply(void)
{
    /* The reply sets the registers; then the thread spins, so that they can be read. */
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_syscall, 5);
    seL4_UserContext got;
    word words[18];

    CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
    for (word i = 0; i < COUNT_OF(words); i++) {
        words[i] = 0x6000 + i;
    }
    words[15] = low(crime_none_after);
    words[17] = 0x202 | 0x100 | 0x3000;
    for (word i = 4; i < COUNT_OF(words); i++) {
        main_buffer->msg[i] = words[i];
    }
    system_call(REPLY, 0, message_info(0, 0, 18), words[0], words[1], words[2], words[3]);
    /* rcx, r11 and rsp do not reach a thread that leaves as it entered, with sysret. */
    CHECK_EQUAL(read_registers(criminal.worker->tcb, false, &got).label, 0);
    CHECK_OK(set_priority(criminal.worker->tcb, MAIN_PRIORITY));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &got).label, 0);
    for (word i = 0; i < COUNT_OF(words); i++) {
        word index = message_order[i];

        if (index != RCX && index != R11 && index != RSP && index != RIP && index != RFLAGS) {
            CHECK_EQUAL(((word *)&got)[index], words[i]);
        }
    }
    CHECK(got.rip >= low(crime_none_after) && got.rip < low(crime_none_after) + 8);
    CHECK_EQUAL(got.rflags, 0x202);
    CHECK_EQUAL(got.rsp, 0);
    CHECK_EQUAL(got.rcx, low(crime_none_after));
    CHECK_EQUAL(got.r11, 0x202);
}

static void unknown_syscall_emulated(void)
{
    /* A handler that plays kernel: result in rax, on to the next instruction. */
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_syscall, 39);
    seL4_UserContext got;

    for (word i = 4; i < 18; i++) {
        main_buffer->msg[i] = message.mr[i];
    }
    main_buffer->msg[15] += 2;
    system_call(REPLY, 0, message_info(0, 0, 18), 1234, message.mr[1], message.mr[2],
                message.mr[3]);
    CHECK_OK(set_priority(criminal.worker->tcb, MAIN_PRIORITY));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &got).label, 0);
    CHECK_EQUAL(got.rax, 1234);
    CHECK(got.rip >= low(crime_syscall_after));
}

static void unknown_syscall_stop(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_syscall, 5);
    seL4_UserContext got;

    system_call(REPLY, 0, message_info(3, 0, 1), 0x1234, 0, 0, 0);
    settle();
    CHECK(!poll_message(criminal.faults, &message));
    CHECK_EQUAL(read_registers(criminal.worker->tcb, false, &got).label, 0);
    CHECK_EQUAL(got.rax, 0x1234);
    CHECK_EQUAL(got.rip, low(crime_syscall_at));
}

static void software_interrupts(void)
{
    struct reply first = commit(new_criminal(MIDDLE), crime_int_0xa0, 0);
    struct reply last = commit(new_criminal(MIDDLE), crime_int_0xfe, 0);

    CHECK_EQUAL(first.label, UNKNOWN_SYSCALL);
    CHECK_EQUAL(first.mr[18], 0xffffffffa0123456);
    CHECK_EQUAL(first.mr[15], low(crime_int_0xa0_at));
    CHECK_EQUAL(last.label, UNKNOWN_SYSCALL);
    CHECK_EQUAL(last.mr[18], 0xfffffffffeffffff);
    CHECK_EQUAL(last.mr[15], low(crime_int_0xfe_at));
}

static void ignored_interrupt(void)
{
    struct criminal criminal = new_criminal(MAIN_PRIORITY);
    seL4_UserContext got;
    struct reply message;

    start_at(criminal.worker, crime_int_0xff, 0);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK(!poll_message(criminal.faults, &message));
    CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &got).label, 0);
    CHECK(got.rip >= low(crime_int_0xff_after) && got.rip < low(crime_int_0xff_after) + 8);
}

static void sysenter(void)
{
    struct reply message = commit(new_criminal(MIDDLE), crime_sysenter, 0);

    /*
     * Not this kernel's way in: some CPUs do not know it in 64-bit mode, others find it switched
     * off.
     */
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK(message.mr[3] == 6 || message.mr[3] == 13);
}

static const struct test tests[] = {
    {"fault-unknown-syscall", "unknown system calls", unknown_syscalls},
    {"fault-unknown-cpus", "profiles for one CPU know no calls about others",
     unknown_syscalls_about_cpus},
    {"fault-unknown-64-bit", "system call numbers have 64 bits", unknown_syscalls_64_bit},
    {"fault-unknown-registers", "the message holds all registers", unknown_syscall_registers},
    {"fault-unknown-reply", "the reply sets all registers but three", unknown_syscall_reply},
    {"fault-unknown-emulated", "a handler emulates a system call", unknown_syscall_emulated},
    {"fault-unknown-stop", "a reply with a label stops the thread, registers set",
     unknown_syscall_stop},
    {"fault-soft-interrupts", "int 0xa0 to 0xfe are unknown system calls", software_interrupts},
    {"fault-int-0xff", "int 0xff is ignored", ignored_interrupt},
    {"fault-sysenter", "sysenter is an exception", sysenter},
};

SUBJECT(unknown, tests);
