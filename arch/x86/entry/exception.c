/* Exceptions: of users, which become events or faults; and of the kernel, which end the node. */
#include <arch/fpu.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <target/instructions.h>
#include <kernel/assert.h>
#include <kernel/entry.h>
#include <kernel/exit.h>
#include <kernel/fastpath.h>

/*
 * `int n` as an unknown system call: its number is n in bits 31..24, and eax below (contract 5.2).
 */
enum { SOFTWARE_NUMBER_SHIFT = 24 };

/* The stub has set the thread's address back to the instruction. */
static void software_interrupt(const struct user_context *context, word_t n)
{
    uint32_t number =
        (uint32_t)(n << SOFTWARE_NUMBER_SHIFT | (context->rax & MASK(SOFTWARE_NUMBER_SHIFT)));
    handle_unknown_syscall((word_t)(int64_t)(int32_t)number);
}

static void handle_exception(const struct trap_record *trap, word_t vector)
{
    switch (vector) {
    case EXCEPTION_DEBUG:
    case EXCEPTION_BREAKPOINT:
        deliver_trap(trap->thread);
        break;
    case EXCEPTION_NO_FPU:
        if (!fpu_first_use(trap->thread)) {
            handle_user_exception(vector, 0);
        }
        break;
    case EXCEPTION_PAGE_FAULT:
        handle_vm_fault(trap->fault_address, trap->error);
        break;
    default:
        handle_user_exception(vector, trap->error);
        break;
    }
}

/*
 * What handle_exception() does in the two frequent cases: a page fault, or a bad instruction or
 * address.
 */
static struct user_context *fault_fast(struct cpu *cpu, const struct trap_record *trap,
                                       word_t vector)
{
    if (vector == EXCEPTION_PAGE_FAULT) {
        return fast_vm_fault(trap->fault_address, trap->error, trap->thread, cpu);
    }
    bool is_plain = vector == EXCEPTION_BAD_INSTRUCTION || vector == EXCEPTION_GENERAL_PROTECTION;
    return is_plain ? fast_user_exception(vector, trap->error, trap->thread, cpu) : NULL;
}

struct user_context *exception_dispatch(struct cpu *cpu, word_t vector)
{
    const struct trap_record *trap = &cpu->arch.trap;
    if (vector >= VECTOR_SOFTWARE_FIRST) {
        software_interrupt(&trap->thread->context, vector);
        return NULL;
    }
    struct user_context *context = fault_fast(cpu, trap, vector);
    if (context == NULL) {
        handle_exception(trap, vector);
    }
    return context;
}

_Noreturn void kernel_exception(const struct exception_frame *frame)
{
    kernel_stop(
        "exception %lu in the kernel at %p, error %lx, address %p, stack %p, CPU with APIC id %u",
        frame->vector, (void *)frame->rip, frame->error, (void *)read_cr2(), (void *)frame->rsp,
        cpu_apic_id());
}
