/*
 * One kernel entry, between the stubs: what came in. kernel/calls/exit.c has what follows. All
 * under the lock; the steps are those of docs/locking.md.
 */
#include <x86/apic.h>
#include <x86/entry.h>
#include <target/instructions.h>
#include <target/live_state.h>
#include <kernel/assert.h>
#include <kernel/exit.h>
#include <kernel/fastpath.h>

enum {
    FIRST_DELIVERABLE_VECTOR =
        16, /* an APIC refuses to deliver lower ones, but not those of exceptions 16 to 31 */
    FIRST_INTERRUPT_VECTOR = 32
};

/*
 * Some vectors are an interrupt only if the APIC says so; the stubs have asked the same question.
 */
static bool is_interrupt(word_t vector)
{
    if (vector < FIRST_DELIVERABLE_VECTOR || vector > UINT8_MAX) {
        return false;
    }
    bool may_be_exception = vector < FIRST_INTERRUPT_VECTOR;
    bool may_be_software = vector >= VECTOR_SOFTWARE_FIRST && vector <= VECTOR_SOFTWARE_LAST;
    return !(may_be_exception || may_be_software) || apic_is_in_service((uint8_t)vector);
}

/*
 * Step 6: a synchronous event counts only if no other CPU has since taken away the thread that
 * brought it. Otherwise the thread repeats it when it runs again. Its TCB may not even be one any
 * more. (Only this CPU makes a thread current here, so the same address is the same thread.)
 */
static bool is_still_current(const struct cpu *cpu, const struct tcb *thread)
{
    return thread != NULL && cpu->current == thread;
}

/* Not null: a fast path has done all, and this is what to go on with. */
static struct user_context *handle_event(struct cpu *cpu)
{
    const struct trap_record *trap = &cpu->arch.trap;
    word_t vector = trap->vector;
    if (is_interrupt(vector)) {
        return interrupt_dispatch(cpu, (uint8_t)vector); /* step 5: whatever became of the thread */
    }
    if (trap->thread == NULL && vector < FIRST_INTERRUPT_VECTOR) {
        kernel_stop("exception %lu while idle, CPU %u", vector, cpu->index);
    }
    return is_still_current(cpu, trap->thread) && vector != NO_EVENT
               ? exception_dispatch(cpu, vector)
               : NULL;
}

/* A system call that had to wait for the lock. */
static struct user_context *syscall_from_the_door(struct cpu *cpu, struct tcb *thread)
{
    if (!is_still_current(cpu, thread)) {
        return drop_syscall(cpu, thread);
    }
    fpu_keep(cpu, thread);
    const struct user_context *c = &thread->context;
    return syscall_entry(context_capability_register(c), context_message_info(c),
                         context_syscall_number(c), c->rip, thread, cpu);
}

struct user_context *kernel_entry(struct cpu *cpu)
{
    if (cpu->arch.trap.vector == ENTERED_BY_SYSCALL) {
        return syscall_from_the_door(cpu, cpu->arch.trap.thread);
    }
    if (cpu->arch.features & CPU_FEATURE_SMAP) {
        forbid_user_access(); /* an interrupt leaves the user's RFLAGS.AC as it was */
    }
    begin_entry(cpu);
    struct user_context *context = handle_event(cpu);
    return context != NULL ? context : leave_kernel(cpu);
}
