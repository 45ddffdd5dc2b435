/*
 * Threads on other CPUs of the node: affinity, and everything done to a thread that is running
 * elsewhere (contract 8.6).
 */
#include "prober.h"

enum { PATIENCE = HANG_MILLISECONDS };

static void need_two_cpus(void)
{
    if (boot_info->numNodes < 2) {
        skip("this node has one CPU");
    }
}

static struct reply set_affinity(word tcb, word cpu)
{
    return invoke(tcb, TCB_SET_AFFINITY, ARGS(cpu), NO_CAPS);
}

static struct worker *worker_on(word cpu, word priority)
{
    struct worker *worker = new_worker(priority);

    REQUIRE(set_affinity(worker->tcb, cpu).label == seL4_NoError);
    return worker;
}

/* Its pause lets an emulator that runs one CPU at a time turn to the others. */
static void count_forever(struct worker *worker)
{
    for (;;) {
        worker->result[0]++;
        __asm__ volatile("pause");
    }
}

static bool counts(struct worker *worker)
{
    return wait_for_change(&worker->result[0], worker->result[0], PATIENCE);
}

static bool stands_still(struct worker *worker)
{
    word before = worker->result[0];
    word end = time_stamp() + 20 * ticks_per_millisecond();

    while (time_stamp() < end) {
        __asm__ volatile("pause");
    }
    return worker->result[0] == before;
}

static void runs_beside_main(void)
{
    need_two_cpus();
    for (word cpu = 1; cpu < boot_info->numNodes && cpu < 6; cpu++) {
        struct worker *worker = worker_on(cpu, LOW);

        CHECK_AFFINITY(worker->tcb, cpu);
        start_function(worker, count_forever);
        /* Although the main thread has a higher priority and never waits. */
        CHECK(counts(worker));
        CHECK_OK(suspend_thread(worker->tcb));
    }
}

static void suspend_elsewhere(void)
{
    struct worker *worker;
    seL4_UserContext context;

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    start_function(worker, count_forever);
    for (int round = 0; round < 20; round++) {
        CHECK(counts(worker));
        CHECK_OK(suspend_thread(worker->tcb));
        CHECK(stands_still(worker));
        CHECK_OK(resume_thread(worker->tcb));
    }
    CHECK(counts(worker));
    CHECK_EQUAL(read_registers(worker->tcb, true, &context).label, 0);
    CHECK(stands_still(worker));
    CHECK_EQUAL(context.fs_base, 0);
}

static void registers_elsewhere(void)
{
    /* Reading the registers of a thread that runs elsewhere does not stop it for good. */
    struct worker *worker;
    seL4_UserContext context;

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    start_function(worker, count_forever);
    CHECK(counts(worker));
    for (int round = 0; round < 50; round++) {
        CHECK_EQUAL(read_registers(worker->tcb, false, &context).label, 0);
        CHECK(context.rip >= 0x400000 && context.rip < (word)boot_info->ipcBuffer);
    }
    CHECK(counts(worker));
}

static void rewritten_elsewhere(void)
{
    struct worker *worker;
    seL4_UserContext context = {0};
    static word marks[2];

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    start_function(worker, count_forever);
    CHECK(counts(worker));
    context.rip = (word)count_forever;
    context.rdi = (word)worker;
    context.rsp = stack_top(worker) - 8;
    context.r15 = 0x77;
    context.fs_base = (word)marks;
    for (int round = 0; round < 20; round++) {
        CHECK_OK(write_registers(worker->tcb, true, &context, REGISTERS));
        CHECK(counts(worker));
    }
    CHECK_EQUAL(read_registers(worker->tcb, true, &context).label, 0);
    CHECK_EQUAL(context.fs_base, (word)marks);
}

static void deleted_elsewhere(void)
{
    need_two_cpus();
    for (int round = 0; round < 8; round++) {
        struct worker *worker = worker_on(1, MIDDLE);

        start_function(worker, count_forever);
        CHECK(counts(worker));
        CHECK_OK(delete_cap(worker->tcb));
        CHECK(stands_still(worker));
    }
}

