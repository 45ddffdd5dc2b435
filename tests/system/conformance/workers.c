/*
 * Threads of the suite: workers that a test starts, the sentinel behind settle(), and the main
 * thread's supervisor.
 */
#include "suite.h"
#include <string.h>

enum { MAX_WORKERS = 10, STACK_BYTES = 8192 };

struct thread_memory {
    char stack[STACK_BYTES];
    union {
        seL4_IPCBuffer buffer;
        char page[4096];
    };
} __attribute__((aligned(4096)));

static struct thread_memory memory[MAX_WORKERS];
static struct worker workers[MAX_WORKERS];
static size_t workers_used;

/* The last two have memory of their own: they live as long as the suite. */
static struct thread_memory sentinel_memory;
static struct thread_memory supervisor_memory;
static char landing_stack[STACK_BYTES] __attribute__((aligned(16)));

static struct {
    word quiet; /* notification that the sentinel signals */
    word sentinel;
    word main_faults; /* endpoint on which the supervisor receives the main thread's faults */
    word supervisor;
    volatile word fault_label;
    volatile word fault_words[2];
} helper;

/* ---- Registers ---- */

struct reply write_registers(word tcb, bool resume, const seL4_UserContext *context, word count)
{
    word args[2 + REGISTERS] = {resume, count};

    memcpy(args + 2, context, sizeof(*context));
    return invoke(tcb, TCB_WRITE_REGISTERS, args, 2 + REGISTERS, NULL, 0);
}

struct reply read_registers(word tcb, bool suspend, seL4_UserContext *context)
{
    struct reply reply = invoke(tcb, TCB_READ_REGISTERS, ARGS(suspend, REGISTERS), NO_CAPS);

    memcpy(context, reply.mr, sizeof(*context));
    return reply;
}

struct reply set_priority(word tcb, word priority)
{
    return invoke(tcb, TCB_SET_PRIORITY, ARGS(priority), CAPS(seL4_CapInitThreadTCB));
}

struct reply resume_thread(word tcb)
{
    return invoke(tcb, TCB_RESUME, NO_ARGS, NO_CAPS);
}

struct reply suspend_thread(word tcb)
{
    return invoke(tcb, TCB_SUSPEND, NO_ARGS, NO_CAPS);
}

static void launch(word tcb, const void *rip, struct thread_memory *thread, const void *argument)
{
    seL4_UserContext context = {0};

    /* As if called: the stack is 16-byte aligned before the return address. */
    context.rip = (word)rip;
    context.rsp = (word)thread->stack + STACK_BYTES - 8;
    context.rdi = (word)argument;
    context.rflags = 0x202;
    REQUIRE(write_registers(tcb, true, &context, REGISTERS).label == seL4_NoError);
}

/* ---- The sentinel and the supervisor ---- */

static void watch(void)
{
    for (;;) {
        system_call(SEND, helper.quiet, 0, 0, 0, 0, 0);
    }
}

void settle(void)
{
    poll_word(helper.quiet);
    system_call(RECV, helper.quiet, 0, 0, 0, 0, 0);
}

static void land(void)
{
    test_abandoned("the main thread faulted", helper.fault_label, helper.fault_words[0],
                   helper.fault_words[1]);
}

/*
 * Instead of replying, sends the main thread to the end of its test. Resuming it drops the pending
 * fault. It never touches thread-local storage, so it needs none.
 */
static void supervise(void)
{
    for (;;) {
        struct outcome fault = system_call(RECV, helper.main_faults, 0, 0, 0, 0, 0);
        word stack = (word)landing_stack + STACK_BYTES - 8;

        helper.fault_label = info_label(fault.rsi);
        helper.fault_words[0] = fault.mr[0];
        helper.fault_words[1] = fault.mr[1];
        system_call(CALL, seL4_CapInitThreadTCB, message_info(TCB_WRITE_REGISTERS, 0, 4), 1, 2,
                    (word)land, stack);
    }
}

static struct reply configure(word tcb, struct worker_options options, struct thread_memory *thread)
{
    word buffer = options.no_buffer ? 0 : (word)&thread->buffer;
    word cspace = options.cspace != 0 ? options.cspace : ROOT;
    word vspace = options.vspace != 0 ? options.vspace : (word)seL4_CapInitThreadVSpace;

    return invoke(tcb, TCB_CONFIGURE, ARGS(options.fault_endpoint, options.cspace_data, 0, buffer),
                  CAPS(cspace, vspace, image_frame(&thread->buffer)));
}

/*
 * settle() is about one CPU. With balance=on, threads that were never given an affinity run
 * anywhere.
 */
static bool stay_on_first_cpu(word tcb)
{
    return !HAS_AFFINITY || invoke(tcb, TCB_SET_AFFINITY, ARGS(0), NO_CAPS).label == seL4_NoError;
}

static bool start_helper(word tcb, word priority, struct thread_memory *thread,
                         void (*function)(void))
{
    if (configure(tcb, (struct worker_options){0}, thread).label != seL4_NoError ||
        set_priority(tcb, priority).label != seL4_NoError || !stay_on_first_cpu(tcb)) {
        return false;
    }
    launch(tcb, function, thread, NULL);
    return true;
}

