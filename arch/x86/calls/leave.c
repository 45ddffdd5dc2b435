/*
 * The way out of the kernel, to a thread or to idle: the steps of docs/locking.md, "Exit". Under
 * the lock.
 */
#include <arch/object.h>
#include <arch/switch.h>
#include <x86/rflags.h>
#include <kernel/assert.h>
#include <kernel/thread.h>

static void set_mark(struct cpu *cpu, enum cpu_mark mark)
{
    atomic_store_explicit(&cpu->mark, mark, memory_order_release);
}

/* `current` changes only here, and where a holder on another CPU takes the thread away. */
void make_current(struct cpu *cpu, struct tcb *next)
{
    if (cpu->current != next) {
        if (cpu->current != NULL) {
            save_live_state(cpu);
        }
        cpu->current = next;
    }
}

struct user_context *leave_to_idle(struct cpu *cpu)
{
    make_current(cpu, NULL);
    load_root(cpu, cpu->arch.node_root);
    set_mark(cpu, CPU_IDLE);
    return &cpu->arch.idle;
}

struct user_context *leave_to_thread(struct cpu *cpu, struct tcb *next)
{
    struct user_context *context = &next->context;
    make_current(cpu, next);
    load_live_state(cpu, next);
    if (!is_root_known(cpu, next)) {
        next->root = arch_thread_root(next);
        next->root_epoch = cpu->root_epoch;
    }
    if (!is_canonical(context->rip)) {
        context->rip = 0; /* it would fault on the way out, with no lock and the wrong mark */
    }
    assert(context->rflags &
           RFLAGS_INTERRUPTS); /* a user without interrupts could not be called to the door */
    next->last_cpu = cpu_number(cpu);
    set_frame_end(cpu, next);
    return leave_to_same(cpu, next);
}
