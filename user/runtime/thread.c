/* <cmk/resources.h>: threads. */
#include "runtime.h"

#include <cmk/resources.h>

/*
 * The new thread's first function. Its thread-local data is in place; the runtime's variable in it
 * is not yet set.
 */
static _Noreturn void thread_main(void (*entry)(void *), void *argument, seL4_IPCBuffer *ipc_buffer,
                                  seL4_CPtr tcb, seL4_CPtr alarm)
{
    seL4_SetIPCBuffer(ipc_buffer);
    thread_set_alarm(alarm);
    entry(argument);
    for (;;) {
        (void)seL4_TCB_Suspend(tcb);
    }
}

/* A frame for the IPC buffer, mapped; it must have a capability of its own for the TCB. */
static bool make_ipc_buffer(struct cmk_thread *thread)
{
    thread->ipc_buffer_frame = cmk_alloc_object(seL4_X86_4K, 0);
    if (thread->ipc_buffer_frame == 0) {
        return false;
    }
    thread->ipc_buffer = cmk_map_frames(thread->ipc_buffer_frame, 1, seL4_PageBits, seL4_ReadWrite,
                                        seL4_X86_Default_VMAttributes);
    return thread->ipc_buffer != NULL;
}

static seL4_UserContext first_registers(const struct cmk_thread *thread, void (*entry)(void *),
                                        void *argument, void *tls)
{
    seL4_Word stack_top =
        (seL4_Word)thread->stack + CMK_THREAD_STACK_PAGES * LIBSEL4_BIT(seL4_PageBits);
    return (seL4_UserContext){
        .rip = (seL4_Word)thread_main,
        .rsp = stack_top - sizeof(seL4_Word), /* as if a call had just pushed its return address */
        .rdi = (seL4_Word)entry,
        .rsi = (seL4_Word)argument,
        .rdx = (seL4_Word)thread->ipc_buffer,
        .rcx = thread->tcb,
        .r8 = thread->alarm,
        .fs_base = tls_block_init(tls),
    };
}

bool cmk_create_thread(struct cmk_thread *thread, seL4_Word cpu, seL4_Word priority,
                       void (*entry)(void *), void *argument)
{
    return cmk_create_thread_with_faults_to(0, thread, cpu, priority, entry, argument);
}

/* Programs of profiles for one CPU have no call for it, and no other CPU. */
static bool place(seL4_CPtr tcb, seL4_Word cpu)
{
#ifdef CONFIG_ENABLE_SMP_SUPPORT
    return seL4_TCB_SetAffinity(tcb, cpu) == seL4_NoError;
#else
    (void)tcb;
    return cpu == 0;
#endif
}

bool cmk_create_thread_with_faults_to(seL4_CPtr fault_endpoint, struct cmk_thread *thread,
                                      seL4_Word cpu, seL4_Word priority, void (*entry)(void *),
                                      void *argument)
{
    seL4_Word page = LIBSEL4_BIT(seL4_PageBits);
    thread->tcb = cmk_alloc_object(seL4_TCBObject, 0);
    thread->alarm = cmk_alloc_object(seL4_NotificationObject, 0);
    thread->stack = cmk_alloc_pages(CMK_THREAD_STACK_PAGES);
    void *tls = cmk_alloc_pages((tls_block_bytes() + page - 1) / page);
    if (thread->tcb == 0 || thread->alarm == 0 || !thread->stack || !tls ||
        !make_ipc_buffer(thread)) {
        return false;
    }
    seL4_UserContext registers = first_registers(thread, entry, argument, tls);
    return seL4_TCB_Configure(thread->tcb, fault_endpoint, seL4_CapInitThreadCNode, 0,
                              seL4_CapInitThreadVSpace, 0, (seL4_Word)thread->ipc_buffer,
                              thread->ipc_buffer_frame) == seL4_NoError &&
           seL4_TCB_SetPriority(thread->tcb, seL4_CapInitThreadTCB, priority) == seL4_NoError &&
           place(thread->tcb, cpu) &&
           seL4_TCB_WriteRegisters(thread->tcb, true, 0, sizeof(registers) / sizeof(seL4_Word),
                                   &registers) == seL4_NoError;
}
