/*
 * A small world for tests of the kernel: a root CNode, a thread that invokes, objects made by hand,
 * and checks of the derivation tree. Slots are named by their index in the root CNode; capability
 * pointers equal these indices.
 */
#ifndef WORLD_H
#define WORLD_H

#include "../host/host.h"
#include <arch/memory.h>
#include <x86/capability.h>
#include <check.h>
#include <kernel/derivation.h>
#include <kernel/invocation.h>

enum { ROOT_RADIX = 8, ROOT_SLOTS = 1 << ROOT_RADIX };

/* Slots that world_start() fills. */
enum { SLOT_ROOT = 1, SLOT_CALLER = 2, SLOT_FREE = 8 };

/* Memory for untypeds: a piece that nothing else uses. */
#define UNTYPED_BASE (HOST_MEMORY_BASE + (1ull << (HOST_MEMORY_BITS - 1)))
/* from there on cleared for every world; a test that uses more runs alone */
#define UNTYPED_TEST_BYTES 0x20000

extern struct slot *root;  /* the root CNode's slots */
extern struct tcb *caller; /* the thread that invokes; current on CPU 0 */
extern word_t buffer[128]; /* its IPC buffer */

/* A fresh world; what an earlier one left in memory is cleared. */
void world_start(void);

/*
 * An assertion for inner loops: Check notes every ck_assert() it passes in a file, which takes its
 * time.
 */
#define EXPECT(condition)                                                                          \
    ((condition)                                                                                   \
         ? (void)0                                                                                 \
         : ck_abort_msg("%s:%d (seed %u): %s", __FILE__, __LINE__, current_seed, #condition))
extern unsigned current_seed; /* of tests with random numbers */

/* A zeroed, aligned object of 2^bits bytes outside the memory for untypeds. */
void *new_object(unsigned bits);
struct slot *new_cnode(unsigned radix);

/*
 * An untyped over memory at UNTYPED_BASE + offset, in root slot `index`, as an original without
 * parent.
 */
void put_untyped(unsigned index, word_t offset, unsigned bits, word_t watermark, bool device);

/* An invocation in words and slots; what it answered. */
struct call {
    struct slot *slot; /* of the invoked capability */
    word_t label;
    word_t words[16];
    unsigned length;
    struct slot *extra[3];
    unsigned extra_caps;
};

/*
 * Performs it as the system call layer does: repeats it while it is preempted. Interrupts as the
 * test has set them.
 */
enum outcome invoke(const struct call *call, struct answer *answer);

/* One kernel entry of it only: may return PREEMPTED. */
enum outcome invoke_once(const struct call *call, struct answer *answer);

/* How often the last invoke() entered the kernel. */
extern unsigned entries;

/*
 * CNode methods with root indices at full depth, for tests about something else. Return the error
 * code.
 */
word_t do_copy(unsigned destination, unsigned source);
word_t do_mint(unsigned destination, unsigned source, word_t rights, word_t data);
word_t do_move(unsigned destination, unsigned source);
word_t do_delete(unsigned slot);
word_t do_revoke(unsigned slot);
word_t do_retype(unsigned untyped, word_t type, word_t size, unsigned first, unsigned count);

/* The capability in a root slot. */
struct capability at(unsigned index);

/*
 * Fails the test unless these slots' links are consistent: neighbours agree, lists end, empty slots
 * are all zero.
 */
void check_links(const struct slot *slots, word_t count);

/*
 * The slot whose capability is the parent of the one in `slot`, found by walking the list; null:
 * none.
 */
const struct slot *parent_of(const struct slot *slot);

/* Repeatable random numbers; a failing EXPECT() prints the seed. */
void random_seed(unsigned seed);
word_t random_word(void);
unsigned random_below(unsigned bound);

#endif
