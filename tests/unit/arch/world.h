/*
 * A small machine for the tests of the objects of x86 and arch/x86/machine/context.c: memory behind
 * the window, one CNode of slots, a caller with an IPC buffer, and stand-ins that record what the
 * code under test asks of other CPUs and of the hardware. Every test runs in a process of its own
 * (Check forks), so node-state variables start afresh.
 */
#ifndef TESTS_UNIT_ARCH_WORLD_H
#define TESTS_UNIT_ARCH_WORLD_H

#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <x86/vspace.h>
#include <check.h>
#include <kernel/derivation.h>
#include <kernel/objects.h>
#include <setjmp.h>

enum { WORLD_PAGES = 512, WORLD_SLOTS = 256, WORLD_PHYSICAL_BASE = 0x200000, WORLD_RADIX = 8 };

/* Below it all memory is private to the node, from here on it is devices'. */
#define FIRST_DEVICE_ADDRESS 0x400000000000ull

extern struct slot cnode[WORLD_SLOTS];
extern struct slot cnode_slot; /* a capability to the CNode, as root for issuing methods */
extern struct tcb caller;
extern struct answer answer; /* of the last invoke() */

/*
 * What the last invocation or deletion asked of other CPUs; cleared by invoke() and remove_slot().
 */
struct shoot_down_record {
    paddr_t root;
    vaddr_t vaddr;
    bool structures;
};
enum { MAX_SHOOT_DOWNS = 1024 };
extern struct shoot_down_record shoot_downs[MAX_SHOOT_DOWNS];
extern unsigned shoot_down_count, shoot_down_all_count;

/* CPU features; both true unless a test says otherwise. */
extern bool has_huge_pages, has_no_execute;

/* The IOAPICs of this node, and the last route. */
extern unsigned io_apics;
extern struct route_record {
    unsigned count, index, pin;
    word_t irq;
    bool level, active_low;
} route;

/* The last port access: bytes 1, 2 or 4; 0 none. Reads give port_value. */
extern struct port_record {
    unsigned bytes;
    bool is_write;
    uint16_t port;
    uint32_t value;
} port_access;
extern uint32_t port_value;

extern bool irq_active[128];

/* kernel_fail() jumps here when `failure_expected`, and ends the test otherwise. */
extern jmp_buf failure_jump;
extern bool failure_expected;

/* True if `statement` ends in kernel_fail(). */
#define FAILS(statement)                                                                           \
    (failure_expected = true,                                                                      \
     setjmp(failure_jump) == 0 ? ((statement), failure_expected = false, false) : true)

/*
 * Memory, node page table, root CNode, pool 0 with the first VSpace in slot 1 (ASID 1) and the pool
 * in slot 2.
 */
void world_init(void);
enum { SLOT_ROOT = 1, SLOT_POOL = 2, FIRST_FREE_SLOT = 3 };

/* A zeroed page of the private region. */
paddr_t new_page(void);

/* Puts an original capability into slot `i`. */
struct slot *put(unsigned i, struct capability c);
struct slot *put_structure(unsigned i, enum target_object_type type);
struct slot *put_frame(unsigned i, paddr_t base, enum frame_size size);

/*
 * A plain copy of slot `from` in slot `to`, as CNode_Copy makes it. False: refused, see `answer`.
 */
bool copy(unsigned from, unsigned to, word_t rights);

void remove_slot(struct slot *slot);

/* Invokes: message words, extra capabilities. The result is in `answer`; its label is returned. */
enum error_code invoke(struct slot *slot, word_t label, const word_t *words, unsigned length,
                       struct slot *const *extra, unsigned extra_caps);
#define WORDS(...)                                                                                 \
    (const word_t[]){__VA_ARGS__}, sizeof((const word_t[]){__VA_ARGS__}) / sizeof(word_t)
#define CAPS(...)                                                                                  \
    (struct slot *const[]){__VA_ARGS__},                                                           \
        sizeof((struct slot *const[]){__VA_ARGS__}) / sizeof(struct slot *)
#define NOTHING NULL, 0

/*
 * Maps PDPT, page directory and page table for `vaddr` in the VSpace of slot `root`, into slots
 * `at`.. as far as `levels`.
 */
/* How often threads had to ask anew for their page tables. */
extern unsigned roots_forgotten;

void map_tables(unsigned root, vaddr_t vaddr, unsigned at, unsigned levels);

/* The entry as a page walk of the CPU finds it: 0 if nothing is mapped. */
word_t walk_entry(const word_t *pml4, vaddr_t vaddr);
word_t *root_table(unsigned slot);

/* Marks every capability of the CNode, then checks everything. */
void check_all_rules(void);

Suite *frame_suite(void);
Suite *quickly_suite(void);
Suite *paging_suite(void);
Suite *page_walk_suite(void);
Suite *asid_suite(void);
Suite *io_port_suite(void);
Suite *irq_suite(void);
Suite *context_suite(void);
Suite *rules_suite(void);
Suite *string_suite(void);

#endif
