/*
 * The conformance suite's harness: system calls without any help of libsel4's stubs, checks,
 * objects that vanish at the end of each test, and worker threads that perform scripted system
 * calls and record every register the kernel gave back.
 *
 * The main thread runs at MAIN_PRIORITY. A sentinel at the lowest priority in use tells it, through
 * settle(), that nobody else on its CPU can run any more; so no test waits for something that may
 * never come.
 */
#ifndef CONFORMANCE_HARNESS_H
#define CONFORMANCE_HARNESS_H

#include "abi.h"
#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef seL4_Word word;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Tests ---- */

struct test {
    const char *name;
    const char *sentence; /* what it shows */
    void (*run)(void);
};

struct subject {
    const char *name;
    const struct test *tests;
    size_t count;
};

#define SUBJECT(identifier, tests)                                                                 \
    const struct subject identifier##_subject = {#identifier, tests, COUNT_OF(tests)}

extern seL4_BootInfo *boot_info;
extern seL4_IPCBuffer *main_buffer;

/* ---- Checks: each counts as one; a failing check prints a line and the test goes on. ---- */

#define CHECK(condition) check_that(!!(condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(got, expected)                                                                 \
    check_equal((word)(got), (word)(expected), #got, __FILE__, __LINE__)
/*
 * The kernel's answer to an invocation: CHECK_REPLY(reply, label, MR0, MR1, ...) compares the
 * label, the length and all words.
 */
#define CHECK_REPLY(reply, ...)                                                                    \
    check_reply((reply), (const word[]){__VA_ARGS__},                                              \
                sizeof((const word[]){__VA_ARGS__}) / sizeof(word), __FILE__, __LINE__)
#define CHECK_OK(reply) CHECK_REPLY(reply, seL4_NoError)
/*
 * A message: CHECK_MESSAGE(message, label, MR0, ...) compares label, length and words, whatever the
 * badge.
 */
#define CHECK_MESSAGE(message, ...)                                                                \
    check_message((message), (const word[]){__VA_ARGS__},                                          \
                  sizeof((const word[]){__VA_ARGS__}) / sizeof(word), __FILE__, __LINE__)
/*
 * The kind of capability in a slot of the root CNode; without debug calls, only whether there is
 * one.
 */
#define CHECK_TAG(slot, tag) check_tag((slot), (tag), #slot, __FILE__, __LINE__)
/* A thread's CPU; without debug calls nobody can ask, and nothing is checked. */
#define CHECK_AFFINITY(tcb, cpu) check_affinity((tcb), (cpu), __FILE__, __LINE__)
/* Without what is required the rest of the test has no meaning: it ends here. */
#define REQUIRE(condition) require((condition), #condition, __FILE__, __LINE__)

struct reply {
    word label;
    word length;
    word extra_caps;
    word unwrapped;
    word badge;
    word mr[24];
};

bool check_that(bool condition, const char *text, const char *file, int line);
bool check_equal(word got, word expected, const char *text, const char *file, int line);
bool check_reply(struct reply reply, const word *expected, size_t count, const char *file,
                 int line);
bool check_message(struct reply message, const word *expected, size_t count, const char *file,
                   int line);
bool check_tag(word slot, word tag, const char *text, const char *file, int line);
bool check_affinity(word tcb, word cpu, const char *file, int line);
void require(bool condition, const char *text, const char *file, int line);
/*
 * Says why a test cannot be run on this machine or configuration; it then passes with no further
 * check.
 */
void skip(const char *reason);

/* ---- System calls ---- */

struct outcome {
    word rdi;
    word rsi;
    word mr[4];
};

static inline struct outcome system_call(long number, word rdi, word rsi, word mr0, word mr1,
                                         word mr2, word mr3)
{
    register word r10 __asm__("r10") = mr0;
    register word r8 __asm__("r8") = mr1;
    register word r9 __asm__("r9") = mr2;
    register word r15 __asm__("r15") = mr3;

    __asm__ volatile("movq %%rsp, %%rbx; syscall; movq %%rbx, %%rsp"
                     : "+D"(rdi), "+S"(rsi), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r15)
                     : "d"(number)
                     : "rbx", "rcx", "r11", "memory");
    return (struct outcome){rdi, rsi, {r10, r8, r9, r15}};
}

