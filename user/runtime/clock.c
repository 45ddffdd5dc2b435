/*
 * <cmk/timer.h>: the clock. Its thread owns the queue of timers; others ask it by a Call, so that
 * no lock is needed and threads of any CPU can. It waits for them and for its CPU's timer at once,
 * by the notification bound to it.
 */
#include "runtime.h"
#include "timer_queue.h"

#include <cmk/cluster.h>
#include <cmk/doorbell.h>
#include <cmk/resources.h>
#include <stdatomic.h>

#define TIMER_BADGE 1 /* of the bound notification; calls have 0 */

enum { CLOCK_START, CLOCK_STOP };

static struct {
    struct cmk_thread thread;
    seL4_CPtr endpoint;
    seL4_CPtr notification;
    seL4_CPtr handler;
    struct timer_queue queue;
    uint64_t armed;
    _Atomic bool runs; /* stored with release when all the above is there */
} the_clock = {.armed = CMK_TIMER_NEVER};

/* What cmk_sleep_until() waits on, one for each thread; 0: none could be made. */
static _Thread_local seL4_CPtr alarm;

void thread_set_alarm(seL4_CPtr notification)
{
    alarm = notification;
}

static uint64_t tsc_khz(void)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    return cluster ? cluster->tsc_khz : 0;
}

uint64_t cmk_from_nanoseconds(uint64_t nanoseconds)
{
    unsigned __int128 product = (unsigned __int128)nanoseconds * tsc_khz();
    unsigned __int128 units = (product + 999999) / 1000000;
    return units < CMK_TIMER_NEVER ? (uint64_t)units : CMK_TIMER_NEVER;
}

uint64_t cmk_to_nanoseconds(uint64_t units)
{
    if (tsc_khz() == 0) {
        return 0;
    }
    unsigned __int128 nanoseconds = (unsigned __int128)units * 1000000 / tsc_khz();
    return nanoseconds < CMK_TIMER_NEVER ? (uint64_t)nanoseconds : CMK_TIMER_NEVER;
}

uint64_t cmk_moment_in(uint64_t nanoseconds)
{
    uint64_t now = cmk_now();
    uint64_t units = cmk_from_nanoseconds(nanoseconds);
    return units < CMK_TIMER_NEVER - now ? now + units : CMK_TIMER_NEVER;
}

/* --- the thread --- */

/* The first moment after `now` on the timer's grid; the timer is not periodic if it would wrap. */
static void pass_missed(struct cmk_timer *timer, uint64_t now)
{
    uint64_t missed = (now - timer->moment) / timer->interval + 1;
    if (missed > (CMK_TIMER_NEVER - timer->moment) / timer->interval) {
        timer->moment = CMK_TIMER_NEVER;
    } else {
        timer->moment += missed * timer->interval;
    }
}

static void signal_due(void)
{
    uint64_t now = cmk_now();
    for (struct cmk_timer *timer = the_clock.queue.first; timer && timer->moment <= now;
         timer = the_clock.queue.first) {
        timer_queue_remove(&the_clock.queue, timer);
        seL4_CPtr notification = timer->notification;
        if (timer->interval != 0) {
            pass_missed(timer, now);
            timer_queue_add(&the_clock.queue, timer);
        }
        seL4_Signal(notification);
    }
}

/* A past moment interrupts at once, so nothing that came due meanwhile is missed. */
static void arm_for_first(void)
{
    const struct cmk_timer *first = the_clock.queue.first;
    uint64_t moment = first ? first->moment : CMK_TIMER_NEVER;
    if (moment != the_clock.armed) {
        the_clock.armed = moment;
        (void)cmk_Timer_Arm(the_clock.handler, moment);
    }
}

/* Asked by a thread of this program: MR0 is the timer. Answers whether it waited. */
static bool serve(seL4_Word label, struct cmk_timer *timer)
{
    bool waited = timer->waits;
    if (label == CLOCK_START) {
        timer_queue_add(&the_clock.queue, timer);
    } else if (waited) {
        timer_queue_remove(&the_clock.queue, timer);
    }
    return waited;
}

