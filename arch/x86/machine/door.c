/*
 * The holder's side of the door (docs/locking.md steps 7 to 9). Everything here runs under the
 * lock.
 */
#include <arch/door.h>
#include <arch/machine.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <x86/shoot_down.h>
#include <target/instructions.h>
#include <target/live_state.h>
#include <target/pcid.h>
#include <cluster/record.h>
#include <kernel/assert.h>
#include <stdatomic.h>

/*
 * The end of the queue for the lock: the last CPU's lock node, or null while the lock is free.
 * Written by every CPU that enters or leaves, with locked instructions (entry_lock.asm); read by
 * the holder.
 */
struct lock_node *_Atomic lock_tail;

word_t generation_seen[BIT(PCID_BITS)];

/*
 * How often a CPU looks whether it is its turn, before it takes the holder for hung and stops the
 * node: minutes on hardware, more in an emulator; an entry of the kernel takes microseconds.
 * Written by tests in debug builds, under the lock; read by entry_lock.asm when it begins to wait.
 */
uint32_t lock_patience = UINT32_MAX;

_Noreturn void lock_stands_still(const struct cpu *cpu)
{
    kernel_stop("CPU %u waits too long for the lock of its node", cpu->index);
}

void machine_set_lock_patience(word_t looks)
{
    lock_patience = (uint32_t)looks;
}

/*
 * How long a CPU in user mode may take to come: user code always runs with interrupts on, so this
 * is the delivery of one IPI and some instructions: microseconds on hardware. An emulator may leave
 * a CPU without time for much longer.
 */
enum { ARRIVAL_MILLISECONDS = 10000 };

/*
 * Acquire: what the CPU saved before it marked itself is there. The processor needs no fence for
 * it.
 */
static uint8_t mark_of(struct cpu *cpu)
{
    return atomic_load_explicit(&cpu->mark, memory_order_acquire);
}

/* Its registers, page table included, are a user's: it runs one, or waits for the lock with it. */
static bool holds_user_state(struct cpu *cpu)
{
    uint8_t mark = mark_of(cpu);
    return mark == CPU_USER || mark == CPU_WAITS;
}

/*
 * To the door. One that waits for the lock already looks at the word; one in user mode does once
 * the IPI, which was sent if it is true, has brought it there.
 */
static bool call(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->lock.asked, 1, memory_order_relaxed);
    bool needs_ipi = mark_of(cpu) == CPU_USER;
    if (needs_ipi) {
        apic_send(cpu->arch.apic_id, VECTOR_DOOR);
    }
    return needs_ipi;
}

/*
 * Bounded by ARRIVAL_MILLISECONDS; then the node stops. What was asked is taken back: it is the
 * next holder's word after the release.
 */
static void wait_for(struct cpu *cpu)
{
    uint64_t end = read_tsc() + ARRIVAL_MILLISECONDS * 1000ull * global_state.tsc_mhz;
    while (holds_user_state(cpu)) {
        if (read_tsc() > end) {
            kernel_stop("CPU %u does not come to the door: still %s %u ms after it was called",
                        cpu->index, mark_of(cpu) == CPU_USER ? "in user mode" : "waits",
                        ARRIVAL_MILLISECONDS);
        }
        spin_pause();
    }
    atomic_store_explicit(&cpu->lock.asked, 0, memory_order_relaxed);
}

static void bring_to_the_door(struct cpu *cpu)
{
    if (holds_user_state(cpu)) {
        call(cpu);
        wait_for(cpu);
    }
}

/* The CPU on which the thread is current, or null. */
static struct cpu *cpu_running(const struct tcb *thread)
{
    struct cpu *cpu = cpu_by_number(thread->last_cpu);
    return cpu != NULL && cpu->current == thread ? cpu : NULL;
}

void stall_thread(struct tcb *thread)
{
    struct cpu *cpu = cpu_running(thread);
    if (cpu == this_cpu) {
        save_live_state(cpu);
    } else if (cpu != NULL) {
        bring_to_the_door(cpu);
    }
}

