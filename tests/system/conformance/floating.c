/*
 * Floating-point state: its beginning, its separation between threads, and the flag that takes it
 * away (contract 11).
 */
#include "../vector_registers.h"
#include "criminal.h"
#include <string.h>

CRIME(crime_sse, "xorps %xmm0, %xmm0");
CRIME(crime_x87_load, "fld1");
CRIME(crime_simd_divide,
      "pushq $0x1d80; ldmxcsr (%rsp); pxor %xmm0, %xmm0; movl $1, %eax; cvtsi2ss %eax, %xmm1;"
      ".global crime_simd_divide_at; crime_simd_divide_at: divss %xmm0, %xmm1");
CRIME(crime_avx, "vxorps %ymm0, %ymm0, %ymm0");
extern const char crime_simd_divide_at[];

static void read_initial_state(struct worker *worker)
{
    uint16_t control;
    uint16_t status;
    uint32_t mxcsr;
    word low_half;
    word upper_half;

    __asm__ volatile(
        "fnstcw %0; fnstsw %1; stmxcsr %2; movq %%xmm5, %3; movhlps %%xmm5, %%xmm6; movq %%xmm6, %4"
        : "=m"(control), "=m"(status), "=m"(mxcsr), "=r"(low_half), "=r"(upper_half)
        :
        : "xmm6");
    worker->result[0] = control;
    worker->result[1] = status;
    worker->result[2] = mxcsr;
    worker->result[3] = low_half | upper_half;
}

static void initial_state(void)
{
    struct worker *worker;

    /* Whatever the main thread has in its own registers. */
    __asm__ volatile("pcmpeqd %%xmm5, %%xmm5" : : : "xmm5");
    worker = new_worker(MIDDLE);
    start_function(worker, read_initial_state);
    settle();
    CHECK_EQUAL(worker->result[0], 0x37f);
    CHECK_EQUAL(worker->result[1], 0);
    CHECK_EQUAL(worker->result[2], 0x1f80);
    CHECK_EQUAL(worker->result[3], 0);
}

#define LOAD_XMM(n)  "movups 32*" #n "(%0), %%xmm" #n ";"
#define STORE_XMM(n) "movups %%xmm" #n ", 32*" #n "(%0);"
#define LOAD_YMM(n)  "vmovups 32*" #n "(%0), %%ymm" #n ";"
#define STORE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%0);"
#define EACH_VECTOR(X)                                                                             \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

/*
 * All XMM registers, or YMM registers where users have them, the x87 stack's top, and both control
 * words, loaded from a seed and compared later.
 */
struct floating_state {
    word vector[16][4]; /* the upper two words only with AVX */
    double top;
    uint32_t mxcsr;
    uint16_t control;
};

static void load_vectors(const struct floating_state *state)
{
    if (has_ymm_registers()) {
        __asm__ volatile(EACH_VECTOR(LOAD_YMM) : : "r"(state->vector) : "memory");
    } else {
        __asm__ volatile(EACH_VECTOR(LOAD_XMM) : : "r"(state->vector) : "memory");
    }
}

static void load_state(struct floating_state *state, word seed)
{
    for (word i = 0; i < 16; i++) {
        for (word part = 0; part < 4; part++) {
            state->vector[i][part] = (part % 2 ? ~seed : seed) * 1000 + 100 * part + i;
        }
    }
    state->top = (double)seed + 0.5;
    state->mxcsr = 0x1f80 | (uint32_t)(seed & 3) << 13;
    state->control = (uint16_t)(0x37f ^ (seed & 3) << 10);
    load_vectors(state);
    __asm__ volatile("fninit; fldcw %0; ldmxcsr %1; fldl %2"
                     :
                     : "m"(state->control), "m"(state->mxcsr), "m"(state->top));
}

static void store_state(struct floating_state *state)
{
    if (has_ymm_registers()) {
        __asm__ volatile(EACH_VECTOR(STORE_YMM) : : "r"(state->vector) : "memory");
    } else {
        memset(state->vector, 0, sizeof(state->vector));
        __asm__ volatile(EACH_VECTOR(STORE_XMM) : : "r"(state->vector) : "memory");
    }
    __asm__ volatile("fnstcw %0; stmxcsr %1; fstpl %2"
                     : "=m"(state->control), "=m"(state->mxcsr), "=m"(state->top));
}

static word differences(const struct floating_state *one, const struct floating_state *two)
{
    word count = 0;

    for (word i = 0; i < 16; i++) {
        for (word part = 0; part < (has_ymm_registers() ? 4u : 2u); part++) {
            count += one->vector[i][part] != two->vector[i][part];
        }
    }
    count += __builtin_memcmp(&one->top, &two->top, sizeof(one->top)) != 0;
    count += one->mxcsr != two->mxcsr;
    count += one->control != two->control;
    return count;
}