static void moved_around(void)
{
    struct worker *worker;

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    start_function(worker, count_forever);
    for (int round = 0; round < 20; round++) {
        CHECK(counts(worker));
        CHECK_OK(set_affinity(worker->tcb, 0));
        CHECK_AFFINITY(worker->tcb, 0);
        /* It is below the main thread here. */
        CHECK(stands_still(worker));
        CHECK_OK(set_affinity(worker->tcb, 1));
    }
}

static void moves_itself(void)
{
    struct worker *worker;

    need_two_cpus();
    worker = new_worker(MIDDLE);
    for (word i = 0; i < 6; i++) {
        add_step(worker, CALL, worker->tcb, message_info(TCB_SET_AFFINITY, 0, 1), (i + 1) % 2, 0, 0,
                 0);
    }
    start_script(worker);
    word end = time_stamp() + PATIENCE * ticks_per_millisecond();
    while (worker->completed < 6 && time_stamp() < end) {
        settle();
        __asm__ volatile(
            "pause"); /* lets an emulator that runs one CPU at a time turn to the other */
    }
    CHECK_EQUAL(worker->completed, 6);
    CHECK_AFFINITY(worker->tcb, 0);
}

static void new_threads_stay_with_creator(void)
{
    word untyped = new_untyped(12);
    word slot = new_slot();
    struct worker *worker;

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    worker->buffer->caps_or_badges[0] = ROOT;
    worker->buffer->msg[4] = slot;
    worker->buffer->msg[5] = 1;
    add_step(worker, CALL, untyped, message_info(UNTYPED_RETYPE, 1, 6), seL4_TCBObject, 0, 0, 0);
    start_script(worker);
    CHECK(wait_for_value(&worker->completed, 1, PATIENCE));
    CHECK_AFFINITY(slot, 1);
}

static void priorities_change_elsewhere(void)
{
    struct worker *one;
    struct worker *two;

    need_two_cpus();
    one = worker_on(1, MIDDLE);
    two = worker_on(1, MIDDLE + 1);
    start_function(one, count_forever);
    CHECK(counts(one));
    start_function(two, count_forever);
    CHECK(counts(two));
    CHECK(stands_still(one));
    CHECK_OK(set_priority(one->tcb, MIDDLE + 2));
    CHECK(counts(one));
    CHECK(stands_still(two));
    CHECK_OK(set_priority(one->tcb, MIDDLE));
    CHECK(counts(two));
}

/* ---- Messages across CPUs ---- */

enum { ROUNDS = 60 };

static void serve(struct worker *worker)
{
    struct outcome message = system_call(RECV, worker->argument[0], 0, 0, 0, 0, 0);

    for (;;) {
        worker->result[0]++;
        message = system_call(REPLY_RECV, worker->argument[0],
                              message_info(info_label(message.rsi) + 1, 0, 1), message.mr[0] + 1, 0,
                              0, 0);
    }
}

static void call_repeatedly(struct worker *worker)
{
    for (word i = 0; i < ROUNDS; i++) {
        struct outcome reply =
            system_call(CALL, worker->argument[0], message_info(i, 0, 1), 1000 + i, 0, 0, 0);

        worker->result[1] += reply.rsi != message_info(i + 1, 0, 1) || reply.mr[0] != 1001 + i;
        worker->result[0]++;
    }
}

static void calls_across(void)
{
    word endpoint = new_endpoint();
    struct worker *server;
    struct worker *clients[2];

    need_two_cpus();
    server = worker_on(1, MIDDLE);
    server->argument[0] = endpoint;
    start_function(server, serve);
    for (word i = 0; i < 2; i++) {
        clients[i] = worker_on(i, MIDDLE);
        clients[i]->argument[0] = endpoint;
        start_function(clients[i], call_repeatedly);
    }
    word end = time_stamp() + PATIENCE * ticks_per_millisecond();
    while ((clients[0]->result[0] < ROUNDS || clients[1]->result[0] < ROUNDS) &&
           time_stamp() < end) {
        settle();
        __asm__ volatile("pause");
    }
    for (word i = 0; i < 2; i++) {
        CHECK_EQUAL(clients[i]->result[0], ROUNDS);
        CHECK_EQUAL(clients[i]->result[1], 0);
    }
    CHECK_EQUAL(server->result[0], 2 * ROUNDS);
}

