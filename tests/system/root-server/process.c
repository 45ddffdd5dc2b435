/*
 * A process with its own address space, a copy of this image, and its own CSpace; and faults that
 * are handled.
 */
#include "server.h"

enum {
    CSPACE_BITS = 4,
    CHILD_ENDPOINT = 1,
    SCRATCH = 0x300000000000,
    CHILD_BUFFER = 0x310000000000,
    CHILD_PLACE = 0x320000000000
};

extern const uint8_t __ehdr_start;
extern void thread_entry(void);

/* The child's words; in its own copy of the image. */
static volatile word_t private_word = 1;

static void child(void *argument)
{
    struct message message = {.badge = CHILD_ENDPOINT, .info = make_info(0, 0, 3)};
    message.mr[0] = (word_t)argument;
    message.mr[1] = ++private_word;
    message.mr[2] = *(volatile word_t *)CHILD_PLACE; /* not mapped yet */
    trap(CALL, &message);
    *(volatile word_t *)CHILD_PLACE = message.mr[0] + 1;
    message.badge = CHILD_ENDPOINT;
    message.info = make_info(0, 0, 0);
    trap(CALL, &message);
    for (;;) {
        trap1(YIELD, 0, 0);
    }
}

/* A copy of each page of the image, at the same address there. */
static void copy_image(word_t vspace)
{
    word_t vaddr = (word_t)&__ehdr_start & ~0xfffull;
    for (; vaddr < boot_info->ipc_buffer; vaddr += 0x1000) {
        word_t frame = new_object(PAGE_4K, 0);
        CHECK(map_frame(OWN_VSPACE, frame, SCRATCH, CACHED));
        for (unsigned i = 0; i < 0x1000 / sizeof(word_t); i++) {
            ((volatile word_t *)SCRATCH)[i] = ((volatile word_t *)vaddr)[i];
        }
        CHECK_EQUAL(invoke(frame, PAGE_UNMAP, NONE, NONE).error, NO_ERROR);
        CHECK(map_frame(vspace, frame, vaddr, CACHED));
    }
}

static word_t make_vspace(void)
{
    word_t vspace = new_object(PML4, 0);
    CHECK_EQUAL(invoke(OWN_ASID_POOL, ASSIGN, CAPS(vspace), NONE).error, NO_ERROR);
    return vspace;
}

/* A CNode whose guard takes up all but its index, with the endpoint in slot 1. */
static word_t make_cspace(word_t endpoint)
{
    word_t cspace = new_object(CNODE, CSPACE_BITS);
    CHECK_EQUAL(invoke(cspace, MINT, CAPS(OWN_CNODE),
                       WORDS(CHILD_ENDPOINT, CSPACE_BITS, endpoint, DEPTH, ALL_RIGHTS, 0x77))
                    .error,
                NO_ERROR);
    return cspace;
}

static word_t make_child(word_t vspace, word_t cspace)
{
    static _Alignas(16) word_t stack[512];
    word_t tcb = new_object(TCB, 0), buffer = new_object(PAGE_4K, 0);
    CHECK(map_frame(vspace, buffer, CHILD_BUFFER, CACHED));
    CHECK_EQUAL(invoke(tcb, CONFIGURE, CAPS(cspace, vspace, buffer),
                       WORDS(CHILD_ENDPOINT, DEPTH - CSPACE_BITS, 0, CHILD_BUFFER))
                    .error,
                NO_ERROR);
    CHECK_EQUAL(invoke(tcb, SET_PRIORITY, CAPS(OWN_TCB), WORDS(200)).error, NO_ERROR);
    stack[510] = (word_t)child, stack[511] = 0xc41d; /* before the image is copied */
    copy_image(vspace);
    word_t words[2 + REGISTERS] = {1 /* and resume */, REGISTERS};
    words[2 + RIP] = (word_t)thread_entry;
    words[2 + RSP] = (word_t)&stack[510];
    CHECK_EQUAL(invoke(tcb, WRITE_REGISTERS, NONE, words, 2 + REGISTERS).error, NO_ERROR);
    return tcb;
}