/* MessageInfo words (contract 2.1). */
static inline word message_info(word label, word extra_caps, word length)
{
    return label << 12 | extra_caps << 7 | length;
}

static inline word info_length(word info)
{
    return info & 0x7f;
}

static inline word info_extra_caps(word info)
{
    return info >> 7 & 3;
}

static inline word info_unwrapped(word info)
{
    return info >> 9 & 7;
}

static inline word info_label(word info)
{
    return info >> 12;
}

#define ARGS(...) (const word[]){__VA_ARGS__}, sizeof((const word[]){__VA_ARGS__}) / sizeof(word)
#define CAPS(...) ARGS(__VA_ARGS__)
#define NO_ARGS   NULL, 0
#define NO_CAPS   NULL, 0

/* Invokes `cap` with Call from the main thread: invoke(cap, LABEL, ARGS(a, b), CAPS(c)). */
struct reply invoke(word cap, word label, const word *args, size_t arg_count, const word *caps,
                    size_t cap_count);

/*
 * Non-blocking receive by the main thread; false if nothing was there. MRs beyond 3 come from the
 * IPC buffer.
 */
bool poll_message(word cap, struct reply *message);
/* Non-blocking send and signal by the main thread. */
void nb_send(word cap, word label, const word *args, size_t count);
void signal_notification(word notification);
/* The word of an active notification, 0 if it is idle. */
word poll_word(word notification);

/* Release kernels have no debug calls but DebugPutChar. */
extern bool has_debug_calls;
void need_debug_calls(void);
void need_affinity(void); /* skips the test where the profile has none */

static inline word cap_tag(word cptr)
{
    return system_call(DEBUG_CAP_IDENTIFY, cptr, 0, 0, 0, 0, 0).rdi;
}

/* ---- Slots and objects, all gone when the test ends ---- */

#define ROOT  seL4_CapInitThreadCNode
#define DEPTH 64

word new_slot(void);
/* `count` consecutive slots of the root CNode. */
word new_slots(word count);
/* Creates one object in a new slot; the test ends if that fails. */
word new_object(word type, word size_bits);
struct reply retype(word untyped, word type, word size_bits, word first_slot, word count);

static inline word new_endpoint(void)
{
    return new_object(seL4_EndpointObject, 0);
}

static inline word new_notification(void)
{
    return new_object(seL4_NotificationObject, 0);
}

static inline word new_tcb(void)
{
    return new_object(seL4_TCBObject, 0);
}

static inline word new_cnode(word radix)
{
    return new_object(seL4_CapTableObject, radix);
}

static inline word new_untyped(word size_bits)
{
    return new_object(seL4_UntypedObject, size_bits);
}

static inline word new_frame(void)
{
    return new_object(seL4_X86_4K, 0);
}

/* Copy, mint, delete and revoke within the root CNode. */
struct reply copy_cap(word target, word source, word rights);
struct reply mint_cap(word target, word source, word rights, word badge);
struct reply move_cap(word target, word source);
struct reply delete_cap(word slot);
struct reply revoke_cap(word slot);
/* Copies a capability from the root CNode to a place below `cnode`. */
struct reply put_cap(word cnode, word index, word depth, word source);
/* Does a slot of `cnode` hold a capability? Changes nothing. */
bool slot_used(word cnode, word index, word depth);
static inline bool slot_is_empty(word slot)
{
    return !slot_used(ROOT, slot, DEPTH);
}

/*
 * A boot untyped of ordinary memory that holds 2^bits bytes and is not the one that the harness
 * works in; 0 if there is none. What is made of it must be in slots of this test.
 */
word spare_untyped(word bits);
/* A copy, or a badged copy, in a new slot; the test ends if that fails. */
word new_copy(word source, word rights);
word new_minted(word source, word rights, word badge);

/* The frame capability of a page of this program's image. */
word image_frame(const void *address);