/* Loads a state, gives the CPU away as often as asked or is made to, and compares. */
static void hold_state_over_yields(struct worker *worker)
{
    struct floating_state loaded;
    struct floating_state found;

    for (word round = 0; round < worker->argument[1]; round++) {
        load_state(&loaded, worker->argument[0] + round);
        system_call(YIELD, 0, 0, 0, 0, 0, 0);
        store_state(&found);
        worker->result[0] += differences(&loaded, &found);
        worker->result[1]++;
    }
}

/* What a thread's state is before its first instruction, reached from any other one. */
static void load_reset_state(struct floating_state *state)
{
    memset(state, 0, sizeof(*state));
    state->mxcsr = 0x1f80;
    state->control = 0x37f;
    if (has_ymm_registers()) {
        __asm__ volatile("vzeroall" : : : "memory");
    } else {
        load_vectors(state);
    }
    __asm__ volatile("fninit; ldmxcsr %0; fldz" : : "m"(state->mxcsr));
}

/*
 * Every second state is the reset state. The CPU need not have it in registers, and need not write
 * it when it saves: what an earlier round left in memory must not come back.
 */
static void return_to_reset_over_yields(struct worker *worker)
{
    struct floating_state loaded;
    struct floating_state found;

    for (word round = 0; round < worker->argument[1]; round++) {
        if (round % 2 == worker->argument[0] % 2) {
            load_reset_state(&loaded);
        } else {
            load_state(&loaded, worker->argument[0] + round);
        }
        system_call(YIELD, 0, 0, 0, 0, 0, 0);
        store_state(&found);
        worker->result[0] += differences(&loaded, &found);
        worker->result[1]++;
    }
}

/* Which of the threads ran last, and how often it was another. */
static volatile word holder;
static volatile word changes;

static void hold_state_over_ticks(struct worker *worker)
{
    enum { CHANGES = 40 };
    struct floating_state loaded;
    struct floating_state found;
    word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();

    while (changes < CHANGES && time_stamp() < end) {
        load_state(&loaded, worker->argument[0]);
        if (holder != worker->argument[0]) {
            holder = worker->argument[0];
            changes++;
        }
        for (volatile int i = 0; i < 2000; i++) {}
        store_state(&found);
        worker->result[0] += differences(&loaded, &found);
        worker->result[1]++;
    }
}

static void share_cpu(void (*function)(struct worker *))
{
    struct worker *workers[4];

    holder = 0;
    changes = 0;
    for (word i = 0; i < 4; i++) {
        workers[i] = new_worker(MIDDLE);
        workers[i]->argument[0] = 100 * (i + 1) + i;
        workers[i]->argument[1] = 50;
        start_function(workers[i], function);
    }
    settle();
    for (word i = 0; i < 4; i++) {
        CHECK_EQUAL(workers[i]->result[0], 0);
        CHECK(workers[i]->result[1] > 0);
    }
}

static void switched_by_yield(void)
{
    share_cpu(hold_state_over_yields);
}

static void returned_to_reset(void)
{
    share_cpu(return_to_reset_over_yields);
}

static void switched_by_ticks(void)
{
    share_cpu(hold_state_over_ticks);
}

static void call_in_between(struct worker *worker)
{
    struct floating_state loaded;
    struct floating_state found;

    load_state(&loaded, 77);
    system_call(CALL, worker->argument[0], message_info(1, 0, 0), 0, 0, 0, 0);
    store_state(&found);
    worker->result[0] = differences(&loaded, &found);
    worker->result[1] = 1;
}

