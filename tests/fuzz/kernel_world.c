/* The node of the kernel's fuzz target: see kernel_world.h. */
#include "kernel_world.h"
#include "fuzz.h"
#include <arch/machine.h>
#include <arch/memory.h>
#include <arch/object.h>
#include <x86/asid.h>
#include <target/paging.h>
#include <x86/rflags.h>
#include <kernel/assert.h>
#include <kernel/check.h>
#include <kernel/derivation.h>
#include <kernel/entry.h>
#include <kernel/fastpath.h>
#include <kernel/ipc.h>
#include <kernel/irq.h>
#include <kernel/preemption.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>
#include <string.h>
#include <sys/mman.h>

/* Places in physical memory. What no untyped covers is never used for anything else. */
enum { FIXED_PAGES = 16 };
#define UNTYPED_MEMORY (HOST_MEMORY_BASE + (4ull << 20))
#define DEVICE_MEMORY  0x100000000ull

static const struct {
    paddr_t base;
    unsigned bits;
    bool device;
} untypeds[UNTYPEDS] = {
    {UNTYPED_MEMORY, 16, false},
    {UNTYPED_MEMORY + (2ull << 20), 21, false},
    {UNTYPED_MEMORY + 0x20000, 12, false},
    {UNTYPED_MEMORY + 0x30000, 8, false},
    {DEVICE_MEMORY, 31, true},
};
enum { FOR_OBJECTS = 1 }; /* the untyped that the first objects are made of */

/* The originals, which no thread can reach: to take everything apart. */
static _Alignas(BIT(ABI_SLOT_BITS)) struct slot original_root;
static _Alignas(BIT(ABI_SLOT_BITS)) struct slot original_untyped[UNTYPEDS];

static paddr_t next_page;
static struct slot *root;

static void *new_page(void)
{
    next_page += BIT(ABI_PAGE_BITS);
    must(next_page <= HOST_MEMORY_BASE + (FIXED_PAGES << ABI_PAGE_BITS), "too few pages");
    return window(next_page - BIT(ABI_PAGE_BITS));
}

/* --- what an entry left behind --- */

enum { MAX_ENTRIES = 1 << 14 };

static uint64_t recorded[MAX_ENTRIES];
static unsigned entry;
static enum world_comparison comparison;

void world_compare(enum world_comparison wanted)
{
    comparison = wanted;
    entry = 0;
}

/* FNV-1a, a word at a time. */
static void digest(uint64_t *sum, word_t word)
{
    *sum = (*sum ^ word) * 0x100000001b3;
}

static void digest_words(uint64_t *sum, const word_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        digest(sum, words[i]);
    }
}

/*
 * Whatever users can find out about a thread, now or later; not what only serves to find that
 * faster.
 */
static void digest_thread(uint64_t *sum, const struct tcb *thread)
{
    const word_t *buffer = arch_ipc_buffer(thread, false);
    digest_words(sum, (const word_t *)thread->slots, sizeof(thread->slots) / (sizeof(word_t)));
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        digest(sum, context_read(&thread->context, (enum user_register)i));
    }
    digest(sum, thread->context.rip);
    digest(sum, thread->context.vector == ENTERED_BY_SYSCALL);
    digest(sum, thread->state | (word_t)thread->priority << 8 |
                    (word_t)thread->maximum_controlled_priority << 16 |
                    (word_t)thread->time_slice << 24 | (word_t)thread->queued << 32 |
                    (word_t)thread->affinity << 40);
    digest(sum, thread->fault_type);
    digest(sum, (word_t)thread->bound_notification);
    if (thread->queued || thread->state == THREAD_BLOCKED_ON_SEND ||
        thread->state == THREAD_BLOCKED_ON_RECEIVE ||
        thread->state == THREAD_BLOCKED_ON_NOTIFICATION) {
        digest(sum, (word_t)thread->queue_next);
        digest(sum, (word_t)thread->queue_previous);
    }
    if (buffer != NULL) {
        digest_words(sum, buffer, BIT(ABI_IPC_BUFFER_SIZE_BITS) / sizeof(word_t));
    }
}

