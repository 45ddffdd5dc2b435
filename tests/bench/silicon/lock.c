/*
 * The kernel's lock: arch/x86/entry/entry_lock.asm as it is, from enter_many to its `iretq`, which
 * user mode may carry out too. The two CPU blocks are zero, so nothing of the door needs a
 * privilege: the node's page table counts as loaded, and no FPU state is live.
 */
#include "silicon.h"

#include <stdlib.h>

enum { ROUNDS = 500, WARM_UP = 100, CONTEXT_BYTES = 256, BLOCK_BYTES = 65536 };

/* What entry_lock.asm names. */
void *lock_tail;
uint32_t node_cpu_count = 2;
uint32_t lock_patience = UINT32_MAX;
void *kernel_entry(void *cpu);
void *syscall_entry(void);
void lock_stands_still(void *cpu);

/* enter.asm: enters by the lock and comes back with the context that kernel_entry() returns. */
void enter(void *cpu, void *context);

static _Alignas(4096) unsigned char blocks[2][BLOCK_BYTES];
static _Alignas(64) unsigned char contexts[2][CONTEXT_BYTES];

/* Under the lock, like all that a kernel writes. */
static void *last_holder;
static uint64_t released_at, hand_over[ROUNDS];
static unsigned hand_overs, hold_cycles;
static bool came_from_other[2]; /* each side's last entry: the other CPU held the lock before it */

/* Threads that have not begun; that have not measured enough. The other goes on until both have. */
static _Atomic unsigned to_begin, at_work;
static uint64_t entries[2][ROUNDS];

/* The stack of a CPU is below its block. */
static void *block_of(unsigned side)
{
    return blocks[side] + BLOCK_BYTES / 2;
}

void *kernel_entry(void *cpu)
{
    uint64_t begin = now();
    unsigned side = cpu == block_of(1);
    came_from_other[side] = last_holder && last_holder != cpu;
    if (came_from_other[side] && released_at != 0 && hand_overs < ROUNDS && hold_cycles > 0) {
        hand_over[hand_overs++] = begin - released_at;
    }
    last_holder = cpu;
    while (now() - begin < hold_cycles) {
        __builtin_ia32_pause();
    }
    released_at = hold_cycles > 0 ? now() : 0;
    return contexts[side];
}

void *syscall_entry(void)
{
    abort();
}

void lock_stands_still(void *cpu)
{
    (void)cpu;
    abort();
}

/* Measures entries: with two CPUs, those before which the other one held the lock. */
static void enter_and_count(unsigned side, bool is_alone)
{
    unsigned counted = 0;
    pin(side);
    atomic_fetch_sub(&to_begin, 1);
    while (atomic_load(&to_begin) != 0) {
        __builtin_ia32_pause();
    }
    while (counted < WARM_UP + ROUNDS) {
        uint64_t begin = now();
        enter(block_of(side), contexts[side]);
        if (is_alone || came_from_other[side]) {
            entries[side][counted < WARM_UP ? 0 : counted - WARM_UP] = now() - begin;
            counted++;
        }
    }
    atomic_fetch_sub(&at_work, 1);
    while (atomic_load(&at_work) != 0) {
        enter(block_of(side), contexts[side]);
    }
}

static void *enter_first(void *argument)
{
    (void)argument;
    enter_and_count(0, false);
    return NULL;
}

static void *enter_second(void *argument)
{
    (void)argument;
    enter_and_count(1, false);
    return NULL;
}

static void begin_work_of(unsigned threads)
{
    atomic_store(&to_begin, threads);
    atomic_store(&at_work, threads);
}

static void exchange_own_line(void)
{
    static _Alignas(LINE) _Atomic uint64_t word;
    uint64_t cycles[ROUNDS];
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t begin = now();
        atomic_exchange(&word, i);
        cycles[i] = now() - begin;
    }
    print_samples("exchange in the CPU's own cache", 8, cycles, ROUNDS, 1);
}

void measure_lock(void)
{
    exchange_own_line();
    hold_cycles = 0;
    begin_work_of(1);
    enter_and_count(0, true);
    print_samples("lock: entry and exit, free", 0, entries[0], ROUNDS, 1);
    begin_work_of(2);
    in_two_threads(enter_first, enter_second, NULL);
    print_samples("lock: entry and exit, two CPUs", 0, entries[0], ROUNDS, 1);
    /* Held long enough that the other CPU has queued. */
    hold_cycles = 4000;
    hand_overs = 0;
    begin_work_of(2);
    in_two_threads(enter_first, enter_second, NULL);
    if (hand_overs > 0) {
        print_samples("lock: hand-over", 0, hand_over, hand_overs, 1);
    }
}