static void kept_over_calls(void)
{
    /* The server and the main thread use the registers meanwhile. */
    word endpoint = new_endpoint();
    struct worker *worker = new_worker(MIDDLE);
    struct floating_state mine;
    struct reply message;

    worker->argument[0] = endpoint;
    start_function(worker, call_in_between);
    settle();
    CHECK(poll_message(endpoint, &message));
    load_state(&mine, 5);
    store_state(&mine);
    system_call(REPLY, 0, 0, 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(worker->result[1], 1);
    CHECK_EQUAL(worker->result[0], 0);
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"((const uint32_t){0x1f80}));
}

static struct reply set_flags(word tcb, word clear, word set)
{
    return invoke(tcb, TCB_SET_FLAGS, ARGS(clear, set), NO_CAPS);
}

static void disabled(void)
{
    const char *const crimes[] = {crime_sse, crime_x87_load};

    for (size_t i = 0; i < COUNT_OF(crimes); i++) {
        struct criminal criminal = new_criminal(MIDDLE);
        struct reply message;

        CHECK_REPLY(set_flags(criminal.worker->tcb, 0, 1), 0, 1);
        message = commit(criminal, crimes[i], 0);
        CHECK_MESSAGE(message, USER_EXCEPTION, low(crimes[i]), message.mr[1], message.mr[2], 7, 0);
    }
}

static void hold_state_over_flag(struct worker *worker)
{
    struct floating_state loaded;
    struct floating_state found;

    load_state(&loaded, 31);
    system_call(RECV, worker->argument[0], 0, 0, 0, 0, 0);
    store_state(&found);
    worker->result[0] = differences(&loaded, &found);
    worker->result[1] = 1;
}

static void disabled_and_enabled(void)
{
    /* The state survives the time in which it could not be used. */
    word notification = new_notification();
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    worker->argument[0] = notification;
    start_function(worker, hold_state_over_flag);
    settle();
    CHECK_REPLY(set_flags(worker->tcb, 0, 1), 0, 1);
    signal_notification(notification);
    message = caught_fault(faults);
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK_EQUAL(message.mr[3], 7);
    CHECK_EQUAL(worker->result[1], 0);
    CHECK_REPLY(set_flags(worker->tcb, 1, 0), 0, 0);
    system_call(REPLY, 0, 0, 0, 0, 0, 0);
    settle();
    CHECK_EQUAL(worker->result[1], 1);
    CHECK_EQUAL(worker->result[0], 0);
}

static void own_flag(struct worker *worker)
{
    system_call(CALL, worker->tcb, message_info(TCB_SET_FLAGS, 0, 2), 0, 1, 0, 0);
    __asm__ volatile("xorps %%xmm0, %%xmm0" : : : "xmm0");
    worker->result[0] = 1;
}

static void disabled_by_itself(void)
{
    word faults = new_endpoint();
    struct worker *worker =
        make_worker((struct worker_options){.priority = MIDDLE, .fault_endpoint = faults});
    struct reply message;

    start_function(worker, own_flag);
    message = caught_fault(faults);
    CHECK_EQUAL(message.label, USER_EXCEPTION);
    CHECK_EQUAL(message.mr[3], 7);
    CHECK_EQUAL(worker->result[0], 0);
}

static void simd_exception(void)
{
    /*
     * Unmasked SIMD exceptions are not enabled: they arrive as vector 6. QEMU's interpreter knows
     * no SIMD exceptions.
     */
    struct criminal criminal = new_criminal(MAIN_PRIORITY);
    struct reply message = {0};
    bool faulted = false;

    start_at(criminal.worker, crime_simd_divide, 0);
    /* Once would do, but a busy host may end its time slice before it has begun. */
    for (int i = 0; i < 10 && !faulted; i++) {
        system_call(YIELD, 0, 0, 0, 0, 0, 0);
        faulted = poll_message(criminal.faults, &message);
    }
    if (faulted) {
        CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_simd_divide_at), message.mr[1],
                      message.mr[2], 6, 0);
    } else {
        seL4_UserContext context;

        CHECK_EQUAL(read_registers(criminal.worker->tcb, true, &context).label, 0);
        CHECK(context.rip >= low(crime_simd_divide_after));
    }
}

static void use_avx(struct worker *worker)
{
    __asm__ volatile("vxorps %%ymm0, %%ymm0, %%ymm0; vzeroupper" : : : "xmm0");
    worker->result[0] = 1;
}

static void avx(void)
{
    if (has_ymm_registers()) {
        struct worker *worker = new_worker(MIDDLE);

        start_function(worker, use_avx);
        settle();
        CHECK_EQUAL(worker->result[0], 1);
    } else {
        struct reply message = commit(new_criminal(MIDDLE), crime_avx, 0);

        CHECK_MESSAGE(message, USER_EXCEPTION, low(crime_avx), message.mr[1], message.mr[2], 6, 0);
    }
}

static void read_upper_halves(struct worker *worker)
{
    word upper[2];

    __asm__ volatile("vextractf128 $1, %%ymm5, %0" : "=m"(upper));
    worker->result[0] = upper[0] | upper[1];
    worker->result[1] = 1;
}

static void avx_initial_state(void)
{
    if (!has_ymm_registers()) {
        skip("users have no YMM registers");
    }
    struct worker *worker = new_worker(MIDDLE);

    __asm__ volatile("vcmptrueps %%ymm5, %%ymm5, %%ymm5" : : : "xmm5");
    start_function(worker, read_upper_halves);
    settle();
    __asm__ volatile("vzeroupper");
    CHECK_EQUAL(worker->result[1], 1);
    CHECK_EQUAL(worker->result[0], 0);
}

static const struct test tests[] = {
    {"fpu-initial", "a new thread's state is the reset state", initial_state},
    {"fpu-yield", "four threads that yield keep their state", switched_by_yield},
    {"fpu-ticks", "four threads that are preempted keep their state", switched_by_ticks},
    {"fpu-reset-again", "a state that became the reset state again stays so", returned_to_reset},
    {"fpu-call", "the state survives a call", kept_over_calls},
    {"fpu-disabled", "the flag makes every use an exception", disabled},
    {"fpu-enabled-again", "the state survives being disabled", disabled_and_enabled},
    {"fpu-disabled-self", "a thread takes its own state away", disabled_by_itself},
    {"fpu-simd", "unmasked SIMD exceptions", simd_exception},
    {"fpu-avx", "AVX works where users have it, and is undefined elsewhere", avx},
    {"fpu-avx-initial", "a new thread's YMM registers are 0", avx_initial_state},
};

SUBJECT(floating, tests);
