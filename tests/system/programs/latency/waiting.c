/* Objects for which many threads wait. */
#include "latency.h"
#include <cmk/resources.h>
#include <stdio.h>

enum { WAITERS = 2000, WAITERS_UNTYPED_BITS = 22, WAITER_PRIORITY = 254, LOW = 1 };

/* Where waiters begin: the system call that their registers say, once. */
void waiter_code(void);
__asm__(
    ".pushsection .text; .globl waiter_code; waiter_code: syscall; 1: pause; jmp 1b; .popsection");

static seL4_CPtr waiters, waiters_untyped;

/*
 * 2000 threads in the same system call; they are not important enough to run when they are let go.
 */
static void start_waiters(seL4_Word syscall, seL4_CPtr object)
{
    seL4_CPtr first = waiters;
    if (first == 0) {
        waiters = first =
            new_objects(&waiters_untyped, WAITERS_UNTYPED_BITS, seL4_TCBObject, 0, WAITERS);
    } else {
        for (seL4_Word done = 0; done < WAITERS; done += FAN_OUT) {
            OK(seL4_Untyped_Retype(waiters_untyped, seL4_TCBObject, 0, ROOT, 0, 0, first + done,
                                   WAITERS - done < FAN_OUT ? WAITERS - done : FAN_OUT));
        }
    }
    seL4_UserContext registers = {
        .rip = (seL4_Word)waiter_code,
        .rdx = syscall,
        .rdi = object,
        .rsi = 0,
        .rflags = 0x202,
    };
    set_own_priority(WAITER_PRIORITY - 1);
    for (seL4_Word i = 0; i < WAITERS; i++) {
        OK(seL4_TCB_Configure(first + i, 0, ROOT, 0, seL4_CapInitThreadVSpace, 0, 0, ROOT));
        OK(seL4_TCB_SetPriority(first + i, seL4_CapInitThreadTCB, WAITER_PRIORITY));
        OK(seL4_TCB_WriteRegisters(first + i, true, 0, sizeof(registers) / sizeof(seL4_Word),
                                   &registers));
        OK(seL4_TCB_SetPriority(first + i, seL4_CapInitThreadTCB, LOW));
    }
    set_own_priority(255);
}

static void end_waiters(void)
{
    begin();
    revoke(waiters_untyped);
    end("delete 2000 threads");
}

static seL4_CPtr mint(seL4_CPtr endpoint, seL4_Word badge)
{
    seL4_CPtr slot = cmk_alloc_slot();
    OK(seL4_CNode_Mint(ROOT, slot, DEPTH, ROOT, endpoint, DEPTH, seL4_AllRights, badge));
    return slot;
}

static void endpoints(void)
{
    seL4_CPtr endpoint = new_object(seL4_EndpointObject, 0);
    start_waiters((seL4_Word)seL4_SysRecv, endpoint);
    begin();
    delete (endpoint);
    end("delete an endpoint with 2000 receivers");
    end_waiters();
}

static void badges(void)
{
    seL4_CPtr endpoint = new_object(seL4_EndpointObject, 0);
    seL4_CPtr badged = mint(endpoint, 1), other = mint(endpoint, 2);
    start_waiters((seL4_Word)seL4_SysSend, badged);
    begin();
    OK(seL4_CNode_CancelBadgedSends(ROOT, other, DEPTH));
    end("cancel a badge behind 2000 other senders");
    begin();
    OK(seL4_CNode_CancelBadgedSends(ROOT, badged, DEPTH));
    end("cancel a badge of 2000 senders");
    end_waiters();
}

static void notifications(void)
{
    seL4_CPtr notification = new_object(seL4_NotificationObject, 0);
    start_waiters((seL4_Word)seL4_SysRecv, notification);
    begin();
    seL4_Signal(notification);
    end("signal one of 2000");
    begin();
    delete (notification);
    end("delete a notification with 1999 waiters");
    end_waiters();
}

/* The handler has the last capability. */
static void interrupts(void)
{
    seL4_CPtr notification = new_object(seL4_NotificationObject, 0), handler = cmk_alloc_slot();
    for (unsigned round = 0; round < 2; round++) {
        if (round > 0) {
            OK(cmk_retype(seL4_NotificationObject, 0, 1, notification));
        }
        OK(seL4_IRQControl_GetMSI(seL4_CapIRQControl, ROOT, handler, DEPTH, 0, 0, 0, 0, 90));
        OK(seL4_IRQHandler_SetNotification(handler, notification));
        start_waiters((seL4_Word)seL4_SysRecv, notification);
        delete (notification);
        begin();
        if (round == 0) {
            OK(seL4_IRQHandler_Clear(handler));
            end("clear a handler's notification with 2000 waiters");
        }
        delete (handler);
        end("delete a handler, its notification with 2000 waiters");
        end_waiters();
    }
}

void measure_waiting(void)
{
    endpoints();
    badges();
    notifications();
    interrupts();
}
