/*
 * Part 2 of boot: how a node comes to life. Every CPU arrives in cpu_arrived; a node's first CPU
 * builds the node, the others join it.
 */
#include <api/cluster.h>
#include <arch/console.h>
#include <arch/machine.h>
#include <arch/memory.h>
#include <x86/console_turn.h>
#include <x86/cpu_setup.h>
#include <x86/ipi.h>
#include <target/instructions.h>
#include <x86/layout.h>
#include <x86/life_words.h>
#include <x86/power_off.h>
#include <x86/start_cpu.h>
#include <x86/status.h>
#include <x86/uart.h>
#include <cluster/image.h>
#include <kernel/assert.h>
#include <kernel/format.h>
#include <kernel/string.h>
#include <node/node.h>
#include <stdatomic.h>

/*
 * How many CPUs of this node have set themselves up. Each adds itself with release order; the first
 * CPU waits for all with acquire order before it lets user code run.
 */
static _Atomic uint32_t cpus_ready;

/*
 * The node is up: its CPUs may run user code. Stored with release order by the first CPU, after all
 * that boot writes and prints; loaded with acquire order by the others, which wait for it: with
 * balance=on each of them could take the initial thread, and end the node before it was up.
 */
static _Atomic bool node_is_up;

/*
 * The copy of the node state: .data from the template, .bss zero (allocated memory is). 0: no
 * memory.
 */
static paddr_t make_node_state(struct boot_allocator *allocator)
{
    paddr_t state = allocate(allocator, size_bits_for(linker_value(node_state_bytes)));
    if (state != 0) {
        memcpy(window(state), data_template, (size_t)((word_t)node_state_bss - NODE_STATE));
    }
    return state;
}

/*
 * Without its node's own page table a CPU cannot hold the console's word: the line may meet
 * another's, and the status page says the same.
 */
static _Noreturn void give_up(uint32_t node, const char *reason)
{
    char prefix[48];
    char line[128];
    console_kernel_prefix(prefix, sizeof(prefix), node);
    format_line(line, sizeof(line), "%s stopped: %s\r\n", prefix, reason);
    uint16_t port = global_state.cluster.node[node].console_port;
    for (const char *c = line; port != CONSOLE_NONE && *c; c++) {
        uart_write(port, *c);
    }
    status_page_stop((struct cmk_status_page *)STATUS_PAGE, reason);
    if (status_ended_as_last() && power_off_is_wanted()) {
        power_off();
    }
    halt_forever();
}

/* All but the stacks: this CPU stands on one of them. */
static void clear_cpu_blocks(uint32_t node)
{
    for (uint32_t i = 0; i < global_state.cluster.node[node].cpu_count; i++) {
        paddr_t block = global_state.node_memory[node].cpu_blocks + i * CPU_BLOCK_MEMORY_BYTES;
        machine_clear_memory(window(block), CPU_BLOCK_MEMORY_BYTES - CPU_STACK_BYTES);
    }
}

/*
 * The node's life, as its word says. False: the node is not started, and this CPU has no business
 * here. Without a manager there is one life.
 */
static bool find_life(uint32_t node, uint64_t *generation)
{
    *generation = 1;
    if (!global_state.cluster.manager) {
        return true;
    }
    uint64_t word = life_load(life_word_of(node));
    *generation = life_generation(word);
    return life_state(word) == CMK_LIFE_STARTED;
}

/* The image as it was before its first instruction. For the first life boot has loaded it. */
static void restore_image(const struct node_plan *plan, uint64_t generation)
{
    if (generation > 1) {
        memcpy(window(plan->image.start), window(plan->store.start), range_bytes(plan->image));
    }
}

static void switch_to_node(uint32_t node)
{
    write_cr3(global_state.node_memory[node].root);
}

static bool wait_for_cpus(uint32_t count, unsigned milliseconds)
{
    for (unsigned waited = 0; waited < milliseconds * 10; waited++) {
        if (atomic_load_explicit(&cpus_ready, memory_order_acquire) >= count) {
            return true;
        }
        delay(100);
    }
    return false;
}

