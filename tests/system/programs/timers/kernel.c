/* The kernel's timers: what they refuse, and when they interrupt. */
#include "timers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* MOST_LATE: instructions, which are the units on Bochs; a tick may come first. */
enum { PAST = 1000, PRECISION_ROUNDS = 200, MOST_LATE = 1500 };

static seL4_Error get(seL4_Word cpu, seL4_CNode root, seL4_CPtr slot, seL4_Uint8 depth)
{
    return cmk_IPIControl_GetTimer(cluster->ipi_control, cpu, root, slot, depth);
}

static bool is_range_error(seL4_Error error, seL4_Word low, seL4_Word high)
{
    return error == seL4_RangeError && seL4_GetMR(0) == low && seL4_GetMR(1) == high;
}

void test_refusals(void)
{
    seL4_CPtr slot = cmk_alloc_slot(), other = cmk_alloc_slot();
    check(is_range_error(get(cpus, ROOT, slot, seL4_WordBits), 0, cpus - 1) &&
              is_range_error(get(1ul << 32, ROOT, slot, seL4_WordBits), 0, cpus - 1) &&
              is_range_error(get(~0ul, ROOT, slot, seL4_WordBits), 0, cpus - 1),
          "CPUs-that-do-not-exist-are-refused-and-the-range-is-told");
    check(get(0, ROOT, seL4_CapInitThreadTCB, seL4_WordBits) == seL4_DeleteFirst &&
              is_range_error(get(0, ROOT, slot, 0), 1, seL4_WordBits) &&
              get(0, seL4_CapInitThreadTCB, slot, seL4_WordBits) == seL4_FailedLookup,
          "a-slot-that-is-occupied-or-none-is-refused");
    struct sel4_x64_trap trap = {.mr = {0, slot}};
    seL4_SetCap(0, ROOT);
    check(sel4_x64_invoke(&trap, cluster->ipi_control, CMKIPIControlGetTimer, 1, 2) ==
              seL4_TruncatedMessage,
          "a-message-that-is-too-short-is-refused");
    check(get(0, ROOT, slot, seL4_WordBits) == seL4_NoError &&
              get(0, ROOT, other, seL4_WordBits) == seL4_RevokeFirst,
          "a-timer-has-one-handler");
    trap = (struct sel4_x64_trap){.mr = {0}};
    check(sel4_x64_invoke(&trap, slot, CMKTimerArm, 0, 0) == seL4_TruncatedMessage &&
              cmk_Timer_Arm(slot, CMK_TIMER_NEVER) == seL4_NoError,
          "a-timer-is-armed-for-a-moment");
    check(cmk_IPIControl_GetHandler(cluster->ipi_control, 3, ROOT, other, seL4_WordBits) ==
                  seL4_NoError &&
              cmk_Timer_Arm(other, 0) == seL4_IllegalOperation &&
              cmk_Timer_Arm(cluster->ipi_control, 0) == seL4_IllegalOperation,
          "what-has-no-timer-is-not-armed");
    check(seL4_CNode_Delete(ROOT, slot, seL4_WordBits) == seL4_NoError &&
              seL4_CNode_Delete(ROOT, other, seL4_WordBits) == seL4_NoError &&
              get(0, ROOT, slot, seL4_WordBits) == seL4_NoError &&
              seL4_CNode_Delete(ROOT, slot, seL4_WordBits) == seL4_NoError,
          "once-it-is-deleted-there-can-be-another");
}

/* A handler of a CPU's timer that signals `notification`. */
static seL4_CPtr handler(seL4_Word cpu, seL4_CPtr notification)
{
    seL4_CPtr slot = cmk_alloc_slot();
    if (get(cpu, ROOT, slot, seL4_WordBits) != seL4_NoError ||
        seL4_IRQHandler_SetNotification(slot, notification) != seL4_NoError) {
        exit(2);
    }
    return slot;
}

static void release(seL4_CPtr slot)
{
    if (seL4_CNode_Delete(ROOT, slot, seL4_WordBits) != seL4_NoError) {
        exit(2);
    }
    cmk_free_slot(slot);
}

static seL4_Word poll(seL4_CPtr notification)
{
    seL4_Word badge = 0;
    seL4_Poll(notification, &badge);
    return badge;
}

