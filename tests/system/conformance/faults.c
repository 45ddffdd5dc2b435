/*
 * Page faults, exceptions and fault handlers: messages and what their replies do (contract 5).
 * Capability faults of each lookup failure are in lookup.c, unknown system calls in unknown.c.
 */
#include "criminal.h"

CRIME(crime_read, "movq (%rdi), %rax");
CRIME(crime_write, "movq %rax, (%rdi)");
CRIME(crime_jump, "jmpq *%rdi");
CRIME(crime_divide, "xorl %edx, %edx; movl $1, %eax; xorl %ecx, %ecx; .global crime_divide_at; "
                    "crime_divide_at: divl %ecx");
CRIME(crime_undefined, "ud2");
CRIME(crime_breakpoint, "int3");
CRIME(crime_int3, ".byte 0xcd, 3");
CRIME(crime_int_0x20, "int $0x20");
CRIME(crime_int_0x80, "int $0x80");
CRIME(crime_int_2, "int $2");
CRIME(crime_int_14, "int $14");
CRIME(crime_int_0x9f, "int $0x9f");
CRIME(crime_halt, "hlt");
CRIME(crime_cli, "cli");
CRIME(crime_in, "inb $0x60, %al");
CRIME(crime_wrmsr, "wrmsr");
CRIME(crime_non_canonical, "movabsq $0x8000000000000000, %rax; .global crime_non_canonical_at;"
                           "crime_non_canonical_at: movq (%rax), %rax");
CRIME(crime_non_canonical_jump,
      "movabsq $0x8000000000000000, %rax; .global crime_non_canonical_jump_at;"
      "crime_non_canonical_jump_at: jmpq *%rax");
CRIME(crime_step,
      "pushfq; orq $0x100, (%rsp); popfq; nop; .global crime_step_at; crime_step_at: nop");
CRIME(crime_alignment,
      "pushfq; orq $0x40000, (%rsp); popfq; .global crime_alignment_at;"
      "crime_alignment_at: movl 1(%rdi), %eax; pushfq; andq $~0x40000, (%rsp); popfq");
CRIME(crime_x87, "fninit; pushq $0x37b; fldcw (%rsp); fld1; pushq $0; fidivl (%rsp); .global "
                 "crime_x87_at; crime_x87_at: fwait");
extern const char crime_divide_at[], crime_non_canonical_at[], crime_non_canonical_jump_at[];
extern const char crime_step_at[], crime_alignment_at[], crime_x87_at[];

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
    CHECK_MESSAGE(message, VM_FAULT, TEST_ADDRESS + 4, TEST_ADDRESS + 4, message.mr[3] >> 4,
                  message.mr[3]);
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
static void check_exception(const char *crime, word argument, const char *where, word vector,
                            word error)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, crime, argument);

    CHECK_MESSAGE(message, USER_EXCEPTION, low(where), message.mr[1], message.mr[2], vector, error);
    CHECK(message.mr[1] <= stack_top(criminal.worker) &&
          message.mr[1] > stack_top(criminal.worker) - 64);
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

/*
 * The error code names the gate: vector * 8 + 2. QEMU's own interpreter counts in 16-byte gates
 * instead.
 */
static void check_forbidden_interrupt(const char *crime, word vector)
{
    struct reply message = commit(new_criminal(MIDDLE), crime, 0);

    CHECK_MESSAGE(message, USER_EXCEPTION, low(crime), message.mr[1], message.mr[2], 13,
                  message.mr[4]);
    CHECK(message.mr[4] == vector * 8 + 2 || message.mr[4] == vector * 16 + 2);
}

static void forbidden_interrupts(void)
{
    check_forbidden_interrupt(crime_int_0x20, 0x20);
    check_forbidden_interrupt(crime_int_0x80, 0x80);
    check_forbidden_interrupt(crime_int_2, 2);
    check_forbidden_interrupt(crime_int_14, 14);
    check_forbidden_interrupt(crime_int_0x9f, 0x9f);
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
        CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_alignment_at), message.mr[1],
                      message.mr[2], 17, 0);
    } else {
        seL4_UserContext context;

        CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &context).label, 0);
        CHECK(context.rip >= low(crime_alignment_after));
    }
}

static void non_canonical_jump(void)
{
    struct reply message = commit(new_criminal(MIDDLE), crime_non_canonical_jump, 0);

    /*
     * CPUs differ in whether the jump or the fetch faults; the address reported is canonical or the
     * jump's target.
     */
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
    CHECK(context.rip >= low(crime_undefined_after) &&
          context.rip < low(crime_undefined_after) + 8);
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
    CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_halt), stack_top(criminal.worker) - 8,
                  message.mr[2], 13, 0);
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