void test_process(void)
{
    word_t endpoint = new_object(ENDPOINT, 0), vspace = make_vspace(),
           frame = new_object(PAGE_4K, 0);
    word_t tcb = make_child(vspace, make_cspace(endpoint));

    struct message message = {.badge = endpoint};
    trap(RECV, &message);
    CHECK_EQUAL(message.badge, 0x77);
    CHECK_EQUAL(label_of(message.info), VM_FAULT);
    CHECK_EQUAL(length_of(message.info), 4);
    CHECK_EQUAL(message.mr[1], CHILD_PLACE);
    CHECK_EQUAL(message.mr[2], 0);
    CHECK_EQUAL(message.mr[3], 4); /* a user's read of what is not there */
    CHECK(map_frame(vspace, frame, CHILD_PLACE, CACHED));

    message = (struct message){.badge = endpoint, .info = 0};
    trap(REPLY_RECV, &message);
    CHECK_EQUAL(message.badge, 0x77);
    CHECK_EQUAL(message.info, make_info(0, 0, 3));
    CHECK_EQUAL(message.mr[0], 0xc41d);
    CHECK_EQUAL(message.mr[1], 2);
    CHECK_EQUAL(message.mr[2], 0);
    CHECK_EQUAL(private_word, 1);

    message = (struct message){.badge = endpoint, .info = make_info(0, 0, 1), .mr = {41}};
    trap(REPLY_RECV, &message);
    CHECK_EQUAL(message.info, 0);
    CHECK_EQUAL(invoke(frame, PAGE_UNMAP, NONE, NONE).error, NO_ERROR);
    CHECK(map_frame(OWN_VSPACE, frame, SCRATCH, CACHED));
    CHECK_EQUAL(*(volatile word_t *)SCRATCH, 42);
    CHECK_EQUAL(invoke(frame, PAGE_UNMAP, NONE, NONE).error, NO_ERROR);
    CHECK_EQUAL(invoke(OWN_CNODE, DELETE, NONE, WORDS(tcb, DEPTH)).error, NO_ERROR);
}

/* --- faults of a thread in this address space --- */

static void faulting(void *argument)
{
    __asm__ volatile("ud2\n\tint3" : : : "memory");
    *(volatile word_t *)argument = 1;
    __asm__ volatile("movq %0, %%rdx\n\tsyscall"
                     :
                     : "r"((word_t)-77)
                     : "rdx", "rcx", "r11", "memory");
    block_for_ever();
}

static void expect_exception(word_t endpoint, word_t vector, word_t skip_bytes, bool first)
{
    static word_t address;
    struct message message = {.badge = endpoint, .info = make_info(0, 0, 1), .mr = {address}};
    trap(first ? RECV : REPLY_RECV, &message);
    CHECK_EQUAL(label_of(message.info), USER_EXCEPTION);
    CHECK_EQUAL(length_of(message.info), 5);
    CHECK_EQUAL(message.mr[3], vector);
    address = message.mr[0] + skip_bytes;
    if (vector == 3) { /* reported behind its instruction */
        trap1(REPLY, 0, make_info(0, 0, 0));
    }
}

void test_faults(void)
{
    static struct thread thread;
    static volatile word_t survived;
    word_t endpoint = new_object(ENDPOINT, 0);
    (void)has_debug_calls(); /* makes the endpoint of block_for_ever() */
    make_thread(&thread, faulting, (void *)&survived, 200, endpoint);
    start_thread(&thread);
    expect_exception(endpoint, 6, 2, true);
    expect_exception(endpoint, 3, 0, false);

    struct message message = {.badge = endpoint};
    trap(RECV, &message);
    CHECK_EQUAL(survived, 1);
    CHECK_EQUAL(label_of(message.info), UNKNOWN_SYSCALL);
    CHECK_EQUAL(length_of(message.info), 19);
    CHECK_EQUAL(((volatile word_t *)boot_info->ipc_buffer)[1 + 18], (word_t)-77);
    stop_thread(&thread);
}