static struct reply set_main_fault_endpoint(word endpoint)
{
    return invoke(seL4_CapInitThreadTCB, TCB_SET_SPACE, ARGS(endpoint, 0, 0),
                  CAPS(ROOT, seL4_CapInitThreadVSpace));
}

bool start_helpers(void)
{
    helper.quiet = new_permanent_object(seL4_NotificationObject);
    helper.main_faults = new_permanent_object(seL4_EndpointObject);
    helper.sentinel = new_permanent_object(seL4_TCBObject);
    helper.supervisor = new_permanent_object(seL4_TCBObject);
    if (helper.quiet == 0 || helper.main_faults == 0 || helper.sentinel == 0 ||
        helper.supervisor == 0) {
        return false;
    }
    return set_main_fault_endpoint(helper.main_faults).label == seL4_NoError &&
           stay_on_first_cpu(seL4_CapInitThreadTCB) &&
           set_priority(seL4_CapInitThreadTCB, MAIN_PRIORITY).label == seL4_NoError &&
           start_helper(helper.sentinel, SENTINEL_PRIORITY, &sentinel_memory, watch) &&
           start_helper(helper.supervisor, 255, &supervisor_memory, supervise);
}

void stop_helpers(void)
{
    CHECK_OK(set_main_fault_endpoint(0));
    CHECK_OK(set_priority(seL4_CapInitThreadTCB, 255));
    CHECK_OK(suspend_thread(helper.sentinel));
    CHECK_OK(suspend_thread(helper.supervisor));
}

/* ---- Workers ---- */

void reset_workers(void)
{
    set_priority(seL4_CapInitThreadTCB, MAIN_PRIORITY);
    memset(workers, 0, sizeof(workers));
    for (size_t i = 0; i < workers_used; i++) {
        memset(&memory[i].buffer, 0, sizeof(memory[i].buffer));
    }
    workers_used = 0;
}

static struct thread_memory *memory_of(struct worker *worker)
{
    return &memory[worker - workers];
}

struct worker *make_worker(struct worker_options options)
{
    struct worker *worker = &workers[workers_used];

    REQUIRE(workers_used < MAX_WORKERS);
    workers_used++;
    worker->tcb = new_tcb();
    worker->buffer = &memory_of(worker)->buffer;
    REQUIRE(configure(worker->tcb, options, memory_of(worker)).label == seL4_NoError);
    REQUIRE(set_priority(worker->tcb, options.priority).label == seL4_NoError);
    REQUIRE(stay_on_first_cpu(worker->tcb));
    return worker;
}

struct worker *new_worker(word priority)
{
    return make_worker((struct worker_options){.priority = priority});
}

void forget_last_worker(void)
{
    workers_used--;
    memset(&workers[workers_used], 0, sizeof(workers[0]));
    memset(&memory[workers_used].buffer, 0, sizeof(memory[0].buffer));
}

void add_step(struct worker *worker, long number, word rdi, word rsi, word mr0, word mr1, word mr2,
              word mr3)
{
    REQUIRE(worker->step_count < MAX_STEPS);
    worker->steps[worker->step_count] = (struct step){number, rdi, rsi, {mr0, mr1, mr2, mr3}};
    worker->step_count++;
}

void add_message(struct worker *worker, long number, word rdi, word label, word length)
{
    add_step(worker, number, rdi, message_info(label, 0, length), 0x1111, 0x2222, 0x3333, 0x4444);
}

static void perform_script(struct worker *worker)
{
    for (size_t i = 0; i < worker->step_count; i++) {
        const struct step *step = &worker->steps[i];

        worker->outcomes[i] = system_call(step->number, step->rdi, step->rsi, step->mr[0],
                                          step->mr[1], step->mr[2], step->mr[3]);
        worker->completed = i + 1;
    }
}

/*
 * A worker whose CSpace does not hold its TCB where the main thread's does stops at the privileged
 * instruction instead.
 */
static void begin(struct worker *worker)
{
    worker->function(worker);
    for (;;) {
        system_call(SEND, worker->tcb, message_info(TCB_SUSPEND, 0, 0), 0, 0, 0, 0);
        __asm__ volatile("hlt");
    }
}

void start_function(struct worker *worker, void (*function)(struct worker *))
{
    worker->function = function;
    launch(worker->tcb, begin, memory_of(worker), worker);
}

void start_script(struct worker *worker)
{
    start_function(worker, perform_script);
}

struct reply caught_fault(word endpoint)
{
    struct reply message;

    settle();
    REQUIRE(poll_message(endpoint, &message));
    return message;
}

bool is_syscall(word address)
{
    const uint8_t *code = (const uint8_t *)address;

    return code[0] == 0x0f && code[1] == 0x05;
}

void start_at(struct worker *worker, const void *rip, word rdi)
{
    launch(worker->tcb, rip, memory_of(worker), (const void *)rdi);
}

word stack_top(struct worker *worker)
{
    return (word)memory_of(worker)->stack + STACK_BYTES;
}
