/* Bad input of every kind: nothing here may stop, hang or confuse a kernel. */
#include "prober.h"
#include <string.h>

__asm__(".pushsection .text\n"
        ".global odd_push\nodd_push: pushq %rax\nhlt\n"
        ".global odd_segments\nodd_segments: xorl %eax, %eax; movl %eax, %ds; movl %eax, %es; movl "
        "%eax, %fs; movl "
        "%eax, %gs\n"
        "syscall; pushq $0x1234; hlt\n"
        ".popsection");
extern const char odd_push[], odd_segments[];

static struct reply start_with(struct criminal criminal, seL4_UserContext context)
{
    context.rflags = 0x202;
    CHECK_OK(write_registers(criminal.worker->tcb, true, &context, REGISTERS));
    return caught_fault(criminal.faults);
}

static void odd_instruction_pointers(void)
{
    static const word odd[] = {0,
                               0x00007ffffffff000,
                               0x00007fffffffffff,
                               0xffff800000000000,
                               0xffffffff80000000,
                               0xfffffffffffffffe,
                               0xffffffffa0000000};
    struct criminal criminal = new_criminal(MIDDLE);

    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct reply message = start_with(criminal, (seL4_UserContext){.rip = odd[i]});

        CHECK_EQUAL(message.label, VM_FAULT);
        CHECK_EQUAL(message.mr[0], odd[i]);
    }
}

static void odd_stack_pointers(void)
{
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message =
        start_with(criminal, (seL4_UserContext){.rip = low(odd_push), .rsp = 0x8000000000000000});

    /*
     * A stack access beyond the canonical addresses is a stack fault; for QEMU's interpreter, a
     * general protection fault.
     */
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK(message.mr[3] == 12 || message.mr[3] == 13);
    message =
        start_with(criminal, (seL4_UserContext){.rip = low(odd_push), .rsp = 0xffffffff80001000});
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[1], 0xffffffff80000ff8);
    message = start_with(criminal, (seL4_UserContext){.rip = low(odd_push), .rsp = 0});
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[1], 0xfffffffffffffff8);
}

static void kernel_addresses_through_sysret(void)
{
    /* A thread that leaves as it entered, by sysret, to an address that its handler chose. */
    static const word odd[] = {0xffff800000000000, 0xffffffff80000000, ~0ul, 0x00007fffffffffff};
    struct reply message;

    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        struct criminal criminal = new_criminal(MIDDLE);

        commit(criminal, odd_segments, 0);
        for (word m = 4; m < 18; m++) {
            main_buffer->msg[m] = 0;
        }
        main_buffer->msg[15] = odd[i];
        main_buffer->msg[17] = 0x202;
        system_call(REPLY, 0, message_info(0, 0, 18), 0, 0, 0, 0);
        message = caught_fault(criminal.faults);
        CHECK_EQUAL(message.label, VM_FAULT);
        CHECK_EQUAL(message.mr[0], odd[i]);
    }
}

static void last_bytes_of_user_memory(void)
{
    /*
     * A system call in the last bytes that can be mapped: it returns to an address that never can.
     */
    struct criminal criminal = new_criminal(MIDDLE);
    word frame = new_frame();
    word last = 0x00007fffffffe000;
    struct reply message;

    map_tables(seL4_CapInitThreadVSpace, last, 12);
    CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, last, ALL_RIGHTS, 0));
    *(volatile uint8_t *)(last + 4094) = 0x0f;
    *(volatile uint8_t *)(last + 4095) = 0x05;
    message = start_with(criminal, (seL4_UserContext){.rip = last + 4094, .rdx = (word)YIELD});
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[0], last + 4096);
}

static void null_segments(void)
{
    /* Null selectors everywhere do not disturb the kernel, or other threads. */
    struct criminal criminal = new_criminal(MIDDLE);
    struct reply message = commit(criminal, odd_segments, 0);

    CHECK_EQUAL(message.label, UNKNOWN_SYSCALL);
    for (word m = 4; m < 18; m++) {
        main_buffer->msg[m] = message.mr[m];
    }
    main_buffer->msg[15] += 2;
    system_call(REPLY, 0, message_info(0, 0, 18), message.mr[0], message.mr[1], message.mr[2],
                message.mr[3]);
    message = caught_fault(criminal.faults);
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[1], 0xfffffffffffffff8);
}