static void run_clock(void *argument)
{
    (void)argument;
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(the_clock.endpoint, &badge);
    for (;;) {
        if (badge == TIMER_BADGE) {
            the_clock.armed = CMK_TIMER_NEVER;
            signal_due();
            arm_for_first();
            info = seL4_Recv(the_clock.endpoint, &badge);
            continue;
        }
        bool waited = serve(seL4_MessageInfo_get_label(info), (struct cmk_timer *)seL4_GetMR(0));
        arm_for_first();
        seL4_SetMR(0, waited);
        info = seL4_ReplyRecv(the_clock.endpoint, seL4_MessageInfo_new(0, 0, 0, 1), &badge);
    }
}

/* --- for everybody --- */

static bool get_handler(seL4_Word cpu)
{
    const struct cmk_cluster *cluster = cmk_cluster();
    seL4_CPtr badged = cmk_alloc_slot();
    the_clock.handler = cmk_alloc_slot();
    return badged != 0 && the_clock.handler != 0 &&
           cmk_IPIControl_GetTimer(cluster->ipi_control, cpu, seL4_CapInitThreadCNode,
                                   the_clock.handler, seL4_WordBits) == seL4_NoError &&
           seL4_CNode_Mint(seL4_CapInitThreadCNode, badged, seL4_WordBits, seL4_CapInitThreadCNode,
                           the_clock.notification, seL4_WordBits, seL4_AllRights,
                           TIMER_BADGE) == seL4_NoError &&
           seL4_IRQHandler_SetNotification(the_clock.handler, badged) == seL4_NoError;
}

bool cmk_clock_start(seL4_Word cpu, seL4_Word priority)
{
    if (!cmk_cluster() || the_clock.endpoint != 0) {
        return false;
    }
    the_clock.endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    the_clock.notification = cmk_alloc_object(seL4_NotificationObject, 0);
    alarm = cmk_alloc_object(seL4_NotificationObject, 0);
    bool good =
        the_clock.endpoint != 0 && the_clock.notification != 0 && alarm != 0 && get_handler(cpu) &&
        cmk_create_thread(&the_clock.thread, cpu, priority, run_clock, NULL) &&
        seL4_TCB_BindNotification(the_clock.thread.tcb, the_clock.notification) == seL4_NoError;
    atomic_store_explicit(&the_clock.runs, good, memory_order_release);
    return good;
}

bool cmk_clock_runs(void)
{
    return atomic_load_explicit(&the_clock.runs, memory_order_acquire);
}

static bool ask(seL4_Word label, struct cmk_timer *timer)
{
    seL4_SetMR(0, (seL4_Word)timer);
    seL4_Call(the_clock.endpoint, seL4_MessageInfo_new(label, 0, 0, 1));
    return seL4_GetMR(0) != 0;
}

void cmk_timer_start(struct cmk_timer *timer, uint64_t moment, uint64_t interval,
                     seL4_CPtr notification)
{
    *timer = (struct cmk_timer){moment, interval, notification, NULL, NULL, NULL, false};
    (void)ask(CLOCK_START, timer);
}

bool cmk_timer_stop(struct cmk_timer *timer)
{
    return ask(CLOCK_STOP, timer);
}

void cmk_sleep_until(uint64_t moment)
{
    bool has_alarm = cmk_clock_runs() && alarm != 0;
    struct cmk_timer timer;
    if (has_alarm) {
        cmk_timer_start(&timer, moment, 0, alarm);
    }
    /* The clock's counter decides if this CPU's is behind it; and an old alarm may still be set. */
    for (unsigned looks = 0; cmk_now() < moment; looks++) {
        if (!has_alarm) {
            cmk_doorbell_relax(looks);
        } else if (__atomic_load_n(&timer.waits, __ATOMIC_ACQUIRE)) {
            seL4_Wait(alarm, NULL);
        } else {
            break;
        }
    }
    if (has_alarm) {
        (void)cmk_timer_stop(&timer);
    }
}

void cmk_sleep(uint64_t nanoseconds)
{
    cmk_sleep_until(cmk_moment_in(nanoseconds));
}
