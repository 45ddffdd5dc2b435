/*
 * The end of a node: by its user's wish, by debug call, or because its kernel failed. Other nodes
 * go on.
 */
#include <arch/console.h>
#include <arch/machine.h>
#include <x86/apic.h>
#include <target/instructions.h>
#include <x86/ipi.h>
#include <x86/power_off.h>
#include <x86/status.h>
#include <x86/stop.h>
#include <cluster/record.h>
#include <kernel/cpu.h>
#include <stdatomic.h>

/*
 * node_stopping: the CPU that stops the node, set once by that CPU; read by the node's NMI stubs.
 * cpus_halted: counted up by them.
 *
 * A CPU that joins its node sets `takes_nmi` and then reads node_stopping; the one that stops the
 * node sets node_stopping and then reads every `takes_nmi`. All four are sequentially consistent,
 * so one of the two sees the other.
 */
struct cpu *_Atomic node_stopping;
_Atomic uint32_t cpus_halted;

enum { HALT_MILLISECONDS = 100 };

void join_or_halt(struct cpu *cpu)
{
    atomic_store_explicit(&cpu->arch.takes_nmi, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&node_stopping, memory_order_seq_cst) != NULL) {
        halt_forever();
    }
}

uint32_t own_cpu_index(void)
{
    uint32_t apic_id = cpu_apic_id();
    uint32_t i = 0;
    while (i < node_cpu_count && cpu_by_index(i)->arch.apic_id != apic_id) {
        i++;
    }
    return i;
}

static struct cpu *own_cpu(void)
{
    return cpu_by_index(MIN(own_cpu_index(), node_cpu_count - 1));
}

/*
 * By NMI: afterwards no other CPU of this node runs. Waits at most HALT_MILLISECONDS for them. A
 * second call halts its caller.
 */
static void stop_other_cpus(void)
{
    struct cpu *self = own_cpu();
    struct cpu *none = NULL;
    if (!atomic_compare_exchange_strong_explicit(&node_stopping, &none, self, memory_order_seq_cst,
                                                 memory_order_seq_cst)) {
        halt_forever(); /* another CPU was first, or this one failed while it was stopping the node
                          */
    }
    uint32_t others = 0;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        /* A CPU that has not joined yet would not survive an NMI. */
        if (atomic_load_explicit(&cpu->arch.takes_nmi, memory_order_seq_cst) && cpu != self) {
            apic_send_nmi(cpu->arch.apic_id);
            others++;
        }
    }
    /* Bounded: a CPU that does not even take an NMI cannot be waited for. */
    uint64_t end = read_tsc() + HALT_MILLISECONDS * 1000ull * global_state.tsc_mhz;
    while (atomic_load_explicit(&cpus_halted, memory_order_acquire) < others && read_tsc() < end) {
        spin_pause();
    }
}

/* Tells the other nodes, and halts. The last node to end switches the machine off. */
static _Noreturn void end_node(void)
{
    ipi_announce_status();
    if (status_ended_as_last() && power_off_is_wanted()) {
        power_off();
        console_report(": the machine can be switched off");
    }
    halt_forever();
}

_Noreturn void machine_stop_node(void)
{
    stop_node("halted on request");
}

_Noreturn void machine_exit_node(word_t status)
{
    stop_other_cpus();
    status_exited(status);
    console_report_exit(status);
    end_node();
}

_Noreturn void stop_node(const char *reason)
{
    stop_other_cpus();
    status_stopped(reason);
    console_report(" stopped: %s", reason);
    end_node();
}

_Noreturn void machine_hang(void)
{
    for (;;) { /* never ends: that is what was asked for */
        spin_pause();
    }
}

word_t machine_time_stamp(void)
{
    return read_tsc();
}

word_t machine_node_count(void)
{
    return global_state.cluster.node_count;
}

bool machine_is_private_memory(paddr_t start, word_t bytes)
{
    const struct node_plan *plan = &global_state.cluster.node[node_id];
    for (uint32_t i = 0; i < plan->region_count; i++) {
        const struct range *region = &plan->region[i];
        if (start >= region->start && start < region->end) {
            return bytes <= region->end - start; /* no two regions touch */
        }
    }
    return false;
}