static void lengths_and_counts(void)
{
    /* Every length and count of capabilities, with every label, on objects that can bear it. */
    word objects[] = {new_endpoint(),
                      new_notification(),
                      new_frame(),
                      new_cnode(4),
                      new_slot(),
                      new_object(seL4_X86_PageTableObject, 0),
                      new_object(seL4_X64_PML4Object, 0)};
    word answers = 0;

    main_buffer->receiveCNode = 0;
    for (size_t o = 2; o < COUNT_OF(objects); o++) {
        for (word label = 0; label <= FIRST_UNUSED_LABEL; label++) {
            for (word caps = 0; caps <= 3; caps++) {
                for (word i = 0; i < 3; i++) {
                    main_buffer->caps_or_badges[i] = objects[(o + i) % COUNT_OF(objects)];
                }
                for (word length = 0; length <= 127; length += length < 8 ? 1 : 17) {
                    memset(main_buffer->msg, (int)length, sizeof(main_buffer->msg));
                    struct outcome outcome =
                        system_call(CALL, objects[o], message_info(label, caps, length), ~0ul, 65,
                                    ~0ul >> length % 64, 1ul << label);

                    answers += outcome.rdi == 0 && info_label(outcome.rsi) <= seL4_NotEnoughMemory;
                }
            }
        }
    }
    CHECK(answers > 1000);
    CHECK_TAG(objects[2], TAG_FRAME);
    CHECK_TAG(objects[3], TAG_CNODE);
}

static void cptrs_of_all_kinds(void)
{
    word calls = 0;

    main_buffer->receiveCNode = 0;
    for (word bit = 13; bit < 64; bit++) {
        system_call(NB_SEND, 1ul << bit, message_info(5, 0, 0), 0, 0, 0, 0);
        if (has_debug_calls) {
            CHECK_EQUAL(cap_tag(1ul << bit | 1), 0);
        }
        main_buffer->caps_or_badges[0] = 1ul << bit;
        system_call(NB_SEND, seL4_CapInitThreadTCB, message_info(0, 1, 0), 0, 0, 0, 0);
        calls++;
    }
    CHECK_EQUAL(calls, 51);
}

/* ---- An IPC buffer that changes while the kernel reads it ---- */

static void scribble(struct worker *worker)
{
    volatile word *words = (volatile word *)worker->argument[0];
    word seed = 12345;

    for (;;) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        words[seed >> 57] = seed >> 20 & 1 ? seed : seed >> 50;
        worker->result[0]++;
    }
}

static void send_what_is_there(struct worker *worker)
{
    for (word i = 0; i < 4000; i++) {
        system_call(NB_SEND, worker->argument[1], message_info(1, i % 4, 120), 1, 2, 3, 4);
        system_call(NB_RECV, worker->argument[2], 0, 0, 0, 0, 0);
        system_call(NB_SEND, worker->argument[3],
                    message_info(UNTYPED_RETYPE + i % 54, i % 4, i % 121), i, i >> 3, i, 7);
        worker->result[0]++;
    }
}

static void receive_what_comes(struct worker *worker)
{
    for (;;) {
        system_call(RECV, worker->argument[1], 0, 0, 0, 0, 0);
        worker->result[0]++;
        system_call(REPLY, 0, message_info(2, 3, 120), 0, 0, 0, 0);
    }
}

