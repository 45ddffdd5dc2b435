/*
 * The system calls (contract 1.3).
 * Message registers are the IPC buffer's msg[]. The WithMRs forms take the first four in variables
 * instead and leave the first four words of the IPC buffer alone; a null pointer means "not wanted"
 * and, when sending, a word of zero.
 */
#ifndef SEL4_SYSCALLS_H
#define SEL4_SYSCALLS_H

#include <sel4/sel4_arch/trap.h>
#include <sel4/syscalls_debug.h>
#include <cmk/language.h>

CMK_BEGIN_C

static inline void sel4_x64_send(seL4_Syscall_ID number, seL4_CPtr dest, seL4_MessageInfo_t info)
{
    struct sel4_x64_trap trap = {.rdi = dest, .info = info};
    sel4_x64_load_registers(&trap);
    sel4_x64_enter(number, &trap);
}

static inline seL4_MessageInfo_t sel4_x64_receive(seL4_Syscall_ID number,
                                                  struct sel4_x64_trap *trap, seL4_Word *sender)
{
    sel4_x64_enter(number, trap);
    sel4_x64_store_registers(trap);
    if (sender) {
        *sender = trap->rdi;
    }
    return trap->info;
}

/* Waits until the message is taken. */
static inline void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_x64_send(seL4_SysSend, dest, msgInfo);
}

/* Sends only if somebody waits for it now. */
static inline void seL4_NBSend(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    sel4_x64_send(seL4_SysNBSend, dest, msgInfo);
}

static inline void seL4_Reply(seL4_MessageInfo_t msgInfo)
{
    sel4_x64_send(seL4_SysReply, 0, msgInfo);
}

static inline void seL4_Signal(seL4_CPtr dest)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(dest);
    trap.info = seL4_MessageInfo_new(0, 0, 0, 1);
    trap.mr[0] = 0; /* should it be an endpoint */
    sel4_x64_enter(seL4_SysSend, &trap);
}

static inline seL4_MessageInfo_t seL4_Recv(seL4_CPtr src, seL4_Word *sender)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(src);
    return sel4_x64_receive(seL4_SysRecv, &trap, sender);
}

/* As seL4_Recv if a message is there; otherwise *sender is 0 and nothing else can be relied on. */
static inline seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src, seL4_Word *sender)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(src);
    return sel4_x64_receive(seL4_SysNBRecv, &trap, sender);
}

/* Waits for a notification: *sender becomes its word. The same call as seL4_Recv (contract 1.1). */
static inline void seL4_Wait(seL4_CPtr src, seL4_Word *sender)
{
    (void)seL4_Recv(src, sender);
}

static inline seL4_MessageInfo_t seL4_Poll(seL4_CPtr src, seL4_Word *sender)
{
    return seL4_NBRecv(src, sender);
}

static inline seL4_MessageInfo_t seL4_Call(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    struct sel4_x64_trap trap = {.rdi = dest, .info = msgInfo};
    sel4_x64_load_registers(&trap);
    return sel4_x64_receive(seL4_SysCall, &trap, 0);
}

/* Answers the last call, then waits for a message on `src`. */
static inline seL4_MessageInfo_t seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                seL4_Word *sender)
{
    struct sel4_x64_trap trap = {.rdi = src, .info = msgInfo};
    sel4_x64_load_registers(&trap);
    return sel4_x64_receive(seL4_SysReplyRecv, &trap, sender);
}

static inline void seL4_Yield(void)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(0);
    sel4_x64_enter(seL4_SysYield, &trap);
}

/*
 * Sets the caller's FS base, where its thread-local variables are. A non-canonical address is
 * ignored.
 */
static inline void seL4_SetTLSBase(seL4_Word tls_base)
{
    (void)sel4_x64_enter_word(seL4_SysSetTLSBase, tls_base);
}

/* The forms with message registers in variables. */

static inline seL4_Word sel4_x64_word(seL4_MessageInfo_t info, int i, const seL4_Word *mr)
{
    if ((seL4_Word)i >= seL4_MessageInfo_get_length(info)) {
        return sel4_x64_any_word();
    }
    return mr ? *mr : 0;
}

