/*
 * The ways in which real SMP kernels failed, one test each, from user level: what main.c's tests
 * share.
 */
#ifndef FAILURES_H
#define FAILURES_H

#include <cmk/cluster.h>
#include <cmk/resources.h>
#include <stdatomic.h>
#include <stdint.h>

enum { PRIORITY = 100, ANY_CPU = 0xffff };

extern unsigned cpu_count;
extern bool is_balanced;          /* the node has balance=on (argument "balanced") */
extern atomic_bool stop;          /* the test is over: its threads stop working */
extern _Atomic uint64_t mistakes; /* of the test that runs */

/*
 * A thread of the test that runs, on that CPU modulo the node's; suspended when the test is over.
 */
seL4_CPtr start(unsigned cpu, void (*entry)(void *), void *argument);

/*
 * A raw thread: no stack, no thread-local data. In `slot`, which is empty; its memory is `untyped`,
 * or any if that is 0. With ANY_CPU it gets no affinity.
 */
bool start_raw(seL4_CPtr untyped, seL4_CPtr slot, unsigned cpu, const void *code, void *argument);

uint64_t random_below(uint64_t limit); /* the main thread's */
/*
 * What must come is waited for so long: the host may be slow, and what runs the tests ends a hang
 * sooner.
 */
enum { HANG_MILLISECONDS = 600000 };

/* of the TSC; 0 if it says that was later, as an emulator's may */
uint64_t cycles_since(uint64_t start);
uint64_t cycles(void);

/*
 * Whether to go on: until `done` has reached `wanted`. Gives other threads of the CPU their turn. A
 * hang ends it as well, and is a mistake. How much a test does is counted, never timed: a busy host
 * makes it slower, and nothing else.
 */
bool goes_on(uint64_t done, uint64_t wanted);
/* The test has taken so long that it must be a hang; a mistake. For loops that give no turns. */
bool is_hanging(void);

/* Two figures, to be seen if the test fails. */
void note(uint64_t a, uint64_t b);

/* Waits until *word is at least `value`; false, and a mistake, if that takes too long. */
bool await(_Atomic uint64_t *word, uint64_t value);

struct test {
    const char *name;
    bool (*run)(void);
};

/* ended by a null name */
extern const struct test thread_tests[], memory_tests[], interrupt_tests[], call_tests[];

/* raw.asm */
struct raw {
    volatile uint64_t counter;
    volatile uint64_t found;    /* what was found wrong; 0: nothing */
    uint64_t address;           /* what the reader reads */
    volatile uint64_t first;    /* 1: about to use the FPU for the first time; 2: has used it */
    volatile uint64_t upper[2]; /* half of a YMM register */
};
extern bool raw_has_ymm; /* to be set before any of them runs */
extern const char raw_fpu_user[], raw_fpu_first[], raw_reader[], raw_odd_interrupts[];
extern const char raw_comparer[], raw_sleeper[], raw_spinner[];
/* address: an endpoint; counter: the next message's number */
extern const char raw_sender[], raw_receiver[];

#endif