/* A table of a VSpace, and all below it: which entries there are, and what they say. */
static void digest_table(uint64_t *sum, const word_t *table, unsigned entries, unsigned bits)
{
    for (unsigned i = 0; i < entries; i++) {
        if (entry_is_present(table[i])) {
            digest(sum, table[i] ^ (word_t)i << 52);
        }
        if (entry_is_table(table[i], bits)) {
            digest_table(sum, window(entry_table_address(table[i])), TABLE_ENTRIES, bits - 9);
        }
    }
}

/* The capabilities of the root CNode, and what the first thread's VSpace maps for users. */
static void digest_space(uint64_t *sum)
{
    const word_t *pml4 = asid_root(1);
    for (unsigned i = 0; i < ROOT_SLOTS; i++) {
        digest_words(sum, root[i].capability.word, ARRAY_LENGTH(root[i].capability.word));
    }
    if (pml4 != NULL) {
        digest_table(sum, pml4, KERNEL_HALF, PML4_ENTRY_BITS);
    }
}

static void compare_state(void)
{
    uint64_t sum = 0xcbf29ce484222325;
    if (comparison == WORLD_ALONE || entry == MAX_ENTRIES) {
        return;
    }
    for (unsigned i = 0; i < node_cpu_count; i++) {
        digest(&sum, (word_t)cpu_by_index(i)->current);
    }
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        digest_thread(&sum, thread);
    }
    digest_space(&sum);
    if (comparison == WORLD_RECORDS) {
        recorded[entry] = sum;
    }
    must(recorded[entry] == sum, "a fast path did something else, in entry %u of the program",
         entry);
    entry++;
}

/* --- entries --- */

void world_enter(unsigned cpu)
{
    host_enter(cpu);
    check_entry();
}

/* What the exit path and the CPU need of the thread that runs next. */
static void check_can_leave(const struct tcb *thread)
{
    const struct user_context *context = &thread->context;
    must(context->rflags & RFLAGS_INTERRUPTS, "a thread without interrupts");
    must(context->cs == SELECTOR_USER_CODE && context->ss == SELECTOR_USER_DATA,
         "a thread with other selectors");
    must(context_sanitise(REGISTER_fs_base, context->fs_base) == context->fs_base,
         "a base that cannot be loaded");
    must(context_sanitise(REGISTER_gs_base, context->gs_base) == context->gs_base,
         "a base that cannot be loaded");
    must(machine_is_private_memory(arch_thread_root(thread), BIT(ABI_PAGE_BITS)),
         "a page table nowhere");
}

/* Without the checks: for setting up. */
static void leave_unchecked(void)
{
    struct tcb *next = schedule();
    this_cpu->current = next;
    this_cpu->mark = next != NULL ? CPU_USER : CPU_IDLE;
    if (next != NULL) {
        next->root = arch_thread_root(next);
        next->root_epoch = this_cpu->root_epoch;
    }
}

static void check_known_roots(void)
{
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        must(!is_root_known(this_cpu, thread) || thread->root == arch_thread_root(thread),
             "an outdated page table is remembered");
    }
}

static void check_left(void)
{
    check_known_roots();
    if (this_cpu->current != NULL) {
        check_can_leave(this_cpu->current);
    }
    check_everything();
    compare_state();
}

void world_leave(void)
{
    leave_unchecked();
    check_left();
}

static bool must_come(const struct cpu *cpu)
{
    return cpu->called || (cpu->current == NULL && cpu->mark == CPU_DOOR);
}

void world_settle(void)
{
    for (unsigned rounds = 0; rounds < 100; rounds++) {
        bool anybody = false;
        for (unsigned i = 0; i < node_cpu_count; i++) {
            if (must_come(cpu_by_index(i))) {
                anybody = true;
                world_enter(i);
                world_leave();
            }
        }
        if (!anybody) {
            return;
        }
    }
    must(false, "CPUs call one another for ever");
}

struct tcb *world_current(unsigned cpu)
{
    return cpu_by_index(cpu)->current;
}

SYSCALL_PATH(__wrap_syscall_ordinary);

static bool is_ordinary; /* the system call has ended on the ordinary path */

