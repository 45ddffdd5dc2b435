/*
 * Threads that notice when the kernel changes something under their feet. Each runs on some CPU of
 * the node until `stop`; main.c meanwhile suspends, moves, reads and rewrites them and remaps the
 * page they read.
 */
#ifndef DOOR_H
#define DOOR_H

#include <sel4/sel4.h>
#include <stdatomic.h>
#include <stdbool.h>

/* No compiler-made SSE code: such a thread must run without FPU state. */
#define WITHOUT_FPU __attribute__((target("general-regs-only")))

enum { FRAMES = 4, FIRST_VALUE = 1000 };

/* Written by main before it starts the others. */
/* one of the frames is mapped here, and holds FIRST_VALUE + its number */
extern const volatile seL4_Word *window;
extern seL4_CPtr fault_endpoint;
extern seL4_CPtr notification;

/*
 * Odd while main maps another frame at the window; else frame (sequence / 2) % FRAMES is there.
 * Written by main only.
 */
extern atomic_ulong sequence;

extern atomic_bool stop;      /* set by main, once */
extern atomic_uint stopped;   /* threads that have seen it */
extern atomic_ulong traps;    /* int3 instructions about to be executed */
extern atomic_ulong handled;  /* int3 faults that the handler got */
extern atomic_ulong mistakes; /* what must not happen; see note_mistake() */

/* Counted by each thread after each round. The argument of every thread is its number. */
enum { MAX_THREADS = 64 };
extern atomic_ulong progress[MAX_THREADS];

/*
 * Counts, and prints a letter: F FPU, S FS base, G GS base, T stale translation, R ran while
 * suspended, others main's.
 */
void note_mistake(char letter);

void fpu_thread(void *number);    /* its FPU and base registers keep their values */
void window_thread(void *number); /* reads the window; has never used the FPU */
/* executes int3 and `int 200`, whose faults the handler answers */
void trap_thread(void *number);
void handler_thread(void *number);

/*
 * Interrupts on CPU 0 that wake a thread of that priority. While an equal runs, CPU 0 goes on with
 * that one, but may have waited for the lock before. Waits for `count` of them, then no more come.
 * 0: this node has no such timer.
 */
unsigned take_interrupts(unsigned count, seL4_Word priority);

#endif