/* ---- Handlers ---- */

static void handler_rights(void)
{
    /*
     * The handler's capability needs Write and one of the grants; otherwise the thread just stops.
     */
    static const struct {
        word rights;
        bool good;
    } cases[] = {
        {WRITE | GRANT, true},
        {WRITE | GRANT_REPLY, true},
        {WRITE | READ, false},
        {READ | GRANT, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        word faults = new_endpoint();
        word path = new_copy(faults, cases[i].rights);
        struct worker *worker =
            make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = path});
        struct reply message;

        start_at(worker, crime_undefined, 0);
        settle();
        CHECK_EQUAL(poll_message(faults, &message), cases[i].good);
    }
}

static void handler_is_no_endpoint(void)
{
    struct worker *worker = make_worker(
        (struct worker_options){.priority = MIDDLE, .fault_endpoint = new_notification()});
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
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = slot});

    CHECK_OK(copy_cap(slot, faults, ALL_RIGHTS));
    start_at(worker, crime_undefined, 0);
    CHECK_EQUAL(caught_fault(faults).label, USER_EXCEPTION);
}

static void handler_without_buffer(void)
{
    word faults = new_endpoint();
    struct worker *handler =
        make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});
    struct worker *worker =
        make_worker((struct worker_options){.priority = LOW, .fault_endpoint = faults});

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
    CHECK_TAG(slot, TAG_REPLY);
    CHECK_OK(
        invoke(criminal.worker->tcb, TCB_WRITE_REGISTERS, ARGS(1, 1, low(crime_halt)), NO_CAPS));
    CHECK_TAG(slot, TAG_NULL);
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
    CHECK_TAG(slot, TAG_NULL);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.mr[0], low(crime_halt));
}

static void capability_fault_reply(void)
{
    /*
     * A capability fault's reply is ignored: the call is made again, and succeeds once the
     * capability is there.
     */
    word faults = new_endpoint();
    word cspace = new_cnode(4);
    word endpoint = new_endpoint();
    struct worker *worker = make_worker(
        (struct worker_options){.priority = MIDDLE, .cspace = cspace, .fault_endpoint = 1ul << 60});
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
    {"fault-vm-unmapped", "reads and writes of unmapped pages", vm_fault_unmapped},
    {"fault-vm-fetch", "a jump to an unmapped page", vm_fault_fetch},
    {"fault-vm-kernel", "the kernel's half is out of reach", vm_fault_kernel_half},
    {"fault-vm-read-only", "a write to a read-only page", vm_fault_read_only},
    {"fault-vm-resolved", "a pager maps the page and replies", vm_fault_resolved},
    {"fault-vm-again", "a fault that is not resolved comes again", vm_fault_again},
    {"fault-exceptions", "exceptions and privileged instructions", exceptions},
    {"fault-breakpoints", "int3 in both encodings", breakpoints},
    {"fault-single-step", "the trap flag set by the user", single_step},
    {"fault-int-n", "software interrupts that users may not make", forbidden_interrupts},
    {"fault-x87", "x87 errors", x87_error},
    {"fault-alignment", "alignment checks asked for by the user", alignment},
    {"fault-non-canonical", "a jump to a non-canonical address", non_canonical_jump},
    {"fault-skip", "the reply sets rip, rsp and rflags, sanitised", exception_skipped},
    {"fault-short-reply", "a short reply sets only what it holds", exception_short_reply},
    {"fault-stop", "a reply with a label stops the thread", exception_stop},
    {"fault-bad-rip", "a non-canonical rip in a reply becomes 0", bad_rip_in_reply},
    {"fault-handler-rights", "what rights a fault endpoint needs", handler_rights},
    {"fault-handler-kind", "a fault handler that is no endpoint", handler_is_no_endpoint},
    {"fault-handler-late", "the handler's CPtr is looked up at the fault",
     handler_looked_up_at_fault},
    {"fault-handler-no-buffer", "a handler without buffer gets four words", handler_without_buffer},
    {"fault-suspend", "a faulting thread suspended and resumed", fault_waits_for_handler},
    {"fault-resume", "Resume instead of a reply", resume_instead_of_reply},
    {"fault-saved-reply", "a saved reply capability answers a fault", saved_fault_reply},
    {"fault-cap-reply", "a capability fault's reply restarts the call", capability_fault_reply},
};

SUBJECT(faults, tests);
