/*
 * The suite itself: checks, the objects of a test and their disposal, the run over all tests, and
 * the supervisor that catches a fault of the main thread, so that one broken test does not end the
 * run.
 */
#include "suite.h"
#include <stdio.h>
#include <string.h>

enum { ARENA_BITS = 25, PRINTED_FAILURES = 8 };

seL4_BootInfo *boot_info;
seL4_IPCBuffer *main_buffer;
bool has_debug_calls;

static struct {
    word source; /* boot untyped that the arena is made from */
    word arena;  /* untyped from which all objects of a test come */
    word arena_bits;
    word first_slot; /* of the slots that tests use */
    word next_slot;
} store;

static struct {
    const char *name;
    word checks;
    word failed_checks;
    word failures; /* of this test */
    bool skipped;
    void *landing[5]; /* where an abandoned test continues */
} run;

/* ---- Checks ---- */

static bool note(bool good, const char *file, int line)
{
    const char *base = strrchr(file, '/');

    run.checks++;
    if (good) {
        return true;
    }
    run.failed_checks++;
    run.failures++;
    if (run.failures <= PRINTED_FAILURES) {
        printf("FAIL %s: %s:%d ", run.name, base != NULL ? base + 1 : file, line);
    }
    return false;
}

static bool printing(void)
{
    return run.failures <= PRINTED_FAILURES;
}

bool check_that(bool condition, const char *text, const char *file, int line)
{
    if (!note(condition, file, line) && printing()) {
        printf("expected %s\n", text);
    }
    return condition;
}

bool check_equal(word got, word expected, const char *text, const char *file, int line)
{
    if (!note(got == expected, file, line) && printing()) {
        printf("%s expected 0x%lx got 0x%lx\n", text, expected, got);
    }
    return got == expected;
}

static void print_reply(word label, word length, const word *words)
{
    printf("label %lu length %lu", label, length);
    for (word i = 0; i < length && i < 8; i++) {
        printf(" 0x%lx", words[i]);
    }
}

bool check_message(struct reply reply, const word *expected, size_t count, const char *file,
                   int line)
{
    word length = count - 1;
    bool good = reply.label == expected[0] && reply.length == length;

    for (size_t i = 0; i < length; i++) {
        good = good && reply.mr[i] == expected[i + 1];
    }
    if (!note(good, file, line) && printing()) {
        printf("message expected ");
        print_reply(expected[0], length, expected + 1);
        printf(" got ");
        print_reply(reply.label, reply.length, reply.mr);
        printf(reply.badge != 0 ? " badge 0x%lx\n" : "\n", reply.badge);
    }
    return good;
}

/* The kernel's own replies carry neither badge nor capabilities. */
bool check_reply(struct reply reply, const word *expected, size_t count, const char *file, int line)
{
    if (reply.badge != 0 || reply.extra_caps != 0 || reply.unwrapped != 0) {
        return check_equal(reply.badge, 0, "badge of a kernel reply", file, line) &&
               check_equal(reply.extra_caps, 0, "capabilities in a kernel reply", file, line) &&
               check_equal(reply.unwrapped, 0, "unwrapped capabilities in a kernel reply", file,
                           line);
    }
    return check_message(reply, expected, count, file, line);
}

bool check_tag(word slot, word tag, const char *text, const char *file, int line)
{
    if (has_debug_calls) {
        return check_equal(cap_tag(slot), tag, text, file, line);
    }
    return check_that(slot_is_empty(slot) == (tag == TAG_NULL), text, file, line);
}

bool check_affinity(word tcb, word cpu, const char *file, int line)
{
    if (!has_debug_calls || !HAS_AFFINITY) {
        return true;
    }
    return check_equal(system_call(DEBUG_GET_THREAD_AFFINITY, tcb, 0, 0, 0, 0, 0).rdi, cpu,
                       "affinity", file, line);
}

void need_debug_calls(void)
{
    if (!has_debug_calls) {
        skip("this kernel has no debug calls");
    }
}

void need_affinity(void)
{
    if (!HAS_AFFINITY) {
        skip("this profile has one CPU and no affinity");
    }
}

void require(bool condition, const char *text, const char *file, int line)
{
    if (!check_that(condition, text, file, line)) {
        __builtin_longjmp(run.landing, 1);
    }
}

void skip(const char *reason)
{
    printf("SKIP %s: %s\n", run.name, reason);
    run.skipped = true;
    __builtin_longjmp(run.landing, 1);
}

void test_abandoned(const char *why, word label, word first, word second)
{
    note(false, "main", 0);
    printf("%s: label %lu at 0x%lx, 0x%lx\n", why, label, first, second);
    __builtin_longjmp(run.landing, 1);
}

/* ---- Invocations and messages ---- */

static struct reply to_reply(struct outcome outcome)
{
    struct reply reply = {info_label(outcome.rsi),
                          info_length(outcome.rsi),
                          info_extra_caps(outcome.rsi),
                          info_unwrapped(outcome.rsi),
                          outcome.rdi,
                          {0}};