/* The ordinary path, which the fast ones take when something is unusual. */
SYSCALL_PATH(__wrap_syscall_ordinary)
{
    (void)cpu;
    is_ordinary = true;
    handle_syscall(context_syscall_number(&thread->context));
    leave_unchecked();
    return NULL;
}

static void enter_with_syscall(unsigned cpu)
{
    struct tcb *thread = world_current(cpu);
    struct user_context *context = &thread->context;
    context->restart_ip = context->rip;
    context->rip += SYSCALL_BYTES;
    context->vector = ENTERED_BY_SYSCALL;
    host_enter(cpu);
    syscall_entry(context_capability_register(context), context_message_info(context),
                  context_syscall_number(context), context->rip, thread, this_cpu);
}

bool world_syscall(unsigned cpu)
{
    is_ordinary = false;
    enter_with_syscall(cpu);
    check_left();
    return !is_ordinary;
}

/* --- setting up: by hand what the first thread needs, and all else by its system calls --- */

/* A kernel half of two entries: the window, and a page of text. */
static void make_node_root(void)
{
    node_root = window_to_physical(new_page());
    word_t *pml4 = window(node_root);
    word_t *window_table = new_page();
    pml4[256] = window_to_physical(window_table) | PAGE_PRESENT | PAGE_WRITABLE;
    window_table[0] = PAGE_PRESENT | PAGE_WRITABLE | PAGE_IS_LARGE | PAGE_EXECUTE_DISABLE;
}

static void put(unsigned index, struct capability c)
{
    insert_root(c, &root[index]);
}

static void put_copy(unsigned index, struct slot *source, struct capability c)
{
    insert_derived(c, source, &root[index]);
}

static void make_untypeds(void)
{
    for (unsigned i = 0; i < UNTYPEDS; i++) {
        struct capability c =
            untyped_capability(untypeds[i].base, untypeds[i].bits, untypeds[i].device, 0);
        insert_root(c, &original_untyped[i]);
        put_copy(SLOT_UNTYPED + i, &original_untyped[i], c);
    }
}

static void make_controls(void)
{
    put(SLOT_IRQ_CONTROL, capability_make(CAP_IRQ_CONTROL, 0, 0));
    put(SLOT_IPI_CONTROL, capability_make(CAP_IPI_CONTROL, 0, 0));
    put(SLOT_PORT_CONTROL, capability_make(CAP_IO_PORT_CONTROL, 0, 0));
    put(SLOT_ASID_CONTROL, capability_make(CAP_ASID_CONTROL, 0, 0));
    put(SLOT_ASID_POOL, asid_init(new_page()));
    put(SLOT_DOMAIN, capability_make(CAP_DOMAIN, 0, 0));
    put(SLOT_NODE_CONTROL, capability_make(CAP_NODE_CONTROL, 0, 0));
    put(SLOT_CLUSTER_CONTROL, cluster_control_capability());
}

static void make_first_thread(void)
{
    struct tcb *thread = new_page();
    struct capability vspace =
        arch_create_object(OBJECT_PML4, window_to_physical(new_page()), false);
    struct capability frame = frame_capability(window_to_physical(new_page()), FRAME_SMALL,
                                               RIGHT_READ | RIGHT_WRITE, false);
    thread_init(thread);
    put(SLOT_THREAD, tcb_capability(thread));
    put(SLOT_VSPACE, asid_assign_initial(vspace));
    put(SLOT_BUFFER, frame);
    insert_derived(root[SLOT_ROOT].capability, &root[SLOT_ROOT], &thread->slots[TCB_CSPACE]);
    insert_derived(root[SLOT_VSPACE].capability, &root[SLOT_VSPACE], &thread->slots[TCB_VSPACE]);
    insert_derived(frame, &root[SLOT_BUFFER], &thread->slots[TCB_IPC_BUFFER]);
    thread->ipc_buffer = 0x500000;
    thread->priority = thread->maximum_controlled_priority = 255;
    thread->context.rip = thread->context.restart_ip = SYSCALL_AT;
    host_enter(0);
    thread_resume(thread);
    leave_unchecked();
}

/*
 * An invocation of the first thread that must succeed. `words` and slots of extra capabilities, as
 * many as there are.
 */
