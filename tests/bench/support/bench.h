/*
 * What the benchmark programs share: time stamps, samples and their report, threads with address
 * spaces of their own. docs/benchmarks.md says what is measured and how.
 */
#ifndef BENCH_H
#define BENCH_H

#include <api/cluster.h>
#include <sel4/sel4.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROOT  seL4_CapInitThreadCNode
#define DEPTH seL4_WordBits

/* ---- Time stamps ---- */

/*
 * The low half of the time stamp counter: nothing measured here takes 2^32 ticks. Neither the
 * compiler nor the measured stubs, which are volatile too, move across it.
 */
static inline uint32_t stamp(void)
{
    uint32_t low;
    __asm__ volatile("rdtsc" : "=a"(low) : : "rdx", "memory");
    return low;
}

/* What lies between two stamps when nothing is between them. Constant after bench_begin(). */
extern uint32_t stamp_overhead;
void measure_overhead(void);

/* ---- Samples ---- */

/* The first WARM_UP rounds are not reported. */
enum { WARM_UP = 64, ROUNDS = 1000, ALL_ROUNDS = WARM_UP + ROUNDS };

/*
 * Stamps of one kind of operation, round by round. `begin` and `end` may be written by different
 * threads.
 */
struct samples {
    uint32_t begin[ALL_ROUNDS];
    uint32_t end[ALL_ROUNDS];
};

/*
 * Prints the samples for tools/bench, overhead subtracted. `operations` is how many operations one
 * sample covers. Sorts `samples`.
 */
void report(const char *name, struct samples *samples, unsigned rounds, unsigned operations);

/*
 * The same for operations that come `count` at a time; the name has %u for the count. See
 * rounds_for().
 */
void report_counted(const char *name, unsigned count, struct samples *samples, unsigned rounds);

/*
 * As report(), with a number in the name that says nothing about how many operations a sample
 * covers.
 */
void report_numbered(const char *name, unsigned number, struct samples *samples, unsigned rounds);

/* Numbers that are no times, one for each of all rounds. Sorts the reported ones. */
void report_numbers(const char *name, unsigned number, const char *unit,
                    uint32_t values[ALL_ROUNDS]);

/* How many rounds of so many operations; the first of them is not reported. */
unsigned rounds_for(unsigned count);

/* One round by one thread. */
#define MEASURE(samples, round, operation)                                                         \
    do {                                                                                           \
        uint32_t measure_begin = stamp();                                                          \
        operation;                                                                                 \
        uint32_t measure_end = stamp();                                                            \
        (samples).begin[round] = measure_begin;                                                    \
        (samples).end[round] = measure_end;                                                        \
    } while (0)

/* The same for `count` samples that are differences already, overhead subtracted. */
void report_values(const char *name, uint32_t *values, unsigned count, unsigned operations);

/*
 * `name` with its %u, and without its s at the end if the count is 1: one page, object, capability.
 */
enum { NAME_BYTES = 100 };
void counted_name(char text[NAME_BYTES], const char *name, unsigned count);

/* ---- What the kernel counts ---- */

/* A CMK_COUNT_* of CPU 0. Whoever asks needs node control in its CSpace. */
seL4_Word kernel_count(seL4_Word what);

/*
 * How many system calls and other events of each kind (CMK_COUNT_ORDINARY_*) took the kernel's
 * ordinary path on CPU 0 (and what else it counts), from each begin to the next end, but for the
 * calls that ask. Zero to
 * start with. A fast path served all others of these kinds.
 */
enum { ORDINARY_KINDS = CMK_COUNTS };
struct ordinary_calls {
    seL4_Word count[ORDINARY_KINDS];
};
void counting_begin(struct ordinary_calls *calls);
void counting_end(struct ordinary_calls *calls);

/*
 * Prints for tools/bench how many of one kind there were, of `all` calls or events that an
 * operation was measured with, and sets their number to zero. `number` is for the name's %u.
 */
void report_ordinary(const char *name, unsigned number, struct ordinary_calls *calls,
                     seL4_Word kind, unsigned all);

/* ---- Set-up ---- */

void bench_begin(void);

/* What is not expected to fail ends the program when it does, with a line that says where. */
void must(bool condition, const char *what);
#define OK(call) must((call) == seL4_NoError, #call)

seL4_CPtr new_object(seL4_Word type, seL4_Word size_bits);
seL4_CPtr new_endpoint(void);
seL4_CPtr new_notification(void);

/* A copy with other rights or badge, in a new slot of the initial CNode. */
seL4_CPtr new_minted(seL4_CPtr source, seL4_CapRights_t rights, seL4_Word badge);

/* 4096 empty slots of the initial CNode, always the same. */
seL4_CPtr object_slots(void);

/*
 * Retype to `count` objects in slots from `first` up, with as many calls as the kernel's limit
 * demands.
 */
void retype_all(seL4_CPtr untyped, seL4_Word type, seL4_Word size_bits, seL4_CPtr first,
                unsigned count);

/*
 * A PML4 with an ASID and the whole image mapped as in the initial thread's address space: the same
 * memory.
 */
seL4_CPtr new_vspace(void);

/* ---- Threads ---- */

/* The main thread waits at MAIN_PRIORITY while the others run. */
enum { BELOW_MAIN = 50, MAIN_PRIORITY = 100, LOW = 140, MIDDLE = 150, HIGH = 160 };

struct thread_options {
    seL4_Word priority;
    seL4_CPtr vspace; /* 0: the main thread's */
    seL4_CPtr cspace; /* 0: the main thread's */
    seL4_Word cspace_data;
    seL4_CPtr fault_endpoint; /* in the thread's CSpace; 0: none */
    seL4_Word cpu;
};

/*
 * A new thread, which runs as soon as everybody above it waits. Its stack, IPC buffer and
 * thread-local data are in the image, so that they are there in every address space.
 */
seL4_CPtr start_thread(struct thread_options options, void (*function)(void));

/*
 * Lets the others run until one of them, in whichever address space, calls finished(). Then ends
 * all threads.
 */
void run_threads(void);
void finished(void);

/*
 * What finished() signals, and an endpoint on which nobody sends: threads wait there when they are
 * through. A thread with a CSpace of its own needs both, at these addresses. Constant after
 * bench_begin().
 */
extern seL4_CPtr all_done, parking;

#endif