/* For the message that trap->info describes. */
static inline void sel4_x64_take(struct sel4_x64_trap *trap, const seL4_Word *mr0,
                                 const seL4_Word *mr1, const seL4_Word *mr2, const seL4_Word *mr3)
{
    seL4_MessageInfo_t info = trap->info;
    trap->mr[0] = sel4_x64_word(info, 0, mr0);
    trap->mr[1] = sel4_x64_word(info, 1, mr1);
    trap->mr[2] = sel4_x64_word(info, 2, mr2);
    trap->mr[3] = sel4_x64_word(info, 3, mr3);
}

static inline void sel4_x64_give(const struct sel4_x64_trap *trap, seL4_Word *sender,
                                 seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    if (sender) {
        *sender = trap->rdi;
    }
    if (mr0) {
        *mr0 = trap->mr[0];
    }
    if (mr1) {
        *mr1 = trap->mr[1];
    }
    if (mr2) {
        *mr2 = trap->mr[2];
    }
    if (mr3) {
        *mr3 = trap->mr[3];
    }
}

static inline void sel4_x64_send_registers(seL4_Syscall_ID number, seL4_CPtr dest,
                                           seL4_MessageInfo_t info, const seL4_Word *mr0,
                                           const seL4_Word *mr1, const seL4_Word *mr2,
                                           const seL4_Word *mr3)
{
    struct sel4_x64_trap trap = {.rdi = dest, .info = info};
    sel4_x64_take(&trap, mr0, mr1, mr2, mr3);
    sel4_x64_enter(number, &trap);
}

static inline void seL4_SendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                    seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_x64_send_registers(seL4_SysSend, dest, msgInfo, mr0, mr1, mr2, mr3);
}

static inline void seL4_NBSendWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                                      seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_x64_send_registers(seL4_SysNBSend, dest, msgInfo, mr0, mr1, mr2, mr3);
}

static inline void seL4_ReplyWithMRs(seL4_MessageInfo_t msgInfo, seL4_Word *mr0, seL4_Word *mr1,
                                     seL4_Word *mr2, seL4_Word *mr3)
{
    sel4_x64_send_registers(seL4_SysReply, 0, msgInfo, mr0, mr1, mr2, mr3);
}

static inline seL4_MessageInfo_t seL4_RecvWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                                                  seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(src);
    sel4_x64_enter(seL4_SysRecv, &trap);
    sel4_x64_give(&trap, sender, mr0, mr1, mr2, mr3);
    return trap.info;
}

static inline seL4_MessageInfo_t seL4_NBRecvWithMRs(seL4_CPtr src, seL4_Word *sender,
                                                    seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                    seL4_Word *mr3)
{
    struct sel4_x64_trap trap = sel4_x64_wordless(src);
    sel4_x64_enter(seL4_SysNBRecv, &trap);
    sel4_x64_give(&trap, sender, mr0, mr1, mr2, mr3);
    return trap.info;
}

static inline seL4_MessageInfo_t seL4_CallWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                                                  seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
                                                  seL4_Word *mr3)
{
    struct sel4_x64_trap trap = {.rdi = dest, .info = msgInfo};
    sel4_x64_take(&trap, mr0, mr1, mr2, mr3);
    sel4_x64_enter(seL4_SysCall, &trap);
    sel4_x64_give(&trap, 0, mr0, mr1, mr2, mr3);
    return trap.info;
}

static inline seL4_MessageInfo_t seL4_ReplyRecvWithMRs(seL4_CPtr src, seL4_MessageInfo_t msgInfo,
                                                       seL4_Word *sender, seL4_Word *mr0,
                                                       seL4_Word *mr1, seL4_Word *mr2,
                                                       seL4_Word *mr3)
{
    struct sel4_x64_trap trap = {.rdi = src, .info = msgInfo};
    sel4_x64_take(&trap, mr0, mr1, mr2, mr3);
    sel4_x64_enter(seL4_SysReplyRecv, &trap);
    sel4_x64_give(&trap, sender, mr0, mr1, mr2, mr3);
    return trap.info;
}

CMK_END_C

#endif
