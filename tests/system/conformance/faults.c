/* Fault messages and what their replies do (contract 5). Capability faults of each lookup failure: lookup.c. */
#include "harness.h"

/*
 * One small program per crime. Each ends in a loop, so that a fault that is not noticed, or not skipped as asked, does no
 * further harm. rdi is the crime's argument.
 */
#define CRIME(name, code) \
    __asm__(".pushsection .text\n.global " #name "\n" #name ": " code "\n.global " #name "_after\n" \
            #name "_after: 1: pause; jmp 1b\n.popsection"); \
    extern const char name[], name##_after[]

CRIME(crime_read, "movq (%rdi), %rax");
CRIME(crime_write, "movq %rax, (%rdi)");
CRIME(crime_jump, "jmpq *%rdi");
CRIME(crime_divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx; .global crime_divide_at; crime_divide_at: divl %ecx");
CRIME(crime_undefined, "ud2");
CRIME(crime_breakpoint, "int3");
CRIME(crime_int3, ".byte 0xcd, 3");
CRIME(crime_int_0x20, "int $0x20");
CRIME(crime_int_0x80, "int $0x80");
CRIME(crime_int_2, "int $2");
CRIME(crime_int_14, "int $14");
CRIME(crime_int_0x9f, "int $0x9f");
CRIME(crime_int_0xa0, "movl $0x123456, %eax; .global crime_int_0xa0_at; crime_int_0xa0_at: int $0xa0");
CRIME(crime_int_0xfe, "movl $0xffffff, %eax; .global crime_int_0xfe_at; crime_int_0xfe_at: int $0xfe");
CRIME(crime_int_0xff, "int $0xff");
CRIME(crime_halt, "hlt");
CRIME(crime_cli, "cli");
CRIME(crime_in, "inb $0x60, %al");
CRIME(crime_wrmsr, "wrmsr");
CRIME(crime_non_canonical, "movabsq $0x8000000000000000, %rax; .global crime_non_canonical_at;"
                           "crime_non_canonical_at: movq (%rax), %rax");
CRIME(crime_non_canonical_jump, "movabsq $0x8000000000000000, %rax; .global crime_non_canonical_jump_at;"
                                "crime_non_canonical_jump_at: jmpq *%rax");
CRIME(crime_syscall, "movq %rdi, %rdx; .global crime_syscall_at; crime_syscall_at: syscall");
CRIME(crime_sysenter, "sysenter");
CRIME(crime_step, "pushfq; orq $0x100, (%rsp); popfq; nop; .global crime_step_at; crime_step_at: nop");
CRIME(crime_alignment, "pushfq; orq $0x40000, (%rsp); popfq; .global crime_alignment_at;"
                       "crime_alignment_at: movl 1(%rdi), %eax; pushfq; andq $~0x40000, (%rsp); popfq");
CRIME(crime_x87, "fninit; pushq $0x37b; fldcw (%rsp); fld1; pushq $0; fidivl (%rsp); .global crime_x87_at; crime_x87_at: fwait");
CRIME(crime_none, "nop");
extern const char crime_divide_at[], crime_int_0xa0_at[], crime_int_0xfe_at[], crime_non_canonical_at[];
extern const char crime_non_canonical_jump_at[], crime_syscall_at[], crime_step_at[], crime_alignment_at[], crime_x87_at[];

struct criminal {
    struct worker *worker;
    word faults;
    word badge;
};

static struct criminal new_criminal(word priority)
{
    struct criminal criminal = { NULL, new_endpoint(), 0x4321 };
    word path = new_minted(criminal.faults, ALL_RIGHTS, criminal.badge);

    criminal.worker = make_worker((struct worker_options){ .priority = priority, .fault_endpoint = path });
    return criminal;
}

static struct reply commit(struct criminal criminal, const char *crime, word argument)
{
    struct reply message;

    start_at(criminal.worker, crime, argument);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.badge, criminal.badge);
    CHECK_EQUAL(message.extra_caps, 0);
    return message;
}

static word low(const char *label)
{
    return (word)label;
}

/* ---- Page faults ---- */

enum { PRESENT = 1, WRITING = 2, USER = 4, RESERVED = 8, FETCH = 16 };

static void vm_fault_unmapped(void)
{
    struct reply read = commit(new_criminal(MIDDLE), crime_read, TEST_ADDRESS + 8);
    struct reply write = commit(new_criminal(MIDDLE), crime_write, TEST_ADDRESS + 16);
    struct reply null = commit(new_criminal(MIDDLE), crime_read, 0);

    CHECK_MESSAGE(read, VM_FAULT, low(crime_read), TEST_ADDRESS + 8, 0, USER);
    CHECK_MESSAGE(write, VM_FAULT, low(crime_write), TEST_ADDRESS + 16, 0, USER | WRITING);
    CHECK_MESSAGE(null, VM_FAULT, low(crime_read), 0, 0, USER);
}

static void vm_fault_fetch(void)
{
    struct reply message = commit(new_criminal(MIDDLE), crime_jump, TEST_ADDRESS + 4);

    /* Whether a fetch is marked as such depends on the CPU; the two places agree in any case. */
    CHECK_MESSAGE(message, VM_FAULT, TEST_ADDRESS + 4, TEST_ADDRESS + 4, message.mr[3] >> 4, message.mr[3]);
    CHECK_EQUAL(message.mr[3] & ~(word)FETCH, USER);
}

static void vm_fault_kernel_half(void)
{
    struct reply read = commit(new_criminal(MIDDLE), crime_read, 0xffffffff80000000);
    struct reply top = commit(new_criminal(MIDDLE), crime_read, 0xfffffffffffffff8);
    struct reply window = commit(new_criminal(MIDDLE), crime_write, 0xffff800000000000);

    CHECK_EQUAL(read.label, VM_FAULT);
    CHECK_EQUAL(read.mr[1], 0xffffffff80000000);
    CHECK_EQUAL(read.mr[3] & USER, USER);
    CHECK_EQUAL(top.label, VM_FAULT);
    CHECK_EQUAL(window.label, VM_FAULT);
    CHECK_EQUAL(window.mr[3] & (USER | WRITING), USER | WRITING);
}

static void vm_fault_read_only(void)
{
    word frame = new_frame();
    struct reply message;

    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, READ, 0));
    message = commit(new_criminal(MIDDLE), crime_write, TEST_ADDRESS);
    CHECK_MESSAGE(message, VM_FAULT, low(crime_write), TEST_ADDRESS, 0, USER | WRITING | PRESENT);
}

