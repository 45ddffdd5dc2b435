/*
 * FS and GS base: thread-local storage, all ways to set them, and their switching (contract 1.4,
 * 4.5, 11).
 */
#include "harness.h"

static word fs_word(void)
{
    word value;

    __asm__ volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

static word gs_word(void)
{
    word value;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(value));
    return value;
}

static struct reply set_tls_base(word tcb, word base)
{
    return invoke(tcb, TCB_SET_TLS_BASE, ARGS(base), NO_CAPS);
}

static word fs_base_of(word tcb)
{
    seL4_UserContext context;

    CHECK_EQUAL(read_registers(tcb, false, &context).label, 0);
    return context.fs_base;
}

static word places[4] = {0x111, 0x222, 0x333, 0x444};

static void read_bases(struct worker *worker)
{
    for (word i = 0; i < 4; i++) {
        worker->result[2 * i] = fs_word();
        worker->result[2 * i + 1] = gs_word();
        system_call(YIELD, 0, 0, 0, 0, 0, 0);
    }
}

static void per_thread(void)
{
    struct worker *workers[2];

    for (word w = 0; w < 2; w++) {
        seL4_UserContext context;

        workers[w] = new_worker(MIDDLE);
        start_function(workers[w], read_bases);
        CHECK_EQUAL(read_registers(workers[w]->tcb, true, &context).label, 0);
        context.fs_base = (word)&places[2 * w];
        context.gs_base = (word)&places[2 * w + 1];
        CHECK_OK(write_registers(workers[w]->tcb, true, &context, REGISTERS));
    }
    settle();
    for (word w = 0; w < 2; w++) {
        for (word i = 0; i < 4; i++) {
            CHECK_EQUAL(workers[w]->result[2 * i], places[2 * w]);
            CHECK_EQUAL(workers[w]->result[2 * i + 1], places[2 * w + 1]);
        }
    }
}

static void read_after_wait(struct worker *worker)
{
    worker->result[0] = fs_word();
    system_call(RECV, worker->argument[0], 0, 0, 0, 0, 0);
    worker->result[1] = fs_word();
}

static void set_by_another(void)
{
    word notification = new_notification();
    struct worker *worker = new_worker(MIDDLE);

    worker->argument[0] = notification;
    start_function(worker, read_after_wait);
    CHECK_OK(set_tls_base(worker->tcb, (word)&places[0]));
    settle();
    CHECK_EQUAL(worker->result[0], places[0]);
    CHECK_OK(set_tls_base(worker->tcb, (word)&places[3]));
    signal_notification(notification);
    settle();
    CHECK_EQUAL(worker->result[1], places[3]);
}

static void set_by_itself(struct worker *worker)
{
    system_call(SET_TLS_BASE, (word)&places[1], 0, 0, 0, 0, 0);
    worker->result[0] = fs_word();
    system_call(CALL, worker->tcb, message_info(TCB_SET_TLS_BASE, 0, 1), (word)&places[2], 0, 0, 0);
    worker->result[1] = fs_word();
    system_call(YIELD, 0, 0, 0, 0, 0, 0);
    worker->result[2] = fs_word();
    /* A non-canonical base is ignored by the system call. */
    system_call(SET_TLS_BASE, 0x0000800000000000, 0, 0, 0, 0, 0);
    worker->result[3] = fs_word();
    worker->result[4] = 1;
}

static void own_base(void)
{
    struct worker *worker = new_worker(MIDDLE);

    start_function(worker, set_by_itself);
    settle();
    CHECK_EQUAL(worker->result[0], places[1]);
    CHECK_EQUAL(worker->result[1], places[2]);
    CHECK_EQUAL(worker->result[2], places[2]);
    CHECK_EQUAL(worker->result[3], places[2]);
    CHECK_EQUAL(worker->result[4], 1);
    CHECK_EQUAL(fs_base_of(worker->tcb), (word)&places[2]);
}

static void sanitised(void)
{
    word tcb = new_tcb();
    static const word wrong[] = {0x0000800000000000, 0xffff7fffffffffff, 0x8000000000000000};
    static const word good[] = {0, 0x00007fffffffffff, 0xffff800000000000, ~0ul};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK_OK(set_tls_base(tcb, 0x1000));
        CHECK_OK(set_tls_base(tcb, wrong[i]));
        CHECK_EQUAL(fs_base_of(tcb), 0);
    }
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CHECK_OK(set_tls_base(tcb, good[i]));
        CHECK_EQUAL(fs_base_of(tcb), good[i]);
    }
}

static void main_thread_base(void)
{
    /* The main thread sets its own base to what it is. */
    word base = fs_word();

    CHECK_OK(set_tls_base(seL4_CapInitThreadTCB, base));
    CHECK_EQUAL(fs_word(), base);
    system_call(SET_TLS_BASE, base, 0, 0, 0, 0, 0);
    CHECK_EQUAL(fs_word(), base);
}

static bool has_fsgsbase(void)
{
    uint32_t a = 7;
    uint32_t b;
    uint32_t c = 0;
    uint32_t d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b & 1;
}

static void use_instructions(struct worker *worker)
{
    __asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(&places[2]), "r"(&places[3]));
    for (word i = 0; i < 3; i++) {
        word fs;
        word gs;

        system_call(YIELD, 0, 0, 0, 0, 0, 0);
        __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
        worker->result[0] += fs != (word)&places[2];
        worker->result[0] += gs != (word)&places[3];
        worker->result[1]++;
    }
}

static void set_by_instructions(void)
{
    struct worker *worker;
    struct worker *other;
    seL4_UserContext context;

    if (!has_fsgsbase()) {
        skip("this CPU has no FSGSBASE");
    }
    worker = new_worker(MIDDLE);
    other = new_worker(MIDDLE);
    start_function(worker, use_instructions);
    start_function(other, read_bases);
    CHECK_EQUAL(read_registers(other->tcb, true, &context).label, 0);
    context.fs_base = (word)&places[0];
    context.gs_base = (word)&places[1];
    CHECK_OK(write_registers(other->tcb, true, &context, REGISTERS));
    settle();
    CHECK_EQUAL(worker->result[1], 3);
    CHECK_EQUAL(worker->result[0], 0);
    for (word i = 0; i < 4; i++) {
        CHECK_EQUAL(other->result[2 * i], places[0]);
        CHECK_EQUAL(other->result[2 * i + 1], places[1]);
    }
    /* What the thread set itself is what others read. */
    CHECK_EQUAL(read_registers(worker->tcb, false, &context).label, 0);
    CHECK_EQUAL(context.fs_base, (word)&places[2]);
    CHECK_EQUAL(context.gs_base, (word)&places[3]);
}

static const struct test tests[] = {
    {"base-per-thread", "each thread has its own bases", per_thread},
    {"base-set-tls", "SetTLSBase of another thread", set_by_another},
    {"base-own", "a thread sets its own base, by system call and invocation", own_base},
    {"base-canonical", "SetTLSBase turns a non-canonical base into 0", sanitised},
    {"base-main", "the main thread's own base", main_thread_base},
    {"base-instructions", "bases set by wrfsbase and wrgsbase", set_by_instructions},
};

SUBJECT(bases, tests);