    for (size_t i = 0; i < COUNT_OF(reply.mr); i++) {
        reply.mr[i] = i < 4 ? outcome.mr[i] : main_buffer->msg[i];
    }
    return reply;
}

static void load_buffer(const word *args, size_t arg_count)
{
    for (size_t i = 4; i < arg_count; i++) {
        main_buffer->msg[i] = args[i];
    }
}

struct reply invoke(word cap, word label, const word *args, size_t arg_count, const word *caps,
                    size_t cap_count)
{
    word mr[4] = {0};

    for (size_t i = 0; i < 4 && i < arg_count; i++) {
        mr[i] = args[i];
    }
    load_buffer(args, arg_count);
    for (size_t i = 0; i < cap_count; i++) {
        main_buffer->caps_or_badges[i] = caps[i];
    }
    return to_reply(system_call(CALL, cap, message_info(label, cap_count, arg_count), mr[0], mr[1],
                                mr[2], mr[3]));
}

bool poll_message(word cap, struct reply *message)
{
    enum { UNTOUCHED = 0x7ffff };
    struct outcome outcome = system_call(NB_RECV, cap, message_info(UNTOUCHED, 0, 0), 0, 0, 0, 0);

    *message = to_reply(outcome);
    return outcome.rsi != message_info(UNTOUCHED, 0, 0);
}

void nb_send(word cap, word label, const word *args, size_t count)
{
    load_buffer(args, count);
    system_call(NB_SEND, cap, message_info(label, 0, count), count > 0 ? args[0] : 0,
                count > 1 ? args[1] : 0, count > 2 ? args[2] : 0, count > 3 ? args[3] : 0);
}

void signal_notification(word notification)
{
    system_call(SEND, notification, message_info(0, 0, 0), 0, 0, 0, 0);
}

word poll_word(word notification)
{
    return system_call(NB_RECV, notification, 0, 0, 0, 0, 0).rdi;
}

/* ---- Slots and objects ---- */

word new_slots(word count)
{
    word first = store.next_slot;

    REQUIRE(first + count <= boot_info->empty.end);
    store.next_slot += count;
    return first;
}

word new_slot(void)
{
    return new_slots(1);
}

struct reply retype(word untyped, word type, word size_bits, word first_slot, word count)
{
    return invoke(untyped, UNTYPED_RETYPE, ARGS(type, size_bits, 0, 0, first_slot, count),
                  CAPS(ROOT));
}

word new_object(word type, word size_bits)
{
    word slot = new_slot();

    REQUIRE(retype(store.arena, type, size_bits, slot, 1).label == seL4_NoError);
    return slot;
}

struct reply copy_cap(word target, word source, word rights)
{
    return invoke(ROOT, CNODE_COPY, ARGS(target, DEPTH, source, DEPTH, rights), CAPS(ROOT));
}

struct reply mint_cap(word target, word source, word rights, word badge)
{
    return invoke(ROOT, CNODE_MINT, ARGS(target, DEPTH, source, DEPTH, rights, badge), CAPS(ROOT));
}

struct reply move_cap(word target, word source)
{
    return invoke(ROOT, CNODE_MOVE, ARGS(target, DEPTH, source, DEPTH), CAPS(ROOT));
}

struct reply delete_cap(word slot)
{
    return invoke(ROOT, CNODE_DELETE, ARGS(slot, DEPTH), NO_CAPS);
}

struct reply revoke_cap(word slot)
{
    return invoke(ROOT, CNODE_REVOKE, ARGS(slot, DEPTH), NO_CAPS);
}

struct reply put_cap(word cnode, word index, word depth, word source)
{
    return invoke(cnode, CNODE_COPY, ARGS(index, depth, source, DEPTH, ALL_RIGHTS), CAPS(ROOT));
}

/*
 * A copy from an empty source slot fails at the destination first, if that is occupied (contract
 * 4.6).
 */
bool slot_used(word cnode, word index, word depth)
{
    return invoke(cnode, CNODE_COPY, ARGS(index, depth, seL4_CapNull, DEPTH, 0), CAPS(ROOT))
               .label == seL4_DeleteFirst;
}

word new_copy(word source, word rights)
{
    word slot = new_slot();

    REQUIRE(copy_cap(slot, source, rights).label == seL4_NoError);
    return slot;
}

word new_minted(word source, word rights, word badge)
{
    word slot = new_slot();

    REQUIRE(mint_cap(slot, source, rights, badge).label == seL4_NoError);
    return slot;
}

word image_frame(const void *address)
{
    word image_end = (word)boot_info->ipcBuffer;
    word page = (word)address & ~0xffful;

    return boot_info->userImageFrames.end - (image_end - page) / 4096;
}

/* ---- The run ---- */

static bool is_memory(word index)
{
    return !boot_info->untypedList[index].isDevice;
}

word spare_untyped(word bits)
{
    for (word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        if (is_memory(i) && boot_info->untypedList[i].sizeBits >= bits &&
            boot_info->untyped.start + i != store.source) {
            return boot_info->untyped.start + i;
        }
    }
    return 0;
}