static void vm_fault_resolved(void)
{
    /* The usual pager: map the page, reply with anything; the thread tries again. */
    struct criminal criminal = new_criminal(MIDDLE);
    seL4_UserContext context;

    commit(criminal, crime_write, TEST_ADDRESS);
    new_mapped_frame(TEST_ADDRESS);
    system_call(REPLY, 0, message_info(99, 0, 3), 1, 2, 3, 0);
    CHECK_OK(set_priority(criminal.worker->tcb, MAIN_PRIORITY));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &context).label, 0);
    CHECK(context.rip >= low(crime_write_after));
}

static void vm_fault_again(void)
{
    /* A reply without a mapping: the same fault comes again. */
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply first = commit(criminal, crime_read, TEST_ADDRESS);
    struct reply again;

    system_call(REPLY, 0, message_info(0, 0, 0), 0, 0, 0, 0);
    again = caught_fault(criminal.faults);
    CHECK_MESSAGE(again, VM_FAULT, first.mr[0], first.mr[1], first.mr[2], first.mr[3]);
}

/* ---- Exceptions ---- */

/* Commits a crime and checks the whole message: where, with which vector and error code. */
static void check_exception(const char *crime, word argument, const char *where, word vector, word error)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime, argument);

    CHECK_MESSAGE(message, USER_EXCEPTION, low(where), message.mr[1], message.mr[2], vector, error);
    CHECK(message.mr[1] <= stack_top(criminal.worker) && message.mr[1] > stack_top(criminal.worker) - 64);
    CHECK_EQUAL(message.mr[2] & 0x202, 0x202);
}

static void exceptions(void)
{
    check_exception(crime_divide, 0, crime_divide_at, 0, 0);
    check_exception(crime_undefined, 0, crime_undefined, 6, 0);
    check_exception(crime_halt, 0, crime_halt, 13, 0);
    check_exception(crime_cli, 0, crime_cli, 13, 0);
    check_exception(crime_in, 0, crime_in, 13, 0);
    check_exception(crime_wrmsr, 0, crime_wrmsr, 13, 0);
    check_exception(crime_non_canonical, 0, crime_non_canonical_at, 13, 0);
}

static void breakpoints(void)
{
    /* A trap: the address is that of the next instruction. */
    check_exception(crime_breakpoint, 0, crime_breakpoint_after, 3, 0);
    check_exception(crime_int3, 0, crime_int3_after, 3, 0);
}

static void single_step(void)
{
    /* The trap comes after the instruction that follows the one that set the flag. */
    check_exception(crime_step, 0, crime_step_at, 1, 0);
}