static void call(unsigned slot, enum invocation_label label, const word_t *words, unsigned count,
                 const unsigned *caps, unsigned cap_count)
{
    struct tcb *thread = world_current(0);
    word_t *buffer = arch_ipc_buffer(thread, true);
    thread->context.rip = SYSCALL_AT;
    thread->context.rdx = (word_t)SYS_Call;
    thread->context.rdi = slot;
    context_set_message_info(&thread->context, message_info(label, 0, cap_count, count));
    for (unsigned i = 0; i < count; i++) {
        give_word(thread, buffer, i, words[i]);
    }
    for (unsigned i = 0; i < cap_count; i++) {
        buffer[ABI_IPC_CAPS_OR_BADGES + i] = caps[i];
    }
    enter_with_syscall(0);
    must(world_current(0) == thread &&
             message_info_label(context_message_info(&thread->context)) == ERROR_NONE,
         "setting up: method %u of slot %u answers %lu", (unsigned)label, slot,
         message_info_label(context_message_info(&thread->context)));
}

#define WORDS(...)                                                                                 \
    (const word_t[]){__VA_ARGS__}, sizeof((const word_t[]){__VA_ARGS__}) / sizeof(word_t)
#define CAPS(...)                                                                                  \
    (const unsigned[]){__VA_ARGS__}, sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned)

static void retype(unsigned type, unsigned size, unsigned first, unsigned count)
{
    call(SLOT_UNTYPED + FOR_OBJECTS, LABEL_UntypedRetype, WORDS(type, size, 0, 0, first, count),
         CAPS(SLOT_ROOT));
}

static void make_objects(void)
{
    retype(OBJECT_TCB, 0, SLOT_THREAD + 1, THREADS - 1);
    retype(OBJECT_SMALL_PAGE, 0, SLOT_BUFFER + 1, THREADS - 1);
    retype(OBJECT_ENDPOINT, 0, SLOT_ENDPOINT, 1);
    retype(OBJECT_NOTIFICATION, 0, SLOT_NOTIFICATION, 1);
    retype(OBJECT_CNODE, 4, SLOT_NODE, 1);
    retype(OBJECT_PDPT, 0, SLOT_PDPT, 1);
    retype(OBJECT_PAGE_DIRECTORY, 0, SLOT_DIRECTORY, 1);
    retype(OBJECT_PAGE_TABLE, 0, SLOT_TABLE, 1);
    retype(OBJECT_SMALL_PAGE, 0, SLOT_FRAME, 1);
    retype(OBJECT_PML4, 0, SLOT_PML4, 1);
    call(SLOT_ROOT, LABEL_CNodeMint, WORDS(SLOT_BADGED, 64, SLOT_ENDPOINT, 64, RIGHTS_ALL, 7),
         CAPS(SLOT_ROOT));
    call(SLOT_ROOT, LABEL_CNodeMint, WORDS(SLOT_ROOT_SHALLOW, 64, SLOT_ROOT, 64, RIGHTS_ALL, 0),
         CAPS(SLOT_ROOT));
    call(SLOT_IPI_CONTROL, LABEL_CMKIPIControlSendIPI, WORDS(1, 3, SLOT_IPI_SIGNAL, 64),
         CAPS(SLOT_ROOT));
    call(SLOT_IRQ_CONTROL, LABEL_X86IRQIssueIRQHandlerIOAPIC,
         WORDS(SLOT_IRQ_HANDLER, 64, 0, 5, 0, 0, 9), CAPS(SLOT_ROOT));
    call(SLOT_PORT_CONTROL, LABEL_X86IOPortControlIssue, WORDS(0x60, 0x64, SLOT_PORTS, 64),
         CAPS(SLOT_ROOT));
    /* What an earlier input configured. */
    call(SLOT_DOMAIN, LABEL_DomainScheduleConfigure, WORDS(0, 0, MASK(56)), NULL, 0);
    call(SLOT_DOMAIN, LABEL_DomainScheduleSetStart, WORDS(0), NULL, 0);
}

/*
 * The other threads: priorities below the first one's, one on each CPU, faults to the badged
 * endpoint.
 */
