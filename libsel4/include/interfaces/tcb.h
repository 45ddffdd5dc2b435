/* Methods of threads (contract 4.5). */
#ifndef INTERFACES_TCB_H
#define INTERFACES_TCB_H

#include <sel4/invocation.h>
#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

/* The answer of SetFlags: what the flags now are. */
typedef struct seL4_TCB_SetFlags {
    int error;
    seL4_Word flags;
} seL4_TCB_SetFlags_t;

#define SEL4_USER_CONTEXT_WORDS (sizeof(seL4_UserContext) / sizeof(seL4_Word))

/*
 * Reads the first `count` registers, in the order of seL4_UserContext; the others of *regs keep
 * their values.
 */
static inline seL4_Error seL4_TCB_ReadRegisters(seL4_TCB _service, seL4_Bool suspend_source,
                                                seL4_Uint8 arch_flags, seL4_Word count,
                                                seL4_UserContext *regs)
{
    struct sel4_x64_trap trap = {.mr = {(suspend_source & 1) | (seL4_Word)arch_flags << 8, count}};
    seL4_Error error = sel4_x64_invoke(&trap, _service, TCBReadRegisters, 0, 2);
    if (error != seL4_NoError) {
        return error;
    }

    seL4_Word *words = (seL4_Word *)regs;
    seL4_Word length = seL4_MessageInfo_get_length(trap.info);
    for (seL4_Word i = 0; i < length && i < SEL4_USER_CONTEXT_WORDS; i++) {
        words[i] = i < ABI_MESSAGE_REGISTERS ? trap.mr[i] : seL4_GetMR((int)i);
    }
    return error;
}

/*
 * Sets the first `count` registers, and reads no others of *regs. A count above
 * SEL4_USER_CONTEXT_WORDS is seL4_TruncatedMessage.
 */
static inline seL4_Error seL4_TCB_WriteRegisters(seL4_TCB _service, seL4_Bool resume_target,
                                                 seL4_Uint8 arch_flags, seL4_Word count,
                                                 seL4_UserContext *regs)
{
    const seL4_Word *words = (const seL4_Word *)regs;
    seL4_Word sent = count < SEL4_USER_CONTEXT_WORDS ? count : SEL4_USER_CONTEXT_WORDS;
    struct sel4_x64_trap trap = {
        .mr = {(resume_target & 1) | (seL4_Word)arch_flags << 8, count, sent > 0 ? words[0] : 0,
               sent > 1 ? words[1] : 0},
    };
    for (seL4_Word i = 2; i < sent; i++) {
        seL4_SetMR((int)i + 2, words[i]);
    }
    return sel4_x64_invoke(&trap, _service, TCBWriteRegisters, 0, 2 + sent);
}

static inline seL4_Error seL4_TCB_CopyRegisters(seL4_TCB _service, seL4_TCB source,
                                                seL4_Bool suspend_source, seL4_Bool resume_target,
                                                seL4_Bool transfer_frame,
                                                seL4_Bool transfer_integer, seL4_Uint8 arch_flags)
{
    seL4_Word flags = (seL4_Word)(suspend_source & 1) | (seL4_Word)(resume_target & 1) << 1 |
                      (seL4_Word)(transfer_frame & 1) << 2 | (seL4_Word)(transfer_integer & 1) << 3;
    struct sel4_x64_trap trap = {.mr = {flags | (seL4_Word)arch_flags << 8}};
    seL4_SetCap(0, source);
    return sel4_x64_invoke(&trap, _service, TCBCopyRegisters, 1, 1);
}

static inline seL4_Error seL4_TCB_Configure(seL4_TCB _service, seL4_Word fault_ep,
                                            seL4_CNode cspace_root, seL4_Word cspace_root_data,
                                            seL4_CPtr vspace_root, seL4_Word vspace_root_data,
                                            seL4_Word buffer, seL4_CPtr bufferFrame)
{
    struct sel4_x64_trap trap = {.mr = {fault_ep, cspace_root_data, vspace_root_data, buffer}};
    seL4_SetCap(0, cspace_root);
    seL4_SetCap(1, vspace_root);
    seL4_SetCap(2, bufferFrame);
    return sel4_x64_invoke(&trap, _service, TCBConfigure, 3, 4);
}

