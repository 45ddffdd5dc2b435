/*
 * A node for the kernel's fuzz target: the machine of tests/unit/host, a root CNode with at least
 * one capability of every type, four threads, up to four CPUs. Everything is made new for each
 * input and taken apart after it, by the kernel's own revocation: what is left then is a leak.
 */
#ifndef TEST_FUZZ_KERNEL_WORLD_H
#define TEST_FUZZ_KERNEL_WORLD_H

#include "../unit/host/host.h"
#include <kernel/objects.h>

enum { ROOT_RADIX = 6, ROOT_SLOTS = 1 << ROOT_RADIX };

/* What the root CNode holds at the beginning; the slots after SLOT_FREE are empty. */
enum {
    SLOT_ROOT = 1,         /* guard of 58 bits: capability pointers are slot numbers, depth 64 */
    SLOT_ROOT_SHALLOW = 2, /* the same without guard: depth 6, or 10 through SLOT_NODE */
    SLOT_THREAD = 3,       /* four TCBs */
    SLOT_VSPACE = 7,
    /* four frames; thread i has the IPC buffer in the frame of slot SLOT_BUFFER + i */
    SLOT_BUFFER = 8,
    SLOT_IRQ_CONTROL = 12,
    SLOT_IPI_CONTROL = 13,
    SLOT_PORT_CONTROL = 14,
    SLOT_ASID_CONTROL = 15,
    SLOT_ASID_POOL = 16,
    SLOT_DOMAIN = 17,
    SLOT_NODE_CONTROL = 18,
    SLOT_UNTYPED = 19, /* five: 64 KiB, 2 MiB, 4 KiB, 256 bytes, and 2 GiB of a device */
    SLOT_ENDPOINT = 24,
    SLOT_BADGED = 25, /* the same endpoint with badge 7 */
    SLOT_NOTIFICATION = 26,
    SLOT_NODE = 27, /* a CNode of 16 slots */
    SLOT_PDPT = 28, /* not mapped; neither are these: */
    SLOT_DIRECTORY = 29,
    SLOT_TABLE = 30,
    SLOT_FRAME = 31,
    SLOT_PML4 = 32, /* without ASID */
    SLOT_IPI_SIGNAL = 33,
    SLOT_IRQ_HANDLER = 34,
    SLOT_PORTS = 35,
    SLOT_FREE = 36,
    SLOT_CLUSTER_CONTROL = ROOT_SLOTS - 1
};
enum { UNTYPEDS = 5, THREADS = 4 };

/* Where threads make their system calls; SYSCALL_BYTES after it they go on. */
#define SYSCALL_AT 0x401000ull
enum { SYSCALL_BYTES = 2 };

void world_start(unsigned cpus, bool balance, bool fast);

/* Takes everything apart, and checks that nothing is left. */
void world_end(void);

/* Whether what each entry left behind is recorded, or compared with what was recorded. */
enum world_comparison { WORLD_ALONE, WORLD_RECORDS, WORLD_COMPARES };
void world_compare(enum world_comparison comparison);

/*
 * One kernel entry of CPU `cpu`: world_enter(), one of the kernel's handle_*(), world_leave(),
 * which checks all rules.
 */
void world_enter(unsigned cpu);
void world_leave(void);

/*
 * A whole entry: the system call that the current thread's registers say, at its instruction
 * pointer.
 */
bool world_syscall(unsigned cpu);

/* CPUs that were called, or lost their thread, come to the kernel, until none is left. */
void world_settle(void);

struct tcb *world_current(unsigned cpu);

#endif