static void signals_across(void)
{
    word notification = new_notification();
    word badged = new_minted(notification, WRITE, 5);
    struct worker *worker;

    need_two_cpus();
    worker = worker_on(1, MIDDLE);
    for (word i = 0; i < 10; i++) {
        add_message(worker, RECV, notification, 0, 0);
    }
    start_script(worker);
    for (word i = 0; i < 10; i++) {
        signal_notification(badged);
        CHECK(wait_for_value(&worker->completed, i + 1, PATIENCE));
        CHECK_EQUAL(worker->outcomes[i].rdi, 5);
    }
}

static void note_wake_times(struct worker *worker)
{
    for (;;) {
        system_call(RECV, worker->argument[0], 0, 0, 0, 0, 0);
        worker->result[1] = time_stamp();
        worker->result[0]++;
    }
}

static void wakes_at_once(void)
{
    /*
     * A higher thread that is woken on another CPU preempts what runs there at once, not when the
     * time slice is over.
     */
    word notification = new_notification();
    struct worker *busy;
    struct worker *woken;

    need_two_cpus();
    need_emulated_time();
    busy = worker_on(1, LOW);
    start_function(busy, count_forever);
    CHECK(counts(busy));
    woken = worker_on(1, HIGH);
    woken->argument[0] = notification;
    start_function(woken, note_wake_times);
    CHECK(counts(busy));
    for (word i = 0; i < 20; i++) {
        word start = time_stamp();

        signal_notification(notification);
        CHECK(wait_for_value(&woken->result[0], i + 1, PATIENCE));
        CHECK(woken->result[1] - start < ticks_per_millisecond() / 2);
    }
}

/* Initial APIC ID of the CPU that executes this (CPUID leaf 1). */
static word own_cpu(void)
{
    unsigned a = 1, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b >> 24;
}

static void note_cpu_when_woken(struct worker *worker)
{
    for (;;) {
        system_call(RECV, worker->argument[0], 0, 0, 0, 0, 0);
        worker->result[1] = own_cpu();
        worker->result[0]++;
    }
}

/*
 * A thread that is moved while it waits wakes up on its new CPU, however it is woken, and whoever
 * ran there last.
 */
static void woken_where_it_belongs(word object, word priority)
{
    struct worker *worker = new_worker(priority);

    worker->argument[0] = object;
    start_function(worker, note_cpu_when_woken);
    settle();
    for (word i = 0; i < 6; i++) {
        CHECK_OK(set_affinity(worker->tcb, i % 2));
        system_call(SEND, object, message_info(0, 0, 0), 0, 0, 0, 0);
        settle();
        CHECK(wait_for_value(&worker->result[0], i + 1, PATIENCE));
        CHECK_EQUAL(worker->result[1] == own_cpu(), i % 2 == 0);
    }
    CHECK_OK(suspend_thread(worker->tcb));
}

static void moved_while_waiting(void)
{
    need_two_cpus();
    woken_where_it_belongs(new_endpoint(), ABOVE_MAIN);
    woken_where_it_belongs(new_endpoint(), LOW);
    woken_where_it_belongs(new_notification(), ABOVE_MAIN);
    woken_where_it_belongs(new_notification(), LOW);
}

/* ---- Address spaces in use elsewhere ---- */

static void read_forever(struct worker *worker)
{
    for (;;) {
        worker->result[1] = *(volatile word *)worker->argument[0];
        worker->result[0]++;
    }
}

static struct worker *reader(word faults)
{
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});

    REQUIRE(set_affinity(worker->tcb, 1).label == seL4_NoError);
    worker->argument[0] = TEST_ADDRESS;
    start_function(worker, read_forever);
    CHECK(counts(worker));
    return worker;
}

/* Waits for a fault of the reader, which must come now that the page has gone. */
static void check_fault(word faults)
{
    word end = time_stamp() + PATIENCE * ticks_per_millisecond();
    struct reply message = {0};

    while (!poll_message(faults, &message) && time_stamp() < end) {}
    CHECK_EQUAL(message.label, VM_FAULT);
    CHECK_EQUAL(message.mr[1], TEST_ADDRESS);
}

/* It counts once more at most: what it had read before it was stopped. */
static bool reads_no_more(struct worker *worker)
{
    word before = worker->result[0];
    word end = time_stamp() + 20 * ticks_per_millisecond();

    while (time_stamp() < end) {
        __asm__ volatile("pause");
    }
    return worker->result[0] - before <= 1;
}