static bool open_store(void)
{
    word best = 0;
    word best_bits = 0;

    for (word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        if (is_memory(i) && boot_info->untypedList[i].sizeBits > best_bits) {
            best = boot_info->untyped.start + i;
            best_bits = boot_info->untypedList[i].sizeBits;
        }
    }
    store.source = best;
    store.arena_bits = best_bits - 1 < ARENA_BITS ? best_bits - 1 : ARENA_BITS;
    store.arena = boot_info->empty.start;
    store.next_slot = store.arena + 1;
    store.first_slot = store.next_slot;
    return retype(store.source, seL4_UntypedObject, store.arena_bits, store.arena, 1).label ==
           seL4_NoError;
}

/* What the harness itself keeps is allocated here, once, before the first test. */
word new_permanent_object(word type)
{
    word slot = new_slot();

    store.first_slot = store.next_slot;
    return retype(store.source, type, 0, slot, 1).label == seL4_NoError ? slot : 0;
}

/*
 * Takes back everything a test made, and counts as a check of its own: the arena must be whole
 * again, and no slot used. An untyped without children answers NotEnoughMemory with its full size,
 * so the check itself changes nothing.
 */
static void clean_up(void)
{
    struct reply whole;
    word left = 0;

    revoke_cap(store.arena);
    for (word slot = store.first_slot; slot < store.next_slot; slot++) {
        delete_cap(slot);
        left += !slot_is_empty(slot);
    }
    reset_workers();
    CHECK_EQUAL(left, 0);
    whole = retype(store.arena, seL4_UntypedObject, store.arena_bits, store.first_slot, 2);
    CHECK_REPLY(whole, seL4_NotEnoughMemory, 1ul << store.arena_bits);
    store.next_slot = store.first_slot;
}

/* A thread without fault handler tries one: it ends there if the kernel does not know the call. */
static void try_debug_call(void)
{
    struct worker *worker = new_worker(MIDDLE);

    add_step(worker, DEBUG_CAP_IDENTIFY, ROOT, 0, 0, 0, 0, 0);
    start_script(worker);
    settle();
    has_debug_calls = worker->completed == 1;
}

static void run_test(const struct test *test)
{
    run.name = test->name;
    run.failures = 0;
    run.skipped = false;
    if (__builtin_setjmp(run.landing) == 0) {
        test->run();
    }
    if (__builtin_setjmp(run.landing) == 0) {
        clean_up();
    }
    if (run.failures == 0) {
        printf("PASS %s\n", run.name);
    } else if (!printing()) {
        printf("FAIL %s: %lu checks failed in all\n", run.name, run.failures);
    }
}

static void find_debug_calls(void)
{
    static const struct test first = {"debug-calls-known", "whether this kernel has debug calls",
                                      try_debug_call};

    run_test(&first);
    if (!has_debug_calls) {
        printf("conformance: no debug calls, so kinds of capabilities are not checked\n");
    }
}

/*
 * Each piece of ordinary memory in boot info must be whole again: one object as large as the
 * untyped fits into it.
 */
static void check_boot_memory(void)
{
    word slot = store.next_slot;

    for (word i = 0; i < boot_info->untyped.end - boot_info->untyped.start; i++) {
        word untyped = boot_info->untyped.start + i;
        word bits = boot_info->untypedList[i].sizeBits;

        if (is_memory(i)) {
            CHECK_OK(retype(untyped, seL4_UntypedObject, bits, slot, 1));
            CHECK_OK(revoke_cap(untyped));
        }
    }
}

static void close_store(void)
{
    static const struct test last = {"memory-whole-again",
                                     "all boot memory can be retyped at full size again", NULL};

    run.name = last.name;
    run.failures = 0;
    if (__builtin_setjmp(run.landing) == 0) {
        stop_helpers();
        CHECK_OK(revoke_cap(store.source));
        check_boot_memory();
    }
    if (run.failures == 0) {
        printf("PASS %s\n", run.name);
    }
}

static bool chosen(const char *wanted, const struct subject *subject, const struct test *test)
{
    return wanted == NULL || strcmp(wanted, test->name) == 0 || strcmp(wanted, subject->name) == 0;
}

int run_suite(const struct subject *const *subjects, size_t count, const char *wanted)
{
    word tests_run = 0;

    run.name = "harness";
    if (__builtin_setjmp(run.landing) != 0 || !open_store() || !start_helpers()) {
        printf("conformance: cannot set up the harness\n");
        return 1;
    }
    find_debug_calls();
    for (size_t s = 0; s < count; s++) {
        for (size_t t = 0; t < subjects[s]->count; t++) {
            if (chosen(wanted, subjects[s], &subjects[s]->tests[t])) {
                run_test(&subjects[s]->tests[t]);
                tests_run++;
            }
        }
    }
    close_store();
    if (tests_run == 0) {
        printf("conformance: no test or subject is called %s\n", wanted);
        return 1;
    }
    printf("conformance: %lu checks, %lu passed, %lu failed\n", run.checks,
           run.checks - run.failed_checks, run.failed_checks);
    return run.failed_checks != 0;
}
