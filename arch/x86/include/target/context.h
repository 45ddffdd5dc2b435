/*
 * The saved user registers of a thread, inside its TCB.
 *
 * Entry stubs store into it before any lock is held; exit stubs load from it after the lock was
 * released: while the thread is current on a CPU, the frame belongs to that CPU alone
 * (docs/locking.md). `rip` to `ss` are exactly what the CPU pushes on an interrupt, so TSS.RSP0
 * points just after `ss`, which is 16-byte aligned. All that a system call touches lies in the
 * three cache lines of the TCB that end there.
 */
#ifndef TARGET_CONTEXT_H
#define TARGET_CONTEXT_H

#include <api/types.h>
#include <kernel/types.h>

struct user_context {
    word_t fs_base; /* current only while not live on a CPU, see arch/fpu.h */
    word_t gs_base;
    word_t restart_ip; /* where a restarted thread goes on: the system call instruction, or the
                          faulting instruction */
    word_t rax, rbx, rbp, r12, r13, r14;
    word_t rdx, rdi, rsi, r10, r8, r9,
        r15;       /* system call number, capability, message info, MR0..MR3 */
    word_t vector; /* how it entered: CPU vector, or ENTERED_BY_SYSCALL, which makes it leave by
                      sysret */
    word_t error;  /* error code pushed by the CPU, or 0 */
    word_t rip, cs, rflags, rsp, ss;
    word_t rcx, r11; /* the system call instruction changes them, so that only interrupts and
                        exceptions save them */
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

#define RFLAGS_INITIAL 0x202

/* The register that says where a thread's own variables lie. */
#define REGISTER_TLS_BASE REGISTER_fs_base

/* False: bits 63..47 are not all equal, and loading the address would fault in the kernel. */
static inline bool is_canonical(word_t address)
{
    return (word_t)((int64_t)(address << 16) >> 16) == address;
}

/* --- what arch/context.h promises --- */

static inline void context_restart(struct user_context *context)
{
    context->rip = context->restart_ip;
}

static inline word_t context_restart_address(const struct user_context *context)
{
    return context->restart_ip;
}

static inline bool context_can_restart(const struct user_context *context)
{
    return context->restart_ip <= ABI_USER_TOP;
}

static inline void context_redo_syscall(struct user_context *context)
{
    context->rip = context->restart_ip + 2; /* the length of SYSCALL */
}

static inline bool context_repeats_syscall(const struct user_context *context)
{
    return context->vector == ENTERED_BY_SYSCALL;
}

static inline word_t context_take_trap(struct user_context *context)
{
    word_t vector = context->vector;
    context_set_full_restore(context);
    return vector;
}

static inline void context_keep_place(struct user_context *context)
{
    context->restart_ip = context->rip;
}

static inline void context_copy_frame(struct user_context *to, const struct user_context *from)
{
    to->rip = to->restart_ip = from->restart_ip;
    to->rsp = from->rsp, to->rflags = from->rflags;
    to->rax = from->rax, to->rbx = from->rbx, to->rcx = from->rcx, to->rdx = from->rdx;
    to->rsi = from->rsi, to->rdi = from->rdi, to->rbp = from->rbp;
    to->r8 = from->r8, to->r9 = from->r9, to->r10 = from->r10, to->r11 = from->r11;
    to->r12 = from->r12, to->r13 = from->r13, to->r14 = from->r14, to->r15 = from->r15;
}

static inline void context_copy_integer(struct user_context *to, const struct user_context *from)
{
    to->fs_base = from->fs_base, to->gs_base = from->gs_base;
}

static inline word_t context_syscall_number(const struct user_context *c)
{
    return c->rdx;
}
static inline word_t context_capability_register(const struct user_context *c)
{
    return c->rdi;
}
static inline word_t context_message_info(const struct user_context *c)
{
    return c->rsi;
}
static inline void context_set_badge(struct user_context *c, word_t badge)
{
    c->rdi = badge;
}
static inline void context_set_message_info(struct user_context *c, word_t info)
{
    c->rsi = info;
}

static inline word_t context_message_register(const struct user_context *c, unsigned index)
{
    return index == 0 ? c->r10 : index == 1 ? c->r8 : index == 2 ? c->r9 : c->r15;
}

static inline void context_set_message_register(struct user_context *c, unsigned index,
                                                word_t value)
{
    switch (index) {
    case 0:
        c->r10 = value;
        break;
    case 1:
        c->r8 = value;
        break;
    case 2:
        c->r9 = value;
        break;
    default:
        c->r15 = value;
        break;
    }
}

static inline word_t context_user_exception_word(const struct user_context *c, unsigned index)
{
    return index == 0 ? context_restart_address(c) : index == 1 ? c->rsp : c->rflags;
}

#endif
