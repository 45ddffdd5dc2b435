/*
 * Interrupts, once the lock is held: each vector goes to its owner, and the local APIC is told.
 * Every vector is a hint: one that has no owner is acknowledged, counted and ignored, and a forged
 * door, timer or IPI does no harm.
 */
#include <arch/interrupt.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <x86/ipi.h>
#include <x86/status.h>
#include <x86/timer.h>
#include <kernel/fastpath.h>
#include <kernel/irq.h>
#include <kernel/ready.h>
#include <kernel/scheduler.h>

/*
 * A tick in idle has no time slice to count. If nothing is ready either, ticks stop until the
 * next interrupt: that is how work comes, since the CPU that brings any sends the door's IPI
 * (kick_cpu()). Else all idle CPUs of a node would queue for its lock 500 times a second. CPU 0
 * ticks on, because it counts for the node.
 */
static void tick(struct cpu *cpu)
{
    if (cpu->index == 0) {
        status_tick();
        ipi_refill();
    } else if (cpu->arch.trap.thread == NULL && ready_best(cpu) == NULL) {
        cpu->arch.timer.ticks_stopped = true;
    }
    scheduler_tick();
}

/* More may have come due than the interrupt was meant for, or nothing: it may be forged. */
static struct user_context *timer_interrupt(struct cpu *cpu)
{
    struct timer_due due = timer_take_due(cpu);
    word_t irq = FIRST_TIMER_IRQ + (word_t)cpu->index;
    if (due.tick) {
        tick(cpu);
    }
    timer_go_on(cpu);
    apic_end_of_interrupt();
    /* The fast path decides nothing but this one signal. */
    struct user_context *context = due.armed && !due.tick ? fast_interrupt(irq, cpu) : NULL;
    if (due.armed && context == NULL) {
        irq_deliver(irq);
    }
    return context;
}

static void resume_ticks(struct cpu *cpu)
{
    if (cpu->arch.timer.ticks_stopped) {
        timer_resume_ticks(cpu);
    }
}

static bool is_handlers(uint8_t vector)
{
    return vector > VECTOR_DOOR && vector <= VECTOR_USER_LAST;
}

/* A device's, or an IPI from another node. */
static struct user_context *deliver(struct cpu *cpu, word_t irq)
{
    interrupt_mask(irq); /* until the handler's Ack; before the APIC lets the next one in */
    apic_end_of_interrupt();
    struct user_context *context = fast_interrupt(irq, cpu);
    if (context == NULL) {
        irq_deliver(irq);
    }
    return context;
}

struct user_context *interrupt_dispatch(struct cpu *cpu, uint8_t vector)
{
    resume_ticks(cpu);
    if (LIKELY(is_handlers(vector))) {
        return deliver(cpu, vector - (word_t)VECTOR_IRQ_BASE);
    }
    if (vector == VECTOR_DOOR) {
        /* Coming was all that was asked, unless for the timer. */
        if (cpu->arch.timer.changed) {
            timer_go_on(cpu);
        }
    } else if (vector == VECTOR_TIMER) {
        return timer_interrupt(cpu);
    } else {
        cpu->arch.unowned_interrupts++;
        if (!apic_is_in_service(vector)) {
            return NULL; /* a spurious one, or a user's `int 0xff` */
        }
    }
    apic_end_of_interrupt();
    return NULL;
}