/* A 4 KiB frame of the device memory at `paddr`, 0 if no device untyped of boot info covers it. */
word device_frame(word paddr);

/* ---- Threads ---- */

enum {
    SENTINEL_PRIORITY = 1,
    LOW = 50,
    MIDDLE = 100,
    HIGH = 150,
    MAIN_PRIORITY = 200,
    ABOVE_MAIN = 220
};

/* Runs everybody else on this CPU until none can run any more. */
void settle(void);

struct step {
    long number;
    word rdi;
    word rsi;
    word mr[4];
};

#define MAX_STEPS 24

struct worker {
    word tcb;
    seL4_IPCBuffer *buffer;
    void (*function)(struct worker *);
    word argument[6];
    volatile word result[40];
    volatile word completed; /* steps done so far */
    size_t step_count;
    struct step steps[MAX_STEPS];
    struct outcome outcomes[MAX_STEPS];
};

struct worker_options {
    word priority;
    word fault_endpoint; /* CPtr in the worker's CSpace, 0: none */
    word cspace;         /* 0: the main thread's */
    word cspace_data;
    word vspace; /* 0: the main thread's */
    bool no_buffer;
};

/* A configured thread that does not run yet. */
struct worker *make_worker(struct worker_options options);
struct worker *new_worker(word priority);
/* Frees the place of the worker made last, whose TCB the test has deleted. */
void forget_last_worker(void);
/* Appends a system call to a worker's script. */
void add_step(struct worker *worker, long number, word rdi, word rsi, word mr0, word mr1, word mr2,
              word mr3);
void add_message(struct worker *worker, long number, word rdi, word label, word length);
/*
 * What a worker told its fault endpoint, once everybody has come to rest; the test ends if it told
 * nothing.
 */
struct reply caught_fault(word endpoint);
/* Is the `syscall` instruction at this address? */
bool is_syscall(word address);
/* Starts the worker's script, or a function of its own. Afterwards the worker suspends itself. */
void start_script(struct worker *worker);
void start_function(struct worker *worker, void (*function)(struct worker *));
/* Sets all registers to zero except rip, a valid stack and rdi, and resumes if asked. */
void start_at(struct worker *worker, const void *rip, word rdi);
struct reply write_registers(word tcb, bool resume, const seL4_UserContext *context, word count);
struct reply read_registers(word tcb, bool suspend, seL4_UserContext *context);
word stack_top(struct worker *worker);
struct reply set_priority(word tcb, word priority);
struct reply resume_thread(word tcb);
struct reply suspend_thread(word tcb);

/* ---- Address spaces ---- */

/* Addresses that nothing of the image is near to; each PML4 slot has its own. */
#define TEST_ADDRESS 0x0000100000000000ul

/* Creates and maps the tables that a page of 2^page_bits bytes at `address` needs. */
void map_tables(word vspace, word address, word page_bits);
struct reply map_frame(word frame, word vspace, word address, word rights, word attributes);
/* A frame mapped read-write in the main thread's address space, tables included. */
word new_mapped_frame(word address);
/* A PML4 with an ASID. */
word new_vspace(void);
/* A PML4 with an ASID and the whole image mapped as in the main thread's address space. */
word clone_vspace(void);

/* ---- Time ---- */

word time_stamp(void);
word ticks_per_millisecond(void);
/*
 * The TSC counts this machine's instructions; otherwise it follows the host, which may stop the
 * machine at any moment.
 */
extern bool time_is_emulated;
void need_emulated_time(void); /* skips the test without it */
/*
 * What must come is waited for so long: the host may be slow, and what runs the tests ends a hang
 * sooner.
 */
enum { HANG_MILLISECONDS = 600000 };
/*
 * Waits, running in user mode, until `notification` is active or the time is over; the word, or 0.
 */
word poll_for(word notification, word milliseconds);
/* Waits until *word reaches `value` or the time is over. For threads on other CPUs. */
bool wait_for_value(const volatile word *where, word value, word milliseconds);
/* The same until it is no longer `value`. */
bool wait_for_change(const volatile word *where, word value, word milliseconds);

#endif