static void forbidden_interrupts(void)
{
    /* The error code names the gate: vector * 8 + 2. */
    check_exception(crime_int_0x20, 0, crime_int_0x20, 13, 0x20 * 8 + 2);
    check_exception(crime_int_0x80, 0, crime_int_0x80, 13, 0x80 * 8 + 2);
    check_exception(crime_int_2, 0, crime_int_2, 13, 2 * 8 + 2);
    check_exception(crime_int_14, 0, crime_int_14, 13, 14 * 8 + 2);
    check_exception(crime_int_0x9f, 0, crime_int_0x9f, 13, 0x9f * 8 + 2);
}

static void x87_error(void)
{
    check_exception(crime_x87, 0, crime_x87_at, 16, 0);
}

static void alignment(void)
{
    /* The kernel enables alignment checks or not; where they are off the access succeeds. */
    struct criminal criminal = new_criminal(MAIN_PRIORITY);
    struct reply message;
    static word data[2];

    start_at(criminal.worker, crime_alignment, (word)data);
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    if (poll_message(criminal.faults, &message)) {
        CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_alignment_at), message.mr[1], message.mr[2], 17, 0);
    } else {
        seL4_UserContext context;

        CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &context).label, 0);
        CHECK(context.rip >= low(crime_alignment_after));
    }
}

static void non_canonical_jump(void)
{
    struct reply message = commit(new_criminal(MIDDLE), crime_non_canonical_jump, 0);

    /* CPUs differ in whether the jump or the fetch faults; the address reported is canonical or the jump's target. */
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK_EQUAL(message.length, 5);
    CHECK_EQUAL(message.mr[3], 13);
    CHECK(message.mr[0] == low(crime_non_canonical_jump_at) || message.mr[0] == 0x8000000000000000);
}

static void exception_skipped(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_undefined, 0);
    seL4_UserContext context;

    system_call(REPLY, 0, message_info(0, 0, 3), low(crime_undefined_after), message.mr[1] - 32,
                message.mr[2] | 0x40000 | 0x3000 | 0x101, 0);
    CHECK_OK(set_priority(criminal.worker->tcb, MAIN_PRIORITY));
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    CHECK(!poll_message(criminal.faults, &message));
    CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &context).label, 0);
    CHECK(context.rip >= low(crime_undefined_after) && context.rip < low(crime_undefined_after) + 8);
    CHECK_EQUAL(context.rsp, stack_top(criminal.worker) - 8 - 32);
    CHECK_EQUAL(context.rflags & ~0x8d4ul, 0x203);
}

static void exception_short_reply(void)
{
    /* Only rip is in the reply: the rest stays. */
    struct criminal criminal = new_criminal(MIDDLE);
    seL4_UserContext context;
    struct reply message = commit(criminal, crime_undefined, 0);

    system_call(REPLY, 0, message_info(0, 0, 1), low(crime_halt), 0, 0, 0);
    message = caught_fault(criminal.faults);
    CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_halt), stack_top(criminal.worker) - 8, message.mr[2], 13, 0);
    /* And with an empty reply, the instruction is tried again. */
    system_call(REPLY, 0, message_info(0, 0, 0), 0, 0, 0, 0);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.mr[0], low(crime_halt));
    CHECK_EQUAL(read_registers(criminal.worker->tcb, false, &context).label, 0);
    CHECK_EQUAL(context.rip, low(crime_halt));
}

static void exception_stop(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_undefined, 0);
    seL4_UserContext context;

    system_call(REPLY, 0, message_info(1, 0, 1), low(crime_halt), 0, 0, 0);
    settle();
    CHECK(!poll_message(criminal.faults, &message));
    /* Its registers were taken all the same; resumed, it goes on there. */
    CHECK_EQUAL(read_registers(criminal.worker->tcb, false, &context).label, 0);
    CHECK_EQUAL(context.rip, low(crime_halt));
    CHECK_OK(resume_thread(criminal.worker->tcb));
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.mr[0], low(crime_halt));
}

static void bad_rip_in_reply(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_undefined, 0);

    system_call(REPLY, 0, message_info(0, 0, 1), 0x8000000000000000, 0, 0, 0);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[0], 0);
}

/* ---- Unknown system calls ---- */

static void unknown_syscalls(void)
{
    static const word numbers[] = { 0, 1, 100, -17ul, -27ul, -29ul, -31ul, -1000ul };

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reply message = commit(new_criminal(MIDDLE), crime_syscall, numbers[i]);

        CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
        CHECK_EQUAL(message.length, 19);
        CHECK_EQUAL(message.mr[18], numbers[i]);
        CHECK_EQUAL(message.mr[3], numbers[i]);
        CHECK_EQUAL(message.mr[15], low(crime_syscall_at));
    }
}

