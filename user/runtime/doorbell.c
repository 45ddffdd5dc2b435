/* <cmk/doorbell.h>: notifications that IPIs reach, and the guardian. */
#include <cmk/cluster.h>
#include <cmk/doorbell.h>
#include <cmk/resources.h>
#include <cmk/timer.h>
#include <stdatomic.h>
#include <stdio.h>

#define STATUS_IRQ        ABI_CMK_IPI_IRQS
#define GUARDIAN_PRIORITY 255
#define STATUS_BADGE      1 /* the notification's; the fault endpoint's badge is FAULT_BADGE */
#define FAULT_BADGE       2
#define LOOKS_PER_YIELD   64

/* stored with release after the doorbell was made */
static _Atomic(struct cmk_doorbell *) first_doorbell;

static bool start_guardian_once(void)
{
    static bool running;
    running = running || cmk_guardian_start();
    return running;
}

/* The handler of an IPI irq, bound to a notification; 0 on an error. */
static seL4_CPtr bind_handler(seL4_Word irq, seL4_CPtr notification)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_CPtr slot = cmk_alloc_slot();
    if (!cluster || slot == 0) {
        return 0;
    }
    if (cmk_IPIControl_GetHandler(cluster->ipi_control, irq, seL4_CapInitThreadCNode, slot,
                                  seL4_WordBits) != seL4_NoError) {
        cmk_free_slot(slot);
        return 0;
    }
    return seL4_IRQHandler_SetNotification(slot, notification) == seL4_NoError ? slot : 0;
}

bool cmk_doorbell_create(struct cmk_doorbell *bell, seL4_Word irq)
{
    if (!start_guardian_once()) {
        return false;
    }
    bell->irq = irq;
    bell->notification = cmk_alloc_object(seL4_NotificationObject, 0);
    bell->handler = bell->notification ? bind_handler(irq, bell->notification) : 0;
    if (bell->handler == 0) {
        return false;
    }
    bell->next = atomic_load_explicit(&first_doorbell, memory_order_relaxed);
    atomic_store_explicit(&first_doorbell, bell, memory_order_release);
    return true;
}

seL4_CPtr cmk_doorbell_button(seL4_Word node, seL4_Word irq)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_CPtr slot = cmk_alloc_slot();
    if (!cluster || slot == 0) {
        return 0;
    }
    if (cmk_IPIControl_SendIPI(cluster->ipi_control, node, irq, seL4_CapInitThreadCNode, slot,
                               seL4_WordBits) != seL4_NoError) {
        cmk_free_slot(slot);
        return 0;
    }
    return slot;
}

void cmk_doorbell_ring(seL4_CPtr button)
{
    seL4_Signal(button);
}

/*
 * IPIs are not masked at their source, so the handler needs no acknowledgement before the next one.
 */
void cmk_doorbell_sleep(struct cmk_doorbell *bell)
{
    seL4_Wait(bell->notification, NULL);
    (void)seL4_IRQHandler_Ack(bell->handler);
}

void cmk_doorbell_sleep_until(struct cmk_doorbell *bell, uint64_t moment)
{
    if (moment == CMK_TIMER_NEVER) {
        cmk_doorbell_sleep(bell);
    } else if (cmk_clock_runs()) {
        struct cmk_timer timer;
        cmk_timer_start(&timer, moment, 0, bell->notification);
        cmk_doorbell_sleep(bell);
        (void)cmk_timer_stop(&timer);
    } else {
        seL4_Yield();
    }
}

void cmk_doorbell_relax(unsigned count)
{
    if (count % LOOKS_PER_YIELD == LOOKS_PER_YIELD - 1) {
        seL4_Yield();
    } else {
        __builtin_ia32_pause();
    }
}

/*
 * What the guardian waits on: faults of the initial thread, and through its bound notification irq
 * 15.
 */
static struct {
    struct cmk_thread thread;
    seL4_CPtr endpoint;
    seL4_CPtr notification;
    seL4_CPtr handler;
} guardian;

static void report_fault(seL4_MessageInfo_t info)
{
    printf("the program faulted (fault %lu at 0x%lx), the node ends\n",
           (unsigned long)seL4_MessageInfo_get_label(info), (unsigned long)seL4_GetMR(0));
    cmk_NodeControl_Exit(cmk_cluster()->node_control, CMK_FAULT_STATUS);
}

static void guard(void *argument)
{
    (void)argument;
    for (;;) {
        seL4_Word badge = 0;
        seL4_MessageInfo_t info = seL4_Recv(guardian.endpoint, &badge);
        if (badge == FAULT_BADGE) {
            report_fault(info);
        }
        for (struct cmk_doorbell *bell =
                 atomic_load_explicit(&first_doorbell, memory_order_acquire);
             bell; bell = bell->next) {
            seL4_Signal(bell->notification);
        }
        (void)seL4_IRQHandler_Ack(guardian.handler);
    }
}

/* A copy of the endpoint or notification with a badge; 0 on an error. */
static seL4_CPtr badged(seL4_CPtr capability, seL4_Word badge)
{
    seL4_CPtr slot = cmk_alloc_slot();
    return slot != 0 && seL4_CNode_Mint(seL4_CapInitThreadCNode, slot, seL4_WordBits,
                                        seL4_CapInitThreadCNode, capability, seL4_WordBits,
                                        seL4_AllRights, badge) == seL4_NoError
               ? slot
               : 0;
}

bool cmk_guardian_start(void)
{
    guardian.endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    guardian.notification = cmk_alloc_object(seL4_NotificationObject, 0);
    if (guardian.endpoint == 0 || guardian.notification == 0) {
        return false;
    }
    seL4_CPtr faults = badged(guardian.endpoint, FAULT_BADGE);
    seL4_CPtr status = badged(guardian.notification, STATUS_BADGE);
    guardian.handler = status ? bind_handler(STATUS_IRQ, status) : 0;
    return faults != 0 && guardian.handler != 0 &&
           cmk_create_thread(&guardian.thread, 0, GUARDIAN_PRIORITY, guard, NULL) &&
           seL4_TCB_BindNotification(guardian.thread.tcb, guardian.notification) == seL4_NoError &&
           seL4_TCB_SetSpace(seL4_CapInitThreadTCB, faults, seL4_CapInitThreadCNode, 0,
                             seL4_CapInitThreadVSpace, 0) == seL4_NoError;
}