static void make_threads(void)
{
    for (unsigned i = 1; i < THREADS; i++) {
        unsigned slot = SLOT_THREAD + i;
        /* at no system call */
        word_t rip_and_flags[] = {0, 3, SYSCALL_AT + SYSCALL_BYTES, 0x7ff000, RFLAGS_INITIAL};
        call(slot, LABEL_TCBConfigure, WORDS(SLOT_BADGED, 0, 0, 0x500000 + i * 0x1000),
             CAPS(SLOT_ROOT, SLOT_VSPACE, SLOT_BUFFER + i));
        call(slot, LABEL_TCBSetSchedParams, WORDS(100, 50 + i / 2), CAPS(SLOT_THREAD));
        call(slot, LABEL_TCBSetAffinity, WORDS(i % node_cpu_count), NULL, 0);
        call(slot, LABEL_TCBWriteRegisters, rip_and_flags, ARRAY_LENGTH(rip_and_flags), NULL, 0);
        call(slot, LABEL_TCBResume, NULL, 0, NULL, 0);
    }
    call(SLOT_THREAD, LABEL_TCBSetPriority, WORDS(51), CAPS(SLOT_THREAD));
    capability_tcb(root[SLOT_THREAD].capability)->fault_handler = SLOT_BADGED;
}

void world_start(unsigned cpus, bool balance, bool fast)
{
    /* Back to zero pages: costs what was used, not what there is. */
    must(madvise(window(HOST_MEMORY_BASE), BIT(HOST_MEMORY_BITS), MADV_DONTNEED) == 0,
         "no zero pages");
    host_machine = (struct host_machine){0};
    host_console[0] = '\0';
    host_cpu_at_the_door = false;
    next_page = HOST_MEMORY_BASE;
    checks_on = true;
    balance_on = balance;
    host_start(cpus);
    fastpath_allow(fast);
    make_node_root();
    root = new_page();
    insert_root(cnode_capability(root, ROOT_RADIX, 0, WORD_BITS - ROOT_RADIX), &original_root);
    put_copy(SLOT_ROOT, &original_root, original_root.capability);
    make_untypeds();
    make_controls();
    make_first_thread();
    make_objects();
    make_threads();
    world_settle();
    host_polls = 0;
}

/* --- taking apart --- */

static void remove_slot(struct slot *slot)
{
    must(revoke_slot(slot) == DONE && delete_slot(slot) == DONE, "preempted without an interrupt");
    must(slot_is_empty(slot), "a deleted slot is not empty");
}

static void check_nothing_left(void)
{
    must(all_threads == NULL, "a thread is left");
    must(shared_ready_count == 0, "the shared queue counts %lu threads", shared_ready_count);
    for (unsigned i = 0; i < HOST_CPUS; i++) {
        must(cpu_by_index(i)->current == NULL, "CPU %u has a thread that is gone", i);
        must(ready_best_priority(cpu_by_index(i)) == -1, "a ready queue of CPU %u is not empty", i);
    }
    for (word_t irq = 0; irq < IRQ_COUNT; irq++) {
        must(!irq_is_active(irq) && slot_is_empty(&irq_slots[irq]), "IRQ %lu is still somebody's",
             irq);
    }
    for (word_t asid = 0; asid < ABI_ASID_POOLS << ABI_ASID_POOL_INDEX_BITS; asid++) {
        must(asid_root(asid) == NULL, "ASID %lu has a VSpace that is gone", asid);
    }
    for (unsigned i = 0; i < ROOT_SLOTS; i++) {
        must(root[i].previous == NULL && root[i].next_and_marks == 0, "root slot %u is not empty",
             i);
    }
}

void world_end(void)
{
    host_interrupt_after = HOST_NEVER;
    host_cpu_at_the_door = false;
    for (unsigned i = 0; i < UNTYPEDS; i++) {
        world_enter(0);
        must(revoke_slot(&original_untyped[i]) == DONE, "preempted without an interrupt");
        world_leave();
    }
    world_enter(0);
    remove_slot(&original_root);
    for (unsigned i = 0; i < UNTYPEDS; i++) {
        remove_slot(&original_untyped[i]);
    }
    check_nothing_left();
}