static void unknown_syscalls_64_bit(void)
{
    /* The number is taken as 64 bits: 0xfffffff8 is not -8. */
    static const word numbers[] = { 0x7fffffffffffffff, 0xffffffff, 0xfffffff8, 1ul << 63, 0xffffffff00000000 };

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct reply message = commit(new_criminal(MIDDLE), crime_syscall, numbers[i]);

        CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
        CHECK_EQUAL(message.mr[18], numbers[i]);
    }
}

/* All registers of a thread that makes an unknown system call, in the order of the message (contract 5.2). */
static const word message_order[] = { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, RIP, RSP,
                                      RFLAGS };

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
    system_call(REPLY, 0, message_info(0, 0, 18), 1234, message.mr[1], message.mr[2], message.mr[3]);
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

    /* Not this kernel's way in: some CPUs do not know it in 64-bit mode, others find it switched off. */
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK(message.mr[3] == 6 || message.mr[3] == 13);
}

/* ---- Handlers ---- */

static void handler_rights(void)
{
    /* The handler's capability needs Write and one of the grants; otherwise the thread just stops. */
    static const struct { word rights; bool good; } cases[] = {
        { WRITE | GRANT, true }, { WRITE | GRANT_REPLY, true }, { WRITE | READ, false }, { READ | GRANT, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        word faults = new_endpoint();
        word path = new_copy(faults, cases[i].rights);
        struct worker *worker = make_worker((struct worker_options){ .priority = MIDDLE, .fault_endpoint = path });
        struct reply message;

        start_at(worker, crime_undefined, 0);
        settle();
        CHECK_EQUAL(poll_message(faults, &message), cases[i].good);
    }
}

static void handler_is_no_endpoint(void)
{
    struct worker *worker = make_worker((struct worker_options){ .priority = MIDDLE,
                                                                 .fault_endpoint = new_notification() });
    seL4_UserContext got;

    start_at(worker, crime_undefined, 0);
    settle();
    CHECK_EQUAL(read_registers(worker->tcb, false, &got).label, 0);
    CHECK_EQUAL(got.rip, low(crime_undefined));
}

static void handler_looked_up_at_fault(void)
{
    word slot = new_slot();
    word faults = new_endpoint();
    struct worker *worker = make_worker((struct worker_options){ .priority = MIDDLE, .fault_endpoint = slot });

    CHECK_OK(copy_cap(slot, faults, ALL_RIGHTS));
    start_at(worker, crime_undefined, 0);
    CHECK_EQUAL(caught_fault(faults).label, USER_EXCEPTION);
}

static void handler_without_buffer(void)
{
    word faults = new_endpoint();
    struct worker *handler = make_worker((struct worker_options){ .priority = MIDDLE, .no_buffer = true });
    struct worker *worker = make_worker((struct worker_options){ .priority = LOW, .fault_endpoint = faults });

    add_message(handler, RECV, faults, 0, 0);
    start_script(handler);
    start_at(worker, crime_undefined, 0);
    settle();
    CHECK_EQUAL(handler->outcomes[0].rsi, message_info(USER_EXCEPTION, 0, 4));
    CHECK_EQUAL(handler->outcomes[0].mr[0], low(crime_undefined));
    CHECK_EQUAL(handler->outcomes[0].mr[3], 6);
}

static void fault_waits_for_handler(void)
{
    /* A faulting thread queues like a caller; suspended, it leaves; resumed, it faults again. */
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message;

    start_at(criminal.worker, crime_undefined, 0);
    settle();
    CHECK_OK(suspend_thread(criminal.worker->tcb));
    CHECK(!poll_message(criminal.faults, &message));
    CHECK_OK(resume_thread(criminal.worker->tcb));
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.mr[0], low(crime_undefined));
}

static void resume_instead_of_reply(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime_undefined, 0);
    word slot = new_slot();

    CHECK_OK(invoke(ROOT, CNODE_SAVE_CALLER, ARGS(slot, DEPTH), NO_CAPS));
    CHECK_EQUAL(cap_tag(slot), TAG_REPLY);
    CHECK_OK(invoke(criminal.worker->tcb, TCB_WRITE_REGISTERS, ARGS(1, 1, low(crime_halt)), NO_CAPS));
    CHECK_EQUAL(cap_tag(slot), TAG_NULL);
    message = caught_fault(criminal.faults);
    CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_halt), message.mr[1], message.mr[2], 13, 0);
}