/* `authority` is a thread whose maximum controlled priority bounds the new value. */
static inline seL4_Error seL4_TCB_SetPriority(seL4_TCB _service, seL4_CPtr authority,
                                              seL4_Word priority)
{
    struct sel4_x64_trap trap = {.mr = {priority}};
    seL4_SetCap(0, authority);
    return sel4_x64_invoke(&trap, _service, TCBSetPriority, 1, 1);
}

static inline seL4_Error seL4_TCB_SetMCPriority(seL4_TCB _service, seL4_CPtr authority,
                                                seL4_Word mcp)
{
    struct sel4_x64_trap trap = {.mr = {mcp}};
    seL4_SetCap(0, authority);
    return sel4_x64_invoke(&trap, _service, TCBSetMCPriority, 1, 1);
}

static inline seL4_Error seL4_TCB_SetSchedParams(seL4_TCB _service, seL4_CPtr authority,
                                                 seL4_Word mcp, seL4_Word priority)
{
    struct sel4_x64_trap trap = {.mr = {mcp, priority}};
    seL4_SetCap(0, authority);
    return sel4_x64_invoke(&trap, _service, TCBSetSchedParams, 1, 2);
}

static inline seL4_Error seL4_TCB_SetIPCBuffer(seL4_TCB _service, seL4_Word buffer,
                                               seL4_CPtr bufferFrame)
{
    struct sel4_x64_trap trap = {.mr = {buffer}};
    seL4_SetCap(0, bufferFrame);
    return sel4_x64_invoke(&trap, _service, TCBSetIPCBuffer, 1, 1);
}

static inline seL4_Error seL4_TCB_SetSpace(seL4_TCB _service, seL4_Word fault_ep,
                                           seL4_CNode cspace_root, seL4_Word cspace_root_data,
                                           seL4_CPtr vspace_root, seL4_Word vspace_root_data)
{
    struct sel4_x64_trap trap = {.mr = {fault_ep, cspace_root_data, vspace_root_data}};
    seL4_SetCap(0, cspace_root);
    seL4_SetCap(1, vspace_root);
    return sel4_x64_invoke(&trap, _service, TCBSetSpace, 2, 3);
}

static inline seL4_Error seL4_TCB_Suspend(seL4_TCB _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, TCBSuspend, 0, 0);
}

static inline seL4_Error seL4_TCB_Resume(seL4_TCB _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, TCBResume, 0, 0);
}

static inline seL4_Error seL4_TCB_BindNotification(seL4_TCB _service, seL4_CPtr notification)
{
    struct sel4_x64_trap trap = {0};
    seL4_SetCap(0, notification);
    return sel4_x64_invoke(&trap, _service, TCBBindNotification, 1, 0);
}

static inline seL4_Error seL4_TCB_UnbindNotification(seL4_TCB _service)
{
    struct sel4_x64_trap trap = {0};
    return sel4_x64_invoke(&trap, _service, TCBUnbindNotification, 0, 0);
}

#ifdef CONFIG_ENABLE_SMP_SUPPORT
static inline seL4_Error seL4_TCB_SetAffinity(seL4_TCB _service, seL4_Word affinity)
{
    struct sel4_x64_trap trap = {.mr = {affinity}};
    return sel4_x64_invoke(&trap, _service, TCBSetAffinity, 0, 1);
}
#endif

static inline seL4_Error seL4_TCB_SetTLSBase(seL4_TCB _service, seL4_Word tls_base)
{
    struct sel4_x64_trap trap = {.mr = {tls_base}};
    return sel4_x64_invoke(&trap, _service, TCBSetTLSBase, 0, 1);
}

static inline seL4_TCB_SetFlags_t seL4_TCB_SetFlags(seL4_TCB _service, seL4_Word clear,
                                                    seL4_Word set)
{
    struct sel4_x64_trap trap = {.mr = {clear, set}};
    seL4_TCB_SetFlags_t result = {.error =
                                      (int)sel4_x64_invoke(&trap, _service, TCBSetFlags, 0, 2)};
    result.flags = trap.mr[0];
    return result;
}

CMK_END_C

#endif