void take_thread(struct tcb *thread)
{
    stall_thread(thread);
    struct cpu *cpu = cpu_running(thread);
    if (cpu != NULL && cpu != this_cpu) {
        cpu->current = NULL;
        threshold_set(cpu, THRESHOLD_LOOK, true);
    }
}

static bool has_loaded(const struct cpu *cpu, word_t root)
{
    return cpu->arch.loaded_root == root;
}

/* Paging-structure caches may know a freed structure, and the PML4 itself may be what goes away. */
static void leave_address_space(void)
{
    write_cr3(this_cpu->arch.node_root);
    this_cpu->arch.loaded_root = this_cpu->arch.node_root;
}

/* For something that was taken away from an address space. Counted by the CPU that calls. */
static void call_to_shoot_down(struct cpu *cpu)
{
    if (call(cpu)) {
        count_here(CMK_COUNT_SHOOT_DOWN_IPIS);
    }
}

/*
 * The other CPUs that have loaded `root`: all are called before the first is waited for. Those at
 * the door or idle have loaded the node's own page table.
 */
static void bring_users_to_the_door(word_t root)
{
    bool is_any_called = false;
    uint32_t count = node_cpu_count;
    for (uint32_t i = 0; i < count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (has_loaded(cpu, root) && cpu != this_cpu && holds_user_state(cpu)) {
            call_to_shoot_down(cpu);
            is_any_called = true;
        }
    }
    for (uint32_t i = 0; is_any_called && i < count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (has_loaded(cpu, root) && cpu != this_cpu) {
            wait_for(cpu);
        }
    }
}

/*
 * What CPUs keep with the PCID while another page table is loaded, they drop when they load this
 * one again: those that just came, those that had left it before, and this one if it does not use
 * it now.
 */
static inline void forget_here(word_t root, vaddr_t place)
{
    if (!has_loaded(this_cpu, root)) {
        begin_generation(pcid_of(root), 0);
    } else if (place == STALE_STRUCTURE) {
        begin_generation(pcid_of(root), 0);
        leave_address_space();
    } else {
        begin_generation(pcid_of(root), BIT(this_cpu->index));
        invalidate_page(place);
    }
}

/* False, mostly: no other CPU is on `root`, so there is none to bring to the door. */
static inline bool is_loaded_elsewhere(word_t root)
{
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        const struct cpu *cpu = cpu_by_index(i);
        if (has_loaded(cpu, root) && cpu != this_cpu) {
            return true;
        }
    }
    return false;
}

static NEVER_INLINE void shoot_down_everywhere(struct stale stale)
{
    bring_users_to_the_door(stale.root);
    forget_here(stale.root, stale.place);
}

void shoot_down(struct stale stale)
{
    if (node_cpu_count > 1 && is_loaded_elsewhere(stale.root)) {
        shoot_down_everywhere(stale);
    } else {
        forget_here(stale.root, stale.place);
    }
}

void shoot_down_all(struct stale_pool stale)
{
    (void)stale; /* every CPU leaves whatever it has loaded: shorter than to ask for 512 roots */
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (cpu != this_cpu && holds_user_state(cpu)) {
            call_to_shoot_down(cpu);
        }
    }
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        if (cpu_by_index(i) != this_cpu) {
            wait_for(cpu_by_index(i));
        }
    }
    leave_address_space();
}

void kick_cpu(struct cpu *cpu)
{
    if (cpu != this_cpu && mark_of(cpu) != CPU_DOOR && mark_of(cpu) != CPU_WAITS) {
        apic_send(cpu->arch.apic_id, VECTOR_DOOR);
    }
}

bool is_any_cpu_at_the_door(void)
{
    return node_cpu_count > 1 &&
           atomic_load_explicit(&lock_tail, memory_order_relaxed) != &this_cpu->lock;
}