/*
 * The node's other CPUs, one after the other, so that a missing one has a name. Each is given 10 ms
 * and a second start, and then a second, before the node stops.
 */
static void start_other_cpus(uint32_t node)
{
    const struct node_plan *plan = &global_state.cluster.node[node];
    for (uint32_t i = 1; i < plan->cpu_count; i++) {
        uint32_t apic_id = global_state.cluster.cpu[plan->cpu[i]].apic_id;
        if (global_state.cluster.node_count == 1) {
            /* Harnesses of seL4 also look for this (contract 9.10); its nodes are CPUs. */
            console_report(": Starting node #%u with APIC ID %u", i, apic_id);
        }
        start_cpu(apic_id);
        if (wait_for_cpus(i, FIRST_ANSWER_MILLISECONDS)) {
            continue;
        }
        start_cpu_again(apic_id);
        if (!wait_for_cpus(i, LAST_ANSWER_MILLISECONDS)) {
            kernel_stop("CPU %u (APIC id %u) does not answer", plan->cpu[i], apic_id);
        }
    }
}

/* Every CPU of the node: descriptor tables, control registers, APIC, timer. */
static struct cpu *init_node_cpu(uint32_t cpu)
{
    uint32_t index = global_state.cluster.cpu[cpu].index;
    struct cpu *block = cpu_by_index(index);
    uint32_t node = global_state.cluster.cpu[cpu].node;
    bool alone = global_state.cluster.node[node].cpu_count == 1;
    cpu_setup(block, index, global_state.cluster.cpu[cpu].apic_id, alone);
    return block;
}

/*
 * On the node's first CPU, under the node's boot table: builds page table and node state in the
 * node's memory, switches to them, and sets up the node. There is no C global before the switch.
 */
static _Noreturn void boot_node(uint32_t node, uint64_t generation)
{
    if (!status_page_claim((struct cmk_status_page *)STATUS_PAGE)) {
        halt_forever(); /* too late: boot has declared the node stopped */
    }
    status_begin(generation);
    restore_image(&global_state.cluster.node[node], generation);
    struct boot_allocator allocator;
    free_node_memory(node, &allocator);
    clear_cpu_blocks(node);
    paddr_t node_state = make_node_state(&allocator);
    build_node_page_table(node, &allocator, node_state);
    if (allocator.failed) {
        give_up(node, "too little memory for its kernel");
    }
    switch_to_node(node);

    /* From here on C variables are this node's own. */
    struct cpu *cpu = init_node_cpu(global_state.cluster.node[node].cpu[0]);
    init_node_state(node, &allocator);
    start_other_cpus(node);
    status_running();
    if (generation > 1 || global_state.cluster.node[node].starts_off) {
        ipi_announce_status(); /* the others were told that it is off */
    }
    console_report(": %lu TSC ticks since kernel entry", read_tsc() - global_state.entry_tsc);
    console_report(
        ": Booting all finished, dropped to user space"); /* what seL4's test harnesses look for */
    atomic_store_explicit(&node_is_up, true, memory_order_release);
    cpu_enter_first(cpu);
}

/*
 * This CPU is set up. Bounded: the first CPU gives each CPU that follows LAST_ANSWER_MILLISECONDS,
 * and then brings the node up, or stops it, which ends this CPU by NMI. A function of its own for
 * tools/check-ties, which records what CPUs do until here.
 */
static NEVER_INLINE void wait_for_node(void)
{
    atomic_fetch_add_explicit(&cpus_ready, 1, memory_order_release);
    while (!atomic_load_explicit(&node_is_up, memory_order_acquire)) {
        spin_pause();
    }
}

static _Noreturn void join_node(uint32_t node, uint32_t cpu)
{
    switch_to_node(node);
    struct cpu *block = init_node_cpu(cpu);
    wait_for_node();
    cpu_enter_first(block);
}

_Noreturn void cpu_arrived(uint32_t cpu)
{
    uint32_t node = global_state.cluster.cpu[cpu].node;
    uint64_t generation;
    if (!find_life(node, &generation)) {
        halt_forever();
    }
    if (global_state.cluster.cpu[cpu].index == 0) {
        boot_node(node, generation);
    }
    join_node(node, cpu);
}
