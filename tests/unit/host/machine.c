/*
 * The machine: interrupts, the door, FPU, ports, IOAPIC. Each does what its header says as far as a
 * test can tell.
 */
#include "host.h"
#include <arch/door.h>
#include <api/cluster.h>
#include <arch/fpu.h>
#include <arch/interrupt.h>
#include <arch/life.h>
#include <arch/console.h>
#include <arch/machine.h>
#include <arch/timer.h>
#include <x86/features.h>
#include <x86/io_apic.h>
#include <target/pcid.h>
#include <x86/port.h>
#include <x86/shoot_down.h>
#include <kernel/fastpath.h>
#include <stdlib.h>
#include <string.h>

word_t host_interrupt_after = HOST_NEVER;
word_t host_polls;
bool host_cpu_at_the_door;
word_t generation_seen[BIT(PCID_BITS)];
struct host_machine host_machine;

/* --- arch/timer.h --- */

void timer_arm(struct cpu *cpu, uint64_t moment)
{
    host_machine.armed[cpu->index] = moment;
}

/* --- arch/life.h --- */

bool life_is_managed_here(void)
{
    return true;
}

void life_stop(word_t node)
{
    host_machine.life[node].state = CMK_LIFE_OFF;
}

enum start_outcome life_start(word_t node)
{
    enum start_outcome outcome = host_machine.life[node].outcome;
    if (outcome == START_DONE) {
        host_machine.life[node].state = CMK_LIFE_STARTED;
        host_machine.life[node].generation++;
    }
    return outcome;
}

void life_read(word_t node, word_t *state, word_t *generation)
{
    *state = host_machine.life[node].state;
    *generation = host_machine.life[node].generation;
}

/* --- arch/machine.h --- */

_Noreturn void machine_hang(void)
{
    abort();
}

_Noreturn void machine_stop_node(void)
{
    abort();
}

_Noreturn void machine_exit_node(word_t status)
{
    exit((int)status);
}

void machine_clear_memory(void *start, word_t bytes)
{
    if (bytes % 8 != 0) {
        abort();
    }
    memset(start, 0, bytes);
    host_machine.words_cleared += bytes / 8;
    host_machine.longest_clear = MAX(host_machine.longest_clear, bytes);
}

void machine_bases_changed(struct tcb *thread)
{
    (void)thread;
    host_machine.base_changes++;
}

bool machine_is_private_memory(paddr_t start, word_t bytes)
{
    paddr_t end = HOST_MEMORY_BASE + BIT(HOST_MEMORY_BITS);

    return start >= HOST_MEMORY_BASE && start < end && bytes <= end - start;
}

/* As if every question took one count. */
word_t machine_time_stamp(void)
{
    static word_t now;
    return ++now;
}

void machine_set_lock_patience(word_t looks)
{
    (void)looks;
}

bool machine_lock_statistic(word_t which_and_cpu, word_t *value)
{
    *value = 0;
    return (which_and_cpu & MASK(8)) < node_cpu_count;
}

void machine_dump_cpus(void)
{
    console_print("no CPUs to look at\n");
}

word_t machine_node_count(void)
{
    return 2;
}

/* --- arch/interrupt.h --- */

bool is_interrupt_pending(void)
{
    host_polls++;
    if (host_interrupt_after == 0) {
        return true;
    }
    if (host_interrupt_after != HOST_NEVER) {
        host_interrupt_after--;
    }
    return false;
}

void interrupt_acknowledge(word_t irq)
{
    host_machine.acknowledged[irq]++;
}
void interrupt_disable(word_t irq)
{
    host_machine.disabled[irq]++;
}
void interrupt_mask(word_t irq)
{
    host_machine.masked[irq]++;
}

void interrupt_send_to_node(word_t node, word_t irq)
{
    host_machine.sent_node = node;
    host_machine.sent_irq = irq;
}

enum message_problem interrupt_message(word_t function, word_t vector, word_t cpu, word_t *address,
                                       word_t *data)
{
    if (function == HOST_STRANGE_FUNCTION) {
        return MESSAGE_NO_FUNCTION;
    }
    if (vector > ABI_MAX_USER_IRQ) {
        return MESSAGE_NO_VECTOR;
    }
    if (cpu >= node_cpu_count) {
        return MESSAGE_NO_CPU;
    }
    *address = function << 8 | cpu;
    *data = vector;
    return MESSAGE_GOOD;
}

/* --- arch/door.h --- */

void take_thread(struct tcb *thread)
{
    host_machine.taken++;
    for (uint32_t i = 0; i < node_cpu_count; i++) {
        struct cpu *cpu = cpu_by_index(i);
        if (cpu != this_cpu && cpu->current == thread) {
            cpu->current = NULL;
            cpu->mark = CPU_DOOR;
        }
    }
}

void stall_thread(struct tcb *thread)
{
    (void)thread;
    host_machine.stalled++;
}

void shoot_down(struct stale stale)
{
    (void)stale;
    host_machine.shoot_downs++;
}

void shoot_down_all(struct stale_pool stale)
{
    (void)stale;
    host_machine.shoot_downs++;
}

void kick_cpu(struct cpu *cpu)
{
    (void)cpu;
    host_machine.kicked++;
}

bool is_any_cpu_at_the_door(void)
{
    return host_cpu_at_the_door;
}

/* --- kernel/fastpath.h: tests call handle_syscall() themselves --- */

struct user_context *syscall_ordinary(word_t pointer, word_t info, word_t number, word_t place,
                                      struct tcb *thread, struct cpu *cpu)
{
    (void)pointer, (void)info, (void)number, (void)place, (void)thread, (void)cpu;
    return NULL;
}

/* --- arch/fpu.h --- */

void fpu_init_thread(struct tcb *thread)
{
    thread->fpu_used = false;
}

bool fpu_first_use(struct tcb *thread)
{
    if (thread->flags & ABI_TCB_FLAG_FPU_DISABLED) {
        return false;
    }
    thread->fpu_used = true;
    return true;
}

void fpu_flags_changed(struct tcb *thread)
{
    thread->uses_fpu = thread->fpu_used && !(thread->flags & ABI_TCB_FLAG_FPU_DISABLED);
}

/* --- arch/x86 --- */

bool cpu_has_huge_pages(void)
{
    return true;
}
bool cpu_has_no_execute(void)
{
    return true;
}
struct range kernel_text(void)
{
    return (struct range){0xffffffff80100000, 0xffffffff80110000};
}

unsigned io_apic_count(void)
{
    return 1;
}
unsigned io_apic_pins(unsigned index)
{
    return index == 0 ? HOST_IO_APIC_PINS : 0;
}

void io_apic_route(unsigned index, unsigned pin, word_t irq, bool level, bool active_low)
{
    (void)index, (void)level, (void)active_low;
    host_machine.routed_pin = pin;
    host_machine.routed_irq = irq;
}

uint8_t port_read8(uint16_t port)
{
    return (uint8_t)host_machine.ports[port];
}
uint16_t port_read16(uint16_t port)
{
    return (uint16_t)host_machine.ports[port];
}
uint32_t port_read32(uint16_t port)
{
    return host_machine.ports[port];
}
void port_write8(uint16_t port, uint8_t value)
{
    host_machine.ports[port] = value;
}
void port_write16(uint16_t port, uint16_t value)
{
    host_machine.ports[port] = value;
}
void port_write32(uint16_t port, uint32_t value)
{
    host_machine.ports[port] = value;
}
