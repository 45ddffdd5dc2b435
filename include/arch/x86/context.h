/*
 * The saved user registers of a thread, inside its TCB.
 *
 * Entry stubs store into it before any lock is held; exit stubs load from it after the lock was released: while the
 * thread is current on a CPU, the frame belongs to that CPU alone (docs/locking.md). `rip` to `ss` are exactly what the
 * CPU pushes on an interrupt, so TSS.RSP0 points behind `ss`, which is 16-byte aligned. All that a system call touches
 * lies in the three cache lines of the TCB that end there.
 */
#ifndef ARCH_X86_CONTEXT_H
#define ARCH_X86_CONTEXT_H

#include <api/types.h>
#include <kernel/types.h>

struct user_context {
    word_t fs_base;    /* current only while not live on a CPU, see arch/fpu.h */
    word_t gs_base;
    word_t restart_ip; /* where a restarted thread goes on: the system call instruction, or the faulting instruction */
    word_t rax, rbx, rbp, r12, r13, r14;
    word_t rdx, rdi, rsi, r10, r8, r9, r15; /* system call number, capability, message info, MR0..MR3 */
    word_t vector;     /* how it entered: CPU vector, or ENTERED_BY_SYSCALL, which makes it leave by sysret */
    word_t error;      /* error code pushed by the CPU, or 0 */
    word_t rip, cs, rflags, rsp, ss;
    word_t rcx, r11;   /* the system call instruction changes them, so that only interrupts and exceptions save them */
};
#define USER_CONTEXT_FRAME_END offsetof(struct user_context, rcx)

#define ENTERED_BY_SYSCALL 0x100

/* Intel SDM volume 3, table 6-1. */
enum {
    EXCEPTION_DEBUG = 1,
    EXCEPTION_BREAKPOINT = 3,
    EXCEPTION_BAD_INSTRUCTION = 6,
    EXCEPTION_NO_FPU = 7,
    EXCEPTION_GENERAL_PROTECTION = 13,
    EXCEPTION_PAGE_FAULT = 14
};

/* Selectors: sysret needs user code = user data + 8. User selectors with privilege level 3. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x23
#define SELECTOR_USER_CODE   0x2b
#define SELECTOR_TSS         0x30

#define RFLAGS_INITIAL       0x202

/* False: bits 63..47 are not all equal, and loading the address would fault in the kernel. */
static inline bool is_canonical(word_t address)
{
    return (word_t)((int64_t)(address << 16) >> 16) == address;
}

#endif
