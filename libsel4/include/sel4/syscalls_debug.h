/*
 * Debug system calls (contract 1.4). All but DebugPutChar exist in debug kernels only; see
 * <sel4/gen_config.h>.
 */
#ifndef SEL4_SYSCALLS_DEBUG_H
#define SEL4_SYSCALLS_DEBUG_H

#include <sel4/sel4_arch/trap.h>
#include <cmk/language.h>

CMK_BEGIN_C

#ifdef CONFIG_PRINTING

static inline void seL4_DebugPutChar(char c)
{
    (void)sel4_x64_enter_word(seL4_SysDebugPutChar, (unsigned char)c);
}

static inline void seL4_DebugPutString(const char *text)
{
    for (const char *c = text; *c; c++) {
        seL4_DebugPutChar(*c);
    }
}

static inline void seL4_DebugDumpScheduler(void)
{
    (void)sel4_x64_enter_word(seL4_SysDebugDumpScheduler, 0);
}

#endif

#ifdef CONFIG_DEBUG_BUILD

/* Stops the calling node for good. */
static inline void seL4_DebugHalt(void)
{
    (void)sel4_x64_enter_word(seL4_SysDebugHalt, 0);
}

static inline void seL4_DebugSnapshot(void)
{
    (void)sel4_x64_enter_word(seL4_SysDebugSnapshot, 0);
}

/* The type tag of a capability (contract 1.5); 0 if there is none. */
static inline seL4_Uint32 seL4_DebugCapIdentify(seL4_CPtr cap)
{
    return (seL4_Uint32)sel4_x64_enter_word(seL4_SysDebugCapIdentify, cap);
}

/*
 * Names a thread in the kernel's diagnostics. The name travels in the message words; what does not
 * fit is cut off.
 */
static inline void seL4_DebugNameThread(seL4_CPtr tcb, const char *name)
{
    char *text = (char *)seL4_GetIPCBuffer()->msg;
    seL4_Word length = 0;
    while (name[length] && length < seL4_MsgMaxLength * sizeof(seL4_Word) - 1) {
        text[length] = name[length];
        length++;
    }
    text[length] = '\0';
    (void)sel4_x64_enter_word(seL4_SysDebugNameThread, tcb);
}

#ifdef CONFIG_ENABLE_SMP_SUPPORT

/* Not supported on x86: the kernel prints a line. */
static inline void seL4_DebugSendIPI(seL4_Uint8 target, unsigned irq)
{
    struct sel4_x64_trap trap = {.rdi = target, .info = {{irq}}};
    sel4_x64_enter(seL4_SysDebugSendIPI, &trap);
}

static inline seL4_Word seL4_DebugGetThreadAffinity(seL4_CPtr tcb)
{
    return sel4_x64_enter_word(seL4_SysDebugGetThreadAffinity, tcb);
}

#endif
#endif

CMK_END_C

#endif
