/*
 * A node with threads, for tests of IPC and scheduling: one root CNode for all threads (capability
 * pointers are slot numbers), and CPUs that enter the kernel when a test says so. After every entry
 * the rules of kernel/check.h are checked.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../host/host.h"
#include <check.h>
#include <kernel/derivation.h>
#include <kernel/ipc.h>
#include <kernel/notification.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

enum { ROOT_RADIX = 8, ROOT_SLOTS = 1 << ROOT_RADIX };

/* Slots that world_start() fills; tests use FREE and above. */
enum { ROOT = 1, ENDPOINT = 2, NOTIFICATION = 3, FREE = 16 };

/* Where threads start; a system call instruction has two bytes. */
#define START_ADDRESS 0x400000ull

extern struct slot *root;
extern struct endpoint *endpoint;         /* in slot ENDPOINT, all rights, badge 0 */
extern struct notification *notification; /* in slot NOTIFICATION, all rights, badge 0 */

/* A node of `cpus` CPUs, all idle. */
void world_start(unsigned cpus);

void *new_object(unsigned bits);

/*
 * A thread with CSpace and IPC buffer, inactive; its capability goes to slot FREE - 1, FREE - 2,
 * ... or slot_of().
 */
struct tcb *new_thread(unsigned priority, unsigned cpu);
unsigned slot_of(const struct tcb *thread);
word_t *buffer_of(const struct tcb *thread);

/* new_thread(), resumed, and every CPU that was called has chosen. */
struct tcb *new_running_thread(unsigned priority, unsigned cpu);

/*
 * A copy of an endpoint or notification capability with other rights and badge, as a child of the
 * original.
 */
void mint(unsigned destination, unsigned source, word_t rights, word_t badge);

/* The exit of the CPU that executes: chooses, and what arch/x86 does then. */
void leave(void);

/* CPUs that were called, or whose thread was taken away, enter and choose, until none is left. */
void settle(void);

/*
 * The thread current on a CPU makes a system call; its registers are as they were or set by the
 * test. Then settle().
 */
void make_syscall(struct tcb *thread, int64_t number, word_t pointer, word_t info);

/*
 * The same event, without what make_syscall() does about other CPUs afterwards: first the fast way.
 * If that is not taken, it has changed nothing, and the ordinary way is; if it is, the ordinary way
 * comes to the same state. True: taken, and the CPU has left the kernel already.
 */
bool syscall_both_ways(struct tcb *thread, int64_t number, word_t pointer, word_t info);

/* The same with an interrupt of the CPU that executes, and with faults of its current thread. */
bool interrupt_both_ways(word_t irq);
bool vm_fault_both_ways(struct tcb *thread, vaddr_t address, word_t status);
bool user_exception_both_ways(struct tcb *thread, word_t vector, word_t error);

/* Bytes from HOST_MEMORY_BASE that hold objects. */
size_t world_memory_used(void);

/* A timer tick, or an interrupt, on that CPU. */
void tick(unsigned cpu);
void interrupt(unsigned cpu, word_t irq);

/*
 * An invocation by Call with these words (in registers and buffer) and extra capabilities; returns
 * the error label.
 */
word_t invoke(struct tcb *thread, unsigned slot, word_t label, unsigned length, const word_t *words,
              unsigned extra_count, const unsigned *extra);
#define WORDS(...)                                                                                 \
    (sizeof((word_t[]){__VA_ARGS__}) / sizeof(word_t)), (word_t[])                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define CAPS(...)                                                                                  \
    (sizeof((unsigned[]){__VA_ARGS__}) / sizeof(unsigned)), (unsigned[])                           \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define NO_WORDS 0, NULL
#define NO_CAPS  0, NULL

/* Registers. */
void set_mr(struct tcb *thread, unsigned index, word_t value);
word_t mr(const struct tcb *thread, unsigned index);
static inline word_t badge(const struct tcb *thread)
{
    return thread->context.rdi;
}
static inline word_t info(const struct tcb *thread)
{
    return thread->context.rsi;
}

static inline word_t make_info(word_t label, word_t extra_caps, word_t length)
{
    return message_info(label, 0, extra_caps, length);
}

struct tcb *running_on(unsigned cpu);

#define ASSERT_STATE(thread, expected) ck_assert_int_eq((thread)->state, expected)

/* Suites. */
Suite *ipc_suite(void);
Suite *transfer_suite(void);
Suite *cancellation_suite(void);
Suite *fastpath_suite(void);
Suite *fault_suite(void);
Suite *notification_suite(void);
Suite *schedule_suite(void);
Suite *tcb_suite(void);
Suite *cluster_suite(void);
Suite *life_suite(void);
Suite *rules_suite(void);
Suite *random_suite(void);

#endif
