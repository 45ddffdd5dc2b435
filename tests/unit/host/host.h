/*
 * A node without a machine: what the portable kernel and the objects of x86 need of the hardware,
 * as plain C for host tests.
 *
 * Physical memory is an array: window(HOST_MEMORY_BASE) is its first byte. CPUs are structures.
 * Interrupts come when a test says so. Nothing runs in parallel. Check runs each test in a process
 * of its own, so every test starts with all memory zero.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <arch/interrupt.h>
#include <kernel/cpu.h>
#include <kernel/types.h>

#define HOST_MEMORY_BASE 0x40000000ull /* aligned to HOST_MEMORY_BITS */
#define HOST_MEMORY_BITS 25            /* 32 MiB */

enum { HOST_CPUS = 4, HOST_PORTS = 0x10000, HOST_IO_APIC_PINS = 24 };

/* Sets up `cpus` CPUs, all idle; CPU 0 is the one that executes. */
void host_start(unsigned cpus);

/*
 * The kernel entry `index` of this test begins on that CPU: sets this_cpu, and no unit of work is
 * done yet.
 */
void host_enter(unsigned cpu);

/*
 * Preemption: how many more polls find no interrupt pending, from now on; HOST_NEVER: none ever
 * comes. The kernel does not poll at the first preemption point of an entry.
 */
#define HOST_NEVER (~0ull)

/* The PCI function that is no node's: its messages are none. */
#define HOST_STRANGE_FUNCTION 0xffff
extern word_t host_interrupt_after;
extern word_t host_polls; /* times that the kernel asked */
extern bool host_cpu_at_the_door;

/* What the kernel did to the machine. */
struct host_machine {
    word_t words_cleared; /* by machine_clear_memory() */
    word_t longest_clear; /* bytes in one call */
    word_t shoot_downs, taken, stalled, kicked, base_changes;
    word_t acknowledged[IRQ_COUNT], disabled[IRQ_COUNT], masked[IRQ_COUNT]; /* per IRQ */
    uint64_t armed[ABI_CMK_MAX_NODE_CPUS]; /* per CPU: timer_arm() */
    word_t routed_irq, routed_pin;         /* io_apic_route() */
    word_t sent_node, sent_irq;            /* interrupt_send_to_node() */
    struct {
        word_t state, generation; /* CMK_LIFE_* */
        unsigned outcome;         /* enum start_outcome: of the next start */
    } life[ABI_CMK_MAX_NODES];
    uint32_t ports[HOST_PORTS]; /* what was written last, and is read back */
};
extern struct host_machine host_machine;

/*
 * What the kernel printed so far, cut at some length. Tests that should see it on the terminal set
 * CMK_HOST_CONSOLE.
 */
extern char host_console[4096];

#endif