static void buffers_under_attack(void)
{
    enum { ENOUGH = 1000 };
    /*
     * Two threads exchange messages while two others overwrite their buffers: on other CPUs if
     * there are any. Their CSpace is a small one of their own, so that what they do by accident
     * stays in it.
     */
    word cspace = new_cnode(4);
    word endpoint = new_endpoint();
    struct worker *workers[4];
    word last = boot_info->numNodes - 1;

    CHECK_OK(put_cap(cspace, 1, 4, endpoint));
    CHECK_OK(put_cap(cspace, 2, 4, new_frame()));
    CHECK_OK(put_cap(cspace, 3, 4, new_notification()));
    CHECK_OK(put_cap(cspace, 4, 4, new_untyped(12)));
    CHECK_OK(put_cap(cspace, 5, 4, new_minted(cspace, ALL_RIGHTS, 60)));
    for (word i = 0; i < 4; i++) {
        workers[i] = make_worker(
            (struct worker_options){.priority = MIDDLE, .cspace = cspace, .cspace_data = 60});
        workers[i]->argument[1] = 1;
        workers[i]->argument[2] = 3;
        workers[i]->argument[3] = 4;
        if (HAS_AFFINITY) {
            CHECK_OK(invoke(workers[i]->tcb, TCB_SET_AFFINITY, ARGS(i < 2 ? 0 : last), NO_CAPS));
        }
    }
    workers[2]->argument[0] = (word)workers[0]->buffer;
    workers[3]->argument[0] = (word)workers[1]->buffer;
    start_function(workers[1], receive_what_comes);
    start_function(workers[0], send_what_is_there);
    start_function(workers[2], scribble);
    start_function(workers[3], scribble);
    /*
     * The scribblers never rest, so the main thread shares its CPU with them until there were
     * messages enough.
     */
    word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();
    CHECK_OK(set_priority(seL4_CapInitThreadTCB, MIDDLE));
    while ((workers[0]->result[0] < ENOUGH || workers[2]->result[0] == 0) && time_stamp() < end) {
        system_call(YIELD, 0, 0, 0, 0, 0, 0);
        __asm__ volatile("pause");
    }
    CHECK_OK(set_priority(seL4_CapInitThreadTCB, MAIN_PRIORITY));
    for (word i = 0; i < 4; i++) {
        CHECK_OK(suspend_thread(workers[i]->tcb));
    }
    CHECK(workers[0]->result[0] >= ENOUGH);
    CHECK(workers[2]->result[0] > 0);
}

static void tables_in_any_order(void)
{
    /*
     * Map, unmap and delete frames and tables in a random order; the kernel's rules must hold
     * throughout.
     */
    enum { OBJECTS = 24, STEPS = 4000 };
    static const word types[] = {seL4_X86_PDPTObject, seL4_X86_PageDirectoryObject,
                                 seL4_X86_PageTableObject, seL4_X86_4K};
    static const word maps[] = {PDPT_MAP, PAGE_DIRECTORY_MAP, PAGE_TABLE_MAP, PAGE_MAP};
    static const word unmaps[] = {PDPT_UNMAP, PAGE_DIRECTORY_UNMAP, PAGE_TABLE_UNMAP, PAGE_UNMAP};
    word untypeds[OBJECTS];
    word slots = new_slots(OBJECTS);
    word vspace = new_vspace();
    word seed = 99;
    word mapped = 0;

    for (word i = 0; i < OBJECTS; i++) {
        untypeds[i] = new_untyped(12);
        CHECK_OK(retype(untypeds[i], types[i % 4], 0, slots + i, 1));
    }
    for (word step = 0; step < STEPS; step++) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        word i = (seed >> 33) % OBJECTS;
        word address = TEST_ADDRESS + ((seed >> 40 & 1) << 39) + ((seed >> 41 & 1) << 30) +
                       ((seed >> 42 & 1) << 21) + ((seed >> 43 & 1) << 12);

        switch (seed >> 60) {
        case 0:
            CHECK_OK(revoke_cap(untypeds[i]));
            CHECK_OK(retype(untypeds[i], types[i % 4], 0, slots + i, 1));
            break;
        case 1:
        case 2:
        case 3:
            CHECK_OK(invoke(slots + i, unmaps[i % 4], NO_ARGS, NO_CAPS));
            break;
        default:
            mapped += invoke(slots + i, maps[i % 4], ARGS(address, 3, 0), CAPS(vspace)).label ==
                      seL4_NoError;
            break;
        }
    }
    CHECK(mapped > STEPS / 20);
}

static const struct test tests[] = {
    {"robust-rip", "threads sent to addresses that are not theirs", odd_instruction_pointers},
    {"robust-rsp", "stack pointers that are nowhere", odd_stack_pointers},
    {"robust-sysret", "sysret to kernel addresses", kernel_addresses_through_sysret},
    {"robust-last-bytes", "a system call at the end of user memory", last_bytes_of_user_memory},
    {"robust-segments", "null segment selectors", null_segments},
    {"robust-lengths", "all labels with all lengths and numbers of capabilities",
     lengths_and_counts},
    {"robust-cptrs", "CPtrs that lead nowhere", cptrs_of_all_kinds},
    {"robust-buffers", "IPC buffers that change under the kernel", buffers_under_attack},
    {"robust-tables", "paging structures mapped and unmapped in any order", tables_in_any_order},
};

SUBJECT(robust, tests);