static void saved_fault_reply(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    word slot = new_slot();
    struct reply message;

    commit(criminal, crime_undefined, 0);
    CHECK_OK(invoke(ROOT, CNODE_SAVE_CALLER, ARGS(slot, DEPTH), NO_CAPS));
    system_call(SEND, slot, message_info(0, 0, 1), low(crime_halt), 0, 0, 0);
    CHECK_EQUAL(cap_tag(slot), TAG_NULL);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.mr[0], low(crime_halt));
}

static void capability_fault_reply(void)
{
    /* A capability fault's reply is ignored: the call is made again, and succeeds once the capability is there. */
    word faults = new_endpoint();
    word cspace = new_cnode(4);
    word endpoint = new_endpoint();
    struct worker *worker = make_worker((struct worker_options){
        .priority = MIDDLE, .cspace = cspace, .fault_endpoint = 1ul << 60 });
    struct reply message;

    CHECK_OK(put_cap(cspace, 1, 4, faults));
    add_message(worker, RECV, 2ul << 60, 0, 0);
    start_script(worker);
    message = caught_fault(faults);
    CHECK_MESSAGE(message, CAP_FAULT, message.mr[0], 2ul << 60, 1, seL4_MissingCapability, 0);
    CHECK_OK(put_cap(cspace, 2, 4, endpoint));
    system_call(REPLY, 0, message_info(55, 0, 1), 1, 0, 0, 0);
    settle();
    CHECK_EQUAL(worker->completed, 0);
    nb_send(endpoint, 3, NULL, 0);
    settle();
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(info_label(worker->outcomes[0].rsi), 3);
}

static const struct test tests[] = {
    { "fault-vm-unmapped", "reads and writes of unmapped pages", vm_fault_unmapped },
    { "fault-vm-fetch", "a jump to an unmapped page", vm_fault_fetch },
    { "fault-vm-kernel", "the kernel's half is out of reach", vm_fault_kernel_half },
    { "fault-vm-read-only", "a write to a read-only page", vm_fault_read_only },
    { "fault-vm-resolved", "a pager maps the page and replies", vm_fault_resolved },
    { "fault-vm-again", "a fault that is not resolved comes again", vm_fault_again },
    { "fault-exceptions", "exceptions and privileged instructions", exceptions },
    { "fault-breakpoints", "int3 in both encodings", breakpoints },
    { "fault-single-step", "the trap flag set by the user", single_step },
    { "fault-int-n", "software interrupts that users may not make", forbidden_interrupts },
    { "fault-x87", "x87 errors", x87_error },
    { "fault-alignment", "alignment checks asked for by the user", alignment },
    { "fault-non-canonical", "a jump to a non-canonical address", non_canonical_jump },
    { "fault-skip", "the reply sets rip, rsp and rflags, sanitised", exception_skipped },
    { "fault-short-reply", "a short reply sets only what it holds", exception_short_reply },
    { "fault-stop", "a reply with a label stops the thread", exception_stop },
    { "fault-bad-rip", "a non-canonical rip in a reply becomes 0", bad_rip_in_reply },
    { "fault-unknown-syscall", "unknown system calls", unknown_syscalls },
    { "fault-unknown-64-bit", "system call numbers have 64 bits", unknown_syscalls_64_bit },
    { "fault-unknown-registers", "the message holds all registers", unknown_syscall_registers },
    { "fault-unknown-reply", "the reply sets all registers but three", unknown_syscall_reply },
    { "fault-unknown-emulated", "a handler emulates a system call", unknown_syscall_emulated },
    { "fault-unknown-stop", "a reply with a label stops the thread, registers set", unknown_syscall_stop },
    { "fault-soft-interrupts", "int 0xa0 to 0xfe are unknown system calls", software_interrupts },
    { "fault-int-0xff", "int 0xff is ignored", ignored_interrupt },
    { "fault-sysenter", "sysenter is an exception", sysenter },
    { "fault-handler-rights", "what rights a fault endpoint needs", handler_rights },
    { "fault-handler-kind", "a fault handler that is no endpoint", handler_is_no_endpoint },
    { "fault-handler-late", "the handler's CPtr is looked up at the fault", handler_looked_up_at_fault },
    { "fault-handler-no-buffer", "a handler without buffer gets four words", handler_without_buffer },
    { "fault-suspend", "a faulting thread suspended and resumed", fault_waits_for_handler },
    { "fault-resume", "Resume instead of a reply", resume_instead_of_reply },
    { "fault-saved-reply", "a saved reply capability answers a fault", saved_fault_reply },
    { "fault-cap-reply", "a capability fault's reply restarts the call", capability_fault_reply },
};

SUBJECT(faults, tests);