/* Every CPU's timer, armed by this one, while that CPU idles: its ticks have stopped. */
void test_each_cpu(void)
{
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    bool good = true;
    for (seL4_Word cpu = 0; cpu < cpus; cpu++) {
        seL4_CPtr slot = handler(cpu, badged(notification, cpu + 1));
        for (unsigned i = 1; i <= 20; i++) {
            uint64_t moment = cmk_now() + microseconds(i * 500);
            good = good && cmk_Timer_Arm(slot, moment) == seL4_NoError;
            seL4_Word badge = 0;
            seL4_Wait(notification, &badge);
            good = good && badge == cpu + 1 && cmk_now() >= moment;
        }
        release(slot);
    }
    check(good, "each-CPU's-timer-interrupts-and-not-too-early");
}

static void spin_until(uint64_t moment)
{
    while (cmk_now() < moment) {
        __asm__ volatile("pause");
    }
}

static void test_past(seL4_CPtr slot, seL4_CPtr notification)
{
    for (unsigned i = 0; i < PAST; i++) {
        uint64_t past[] = {0, 1, cmk_now() - 1, cmk_now()};
        (void)cmk_Timer_Arm(slot, past[i % 4]);
        seL4_Wait(notification, NULL);
    }
    check(poll(notification) == 0, "past-moments-interrupt-at-once-and-once");
}

void test_arming(void)
{
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    seL4_CPtr badge = badged(notification, 1);
    for (seL4_Word cpu = 0; cpu<cpus; cpu += cpus> 1 ? cpus - 1 : 1) {
        seL4_CPtr slot = handler(cpu, badge);
        test_past(slot, notification);

        (void)cmk_Timer_Arm(slot, cmk_now() + microseconds(3600000000));
        (void)cmk_Timer_Arm(slot, cmk_now() + microseconds(500));
        seL4_Wait(notification, NULL);
        spin_until(cmk_now() + microseconds(10000));
        check(poll(notification) == 0, "the-last-arming-counts");

        (void)cmk_Timer_Arm(slot, cmk_now() + microseconds(2000));
        (void)cmk_Timer_Arm(slot, CMK_TIMER_NEVER);
        spin_until(cmk_now() + microseconds(10000));
        check(poll(notification) == 0, "never-ends-it");

        (void)cmk_Timer_Arm(slot, cmk_now() + microseconds(2000));
        release(slot);
        slot = handler(cpu, badge);
        spin_until(cmk_now() + microseconds(10000));
        check(poll(notification) == 0, "a-new-handler-does-not-get-what-the-last-one-armed");
        release(slot);
    }
}

static atomic_ulong rounds[2];
static _Atomic bool over;

static void count(void *argument)
{
    while (!over) {
        (*(atomic_ulong *)argument)++;
    }
}

/* Threads of equal priority on CPU 0: one arms past moments, one counts, this one waits. */
void test_share_beside_flood(void)
{
    static struct cmk_thread counter;
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    seL4_CPtr slot = handler(0, notification);
    if (!cmk_create_thread(&counter, 0, 255, count, &rounds[0])) {
        exit(2);
    }
    uint64_t start = cmk_now();
    for (uint64_t end = start + microseconds(100000); cmk_now() < end; rounds[1]++) {
        for (unsigned i = 0; i < 10; i++) {
            (void)cmk_Timer_Arm(slot, 0);
        }
    }
    uint64_t middle = cmk_now(), beside = rounds[0];
    (void)cmk_Timer_Arm(slot, CMK_TIMER_NEVER);
    spin_until(middle + (middle - start));
    uint64_t alone = (rounds[0] - beside) * (middle - start) / (cmk_now() - middle);
    over = true;
    printf("beside a loop of past moments %lu rounds, beside a loop of nothing %lu\n", beside,
           alone);
    check(rounds[1] > 0 && beside > alone / 10 * 9, "a-loop-of-past-moments-takes-its-own-time");
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

void measure_precision(void)
{
    static uint64_t late[PRECISION_ROUNDS];
    seL4_CPtr notification = cmk_alloc_object(seL4_NotificationObject, 0);
    seL4_CPtr slot = handler(0, notification);
    for (unsigned i = 0; i < PRECISION_ROUNDS; i++) {
        uint64_t moment = cmk_now() + microseconds(20 + i * 37 % 3000);
        (void)cmk_Timer_Arm(slot, moment);
        seL4_Wait(notification, NULL);
        late[i] = cmk_now() - moment;
    }
    qsort(late, PRECISION_ROUNDS, sizeof(late[0]), compare);
    printf("a waiting thread runs %lu to %lu units late, median %lu, at %lu kHz\n", late[0],
           late[PRECISION_ROUNDS - 1], late[PRECISION_ROUNDS / 2], cluster->tsc_khz);
    check(late[PRECISION_ROUNDS - 1] < MOST_LATE, "precision");
    release(slot);
}