static void unmapped_elsewhere(void)
{
    word faults = new_endpoint();
    word frame;
    struct worker *worker;

    need_two_cpus();
    frame = new_mapped_frame(TEST_ADDRESS);
    worker = reader(faults);
    for (int round = 0; round < 10; round++) {
        CHECK_OK(invoke(frame, PAGE_UNMAP, NO_ARGS, NO_CAPS));
        /* When Unmap has returned, nobody reads the page any more. */
        CHECK(reads_no_more(worker));
        check_fault(faults);
        CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 0));
        system_call(REPLY, 0, 0, 0, 0, 0, 0);
        CHECK(counts(worker));
    }
}

static void replaced_elsewhere(void)
{
    /* Another frame at the same address: from then on, its contents are read. */
    word faults = new_endpoint();
    word first;
    word second;
    struct worker *worker;

    need_two_cpus();
    first = new_mapped_frame(TEST_ADDRESS);
    *(volatile word *)TEST_ADDRESS = 1;
    second = new_frame();
    worker = reader(faults);
    CHECK(wait_for_value(&worker->result[1], 1, PATIENCE));
    CHECK_OK(map_frame(second, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK(wait_for_value(&worker->result[1], 0, PATIENCE));
    CHECK_OK(map_frame(first, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 0));
    CHECK(wait_for_value(&worker->result[1], 1, PATIENCE));
}

static void table_gone_elsewhere(void)
{
    word faults = new_endpoint();
    word table = new_object(seL4_X86_PageTableObject, 0);
    word frame = new_frame();
    struct worker *worker;

    need_two_cpus();
    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 21);
    CHECK_OK(invoke(table, PAGE_TABLE_MAP, ARGS(TEST_ADDRESS, 0), CAPS(seL4_CapInitThreadVSpace)));
    CHECK_OK(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 0));
    worker = reader(faults);
    CHECK_OK(delete_cap(table));
    CHECK(reads_no_more(worker));
    check_fault(faults);
}

static void vspace_gone_elsewhere(void)
{
    word vspace;
    word faults = new_endpoint();
    struct worker *worker;

    need_two_cpus();
    vspace = clone_vspace();
    worker = make_worker(
        (struct worker_options){.priority = MIDDLE, .vspace = vspace, .fault_endpoint = faults});
    CHECK_OK(set_affinity(worker->tcb, 1));
    start_function(worker, count_forever);
    CHECK(counts(worker));
    CHECK_OK(revoke_cap(vspace));
    CHECK_OK(delete_cap(vspace));
    CHECK(reads_no_more(worker));
    CHECK_OK(suspend_thread(worker->tcb));
}

static const struct test tests[] = {
    {"cpu-beside", "a thread on another CPU runs beside a busy main thread", runs_beside_main},
    {"cpu-suspend", "suspending a thread that runs elsewhere", suspend_elsewhere},
    {"cpu-read", "reading the registers of a thread that runs elsewhere", registers_elsewhere},
    {"cpu-write", "rewriting a thread that runs elsewhere", rewritten_elsewhere},
    {"cpu-delete", "deleting a thread that runs elsewhere", deleted_elsewhere},
    {"cpu-move", "moving a thread between CPUs", moved_around},
    {"cpu-move-self", "a thread moves itself", moves_itself},
    {"cpu-creator", "new threads belong to their creator's CPU", new_threads_stay_with_creator},
    {"cpu-priorities", "priorities on another CPU", priorities_change_elsewhere},
    {"cpu-calls", "calls across CPUs", calls_across},
    {"cpu-signals", "signals across CPUs", signals_across},
    {"cpu-moved-waiting", "a thread moved while it waits wakes up on its new CPU",
     moved_while_waiting},
    {"cpu-wake", "a woken higher thread preempts another CPU at once", wakes_at_once},
    {"cpu-unmap", "unmapping a page that is read elsewhere", unmapped_elsewhere},
    {"cpu-replace", "replacing a page that is read elsewhere", replaced_elsewhere},
    {"cpu-table", "deleting a page table that is in use elsewhere", table_gone_elsewhere},
    {"cpu-vspace", "deleting an address space that is in use elsewhere", vspace_gone_elsewhere},
};

SUBJECT(cpus, tests);
