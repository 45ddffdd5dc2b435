/*
 * The saved user registers of a thread, inside its TCB.
 *
 * Entry stubs store into it before any lock is held; exit stubs load from it after the lock was released: while the
 * thread is current on a CPU, the frame belongs to that CPU alone (docs/locking.md). The last words are exactly what
 * the CPU pushes on an interrupt, so TSS.RSP0 points at the end of this structure, which is 16-byte aligned.
 */
#ifndef ARCH_X86_CONTEXT_H
#define ARCH_X86_CONTEXT_H

#include <api/types.h>
#include <kernel/types.h>

struct user_context {
    word_t cpu_stack;  /* top of the stack of the CPU on which the thread is current; written when it is made current */
    word_t fs_base;    /* current only while not live on a CPU, see arch/fpu.h */
    word_t gs_base;
    word_t restart_ip; /* where a restarted thread goes on: the system call instruction, or the faulting instruction */
    word_t rax, rbx, rbp, r12, r13, r14, rcx, r11;
    word_t rdx, rdi, rsi, r10, r8, r9, r15; /* system call number, capability, message info, MR0..MR3 */
    word_t vector;     /* how it entered: CPU vector, or ENTERED_BY_SYSCALL, which makes it leave by sysret */
    word_t error;      /* error code pushed by the CPU, or 0 */
    word_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct user_context) % 16 == 0, "the CPU aligns its frame to 16 bytes");

#define ENTERED_BY_SYSCALL 0x100

/* Selectors: sysret needs user code = user data + 8. User selectors with privilege level 3. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x23
#define SELECTOR_USER_CODE   0x2b
#define SELECTOR_TSS         0x30

#define RFLAGS_INITIAL       0x202

#endif
