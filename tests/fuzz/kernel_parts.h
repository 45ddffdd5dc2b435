/*
 * What the kernel's fuzz target is made of beside its world (kernel_world.h): requests, and the
 * count of fast paths taken. kernel.c makes programs of them.
 */
#ifndef TEST_FUZZ_KERNEL_PARTS_H
#define TEST_FUZZ_KERNEL_PARTS_H

#include <kernel/objects.h>

/* --- kernel_request.c --- */

/* The input from now on; whether any of it is left; its next byte, 0 at the end; a number. */
void input_begin(const uint8_t *data, size_t size);
bool input_is_left(void);
uint8_t next_byte(void);
word_t number(void);

/* Everything that the caller puts into registers and buffer. */
struct request {
    word_t number, pointer, info;
    word_t words[16], caps[ABI_MAX_EXTRA_CAPS];
    unsigned word_count, cap_count;
};

/* A request for that system call, of the thread's capabilities, from the input. */
struct request read_message(const struct tcb *thread, word_t syscall);

/* Into the thread's registers and buffer. */
void put_request(struct tcb *thread, const struct request *r);

/* The type of what the thread names by that capability pointer. */
unsigned type_named(const struct tcb *thread, word_t pointer);

/* False: a system call that would end or stop more than the program. */
bool is_harmless(const struct user_context *context);

/* The thread is about to repeat its system call. */
bool was_interrupted(const struct tcb *thread);

/* With CMK_FUZZ_TRACE=1: prints the thread's system call. */
void trace(const char *when, unsigned cpu, const struct tcb *thread);

/* --- kernel_taken.c --- */

/* How often a comparison has found each of these taken is counted over all inputs. */
enum fast_path {
    FAST_CALL,
    FAST_REPLY_RECV,
    FAST_FAULT_REPLY, /* ReplyRecv of a fault's handler */
    FAST_SEND,
    FAST_NB_SEND,
    FAST_SIGNAL, /* either of them to a notification */
    FAST_YIELD,
    FAST_RECV,
    FAST_NB_RECV,
    FAST_MAP,
    FAST_UNMAP,
    FAST_VM_FAULT,
    FAST_USER_EXCEPTION,
    FAST_INTERRUPT,
    FAST_PATHS,
};

/*
 * Which one the thread's system call may take. Asked before the call, which changes what it is
 * asked from.
 */
enum fast_path fast_path_of(const struct tcb *thread);

/* This one was taken; counts in the second run of a program, the one with the fast paths. */
void count_taken(enum fast_path path);
void count_from_now(bool comparing);

#endif
