/* Between the entry stubs in assembly and C. */
#ifndef X86_ENTRY_H
#define X86_ENTRY_H

#include <kernel/cpu.h>

/*
 * One kernel entry of `cpu`, which holds the lock: handles what the trap record says
 * (docs/locking.md steps 5 and 6), chooses the next thread and makes this CPU ready for it
 * ("Exit"). Returns the context to continue with; the stub then releases the lock. System calls
 * that did not wait for the lock come to syscall_entry() instead, in kernel/fastpath.h.
 */
struct user_context *kernel_entry(struct cpu *cpu);

/*
 * The synchronous events: the thread in the trap record brought them, and is still current. Not
 * null: a fast path (kernel/fastpath.h) has done all, and that is what kernel_entry() returns.
 */
struct user_context *exception_dispatch(struct cpu *cpu, word_t vector);

/*
 * Every vector from 32 on, and lower ones that turn out to be interrupts: acknowledged at the APIC,
 * always. Returns what exception_dispatch() does.
 */
struct user_context *interrupt_dispatch(struct cpu *cpu, uint8_t vector);

/* A CPU that waits for the lock, without it, has lost its patience: the node stops. */
_Noreturn void lock_stands_still(const struct cpu *cpu);

/* The stubs, in assembly. Tables by vector, and by CPU index; `one` for nodes with one CPU. */
extern const word_t interrupt_stubs_one[256], interrupt_stubs_many[256];
extern const word_t syscall_stubs_many[ABI_CMK_MAX_NODE_CPUS];
extern char syscall_stub_one[];

/*
 * Where a CPU without thread waits, in the kernel: sti, hlt, with interrupts off at first. Entered
 * with `iretq`.
 */
extern char idle_start[];

/* What an exception in the kernel leaves on the stack. */
struct exception_frame {
    word_t vector, error, rip, cs, rflags, rsp, ss;
};

/* From the stubs, without the lock: the kernel itself failed. Stops the node. */
_Noreturn void kernel_exception(const struct exception_frame *frame);

/*
 * #MC, or an interrupt message that looks like it. True for the CPU's first #MC:
 * machine_check_report() must follow.
 */
bool machine_check(struct cpu *cpu);

/* Ends the node after a machine check, on a stack that #MC does not use. */
_Noreturn void machine_check_report(word_t address);

#endif
