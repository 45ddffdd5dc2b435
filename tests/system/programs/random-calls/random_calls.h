/*
 * Random system calls: what the supervisor (main.c, sandbox.c) and the workers (worker.c) share.
 *
 * Workers live in an address space of their own, with the program's code and constants in it and
 * nothing else but the workers' pages, and in a small CSpace, the sandbox. Whatever they do to one
 * another, the supervisor is out of reach.
 */
#ifndef RANDOM_CALLS_H
#define RANDOM_CALLS_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MAX_WORKERS = 8,
    SANDBOX_BITS = 8,
    SANDBOX_SLOTS = 1 << SANDBOX_BITS,
    WORKER_PRIORITY = 100
};

/* The sandbox's slots: a run for each kind of object, so that a worker's guess is often good. */
enum kind {
    KIND_UNTYPED,
    KIND_ENDPOINT,
    KIND_NOTIFICATION,
    KIND_CNODE,
    KIND_TCB,
    KIND_FRAME,
    KIND_PAGE_TABLE,
    KIND_DIRECTORY,
    KIND_PDPT,
    KIND_PML4,
    KIND_POOL,
    KIND_HANDLER,
    KIND_SIGNAL,
    KIND_REPLY,
    KIND_CONTROL,
    KINDS
};

enum { SLOTS_PER_KIND = SANDBOX_SLOTS / 16 };

/*
 * The sandbox is a CNode in slot 0 of the worker's root CNode, so that its slots are named by their
 * numbers; in slot 1, the worker's fault handler.
 */
enum { ROOT_BITS = 1, FAULT_HANDLER = SANDBOX_SLOTS };

/* In KIND_CONTROL's run. */
enum { CONTROL_IRQ, CONTROL_ASID, CONTROL_DOMAIN, CONTROL_IPI };

/*
 * A worker's own memory: this page and a stack below it. Written by the worker, and at times by
 * others.
 */
struct worker_page {
    seL4_IPCBuffer buffer; /* first: it must be aligned */
    uint64_t random;
    _Atomic uint64_t calls; /* also read by the supervisor, through its own mapping */
    uint64_t index;
    uint64_t worker_count;
    struct worker_page *others; /* the first worker's page, in the workers' address space */
};

enum { WORKER_PAGES = 4 }; /* stack, then the page */
enum { WORKER_BYTES = WORKER_PAGES * 4096 };

/*
 * A worker's code: makes random system calls until something ends it. Uses nothing but its page and
 * its stack.
 */
_Noreturn void worker_main(struct worker_page *page);

static inline seL4_CPtr slot_of(enum kind kind, unsigned number)
{
    return (seL4_CPtr)kind * SLOTS_PER_KIND + number;
}

#endif
