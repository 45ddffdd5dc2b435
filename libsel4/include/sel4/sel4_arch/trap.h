/*
 * The one place where user programs enter the kernel (contract 1.2). rdx carries the number, rdi
 * the capability (or the call's only argument) and then the badge, rsi the message info, and r10,
 * r8, r9, r15 the first four message registers. The instruction itself takes rcx and r11. The
 * kernel does not keep rsp, so it waits in rbx, which the kernel does keep.
 */
#ifndef SEL4_SEL4_ARCH_TRAP_H
#define SEL4_SEL4_ARCH_TRAP_H

#include <sel4/functions.h>
#include <sel4/syscall.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* What goes into a system call and comes back from it. */
struct sel4_x64_trap {
    seL4_Word rdi;
    seL4_MessageInfo_t info;
    seL4_Word mr[ABI_MESSAGE_REGISTERS];
};

/*
 * Memory is clobbered in both directions: the kernel reads and writes the IPC buffer. Operands are
 * variables, not the structure's fields, so that the compiler need not keep the structure in
 * memory.
 */
static inline void sel4_x64_enter(seL4_Syscall_ID number, struct sel4_x64_trap *trap)
{
    seL4_Word rdi = trap->rdi;
    seL4_Word rsi = trap->info.words[0];
    register seL4_Word mr0 __asm__("r10") = trap->mr[0];
    register seL4_Word mr1 __asm__("r8") = trap->mr[1];
    register seL4_Word mr2 __asm__("r9") = trap->mr[2];
    register seL4_Word mr3 __asm__("r15") = trap->mr[3];

    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "syscall\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(rdi), "+S"(rsi), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                     : "d"((seL4_Word)number)
                     : "rbx", "rcx", "r11", "memory");
    trap->rdi = rdi;
    trap->info.words[0] = rsi;
    trap->mr[0] = mr0;
    trap->mr[1] = mr1;
    trap->mr[2] = mr2;
    trap->mr[3] = mr3;
}

/*
 * What happens to be in a register: for message registers beyond a message's length. They need no
 * value, because the kernel does not read them.
 */
static inline seL4_Word sel4_x64_any_word(void)
{
    seL4_Word word;
    /* volatile: otherwise all four would be one register, and copied from there */
    __asm__ volatile("" : "=r"(word));
    return word;
}

/* A system call without message words. */
static inline struct sel4_x64_trap sel4_x64_wordless(seL4_Word rdi)
{
    struct sel4_x64_trap trap = {.rdi = rdi};
    for (int i = 0; i < ABI_MESSAGE_REGISTERS; i++) {
        trap.mr[i] = sel4_x64_any_word();
    }
    return trap;
}

/* A system call that takes one word and gives one back: the debug calls and SetTLSBase. */
static inline seL4_Word sel4_x64_enter_word(seL4_Syscall_ID number, seL4_Word argument)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(argument);
    sel4_x64_enter(number, &trap);
    return trap.rdi;
}

/*
 * The message words of the IPC buffer. Volatile, so that compilers move them one by one: joined in
 * vector registers they would make every thread that sends or receives a user of the FPU, which the
 * kernel then has to switch.
 */
static inline volatile seL4_Word *sel4_x64_message(void)
{
    return seL4_GetIPCBuffer()->msg;
}

/*
 * The first four message registers, from the IPC buffer; those beyond the message's length are not
 * read.
 */
static inline void sel4_x64_load_registers(struct sel4_x64_trap *trap)
{
    seL4_Word length = seL4_MessageInfo_get_length(trap->info);
    const volatile seL4_Word *message = length > 0 ? sel4_x64_message() : 0;
    for (seL4_Word i = 0; i < ABI_MESSAGE_REGISTERS; i++) {
        trap->mr[i] = i < length ? message[i] : sel4_x64_any_word();
    }
}

static inline void sel4_x64_store_registers(const struct sel4_x64_trap *trap)
{
    volatile seL4_Word *message = sel4_x64_message();
    for (int i = 0; i < ABI_MESSAGE_REGISTERS; i++) {
        message[i] = trap->mr[i];
    }
}

/*
 * Calls a method of a kernel object and returns its error code. The first four words are in
 * `trap->mr` on the way in and out, further ones in the IPC buffer. On an error the words that
 * explain it go to the IPC buffer too (contract 4.1 item 7), where seL4_GetMR finds them; a thread
 * that has no buffer just learns the code.
 */
static inline seL4_Error sel4_x64_invoke(struct sel4_x64_trap *trap, seL4_CPtr service,
                                         seL4_Word label, seL4_Word extra_caps, seL4_Word length)
{
    trap->rdi = service;
    trap->info = seL4_MessageInfo_new(label, 0, extra_caps, length);
    sel4_x64_enter(seL4_SysCall, trap);

    seL4_Error error = (seL4_Error)seL4_MessageInfo_get_label(trap->info);
    if (error != seL4_NoError && seL4_GetIPCBuffer()) {
        sel4_x64_store_registers(trap);
    }
    return error;
}

CMK_END_C

#endif
