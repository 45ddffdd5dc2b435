/*
 * A device interrupt to a waiting user thread. The device is the HPET's timer 0, one shot, edge
 * triggered, on a pin of the IOAPIC. A thread of low priority stores the time all the while; what
 * it stored last is when it was interrupted, to within one round of three instructions.
 */
#include "node.h"

#include <drivers/hpet.h>

enum { VECTOR = 70, DELAY_NANOSECONDS = 20000 };

static struct samples samples;
static struct ordinary_calls ordinary;
static struct hpet hpet;
static seL4_CPtr notification;
static volatile uint32_t last_stamp;

static _Noreturn void spin(void)
{
    __asm__ volatile("1: rdtsc\n\t"
                     "movl %%eax, %0\n\t"
                     "jmp 1b"
                     : "=m"(last_stamp)
                     :
                     : "rax", "rdx");
    __builtin_unreachable();
}

static void driver(void)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        hpet_start(&hpet, DELAY_NANOSECONDS);
        seL4_Wait(notification, NULL);
        uint32_t end = stamp();
        samples.begin[i] = last_stamp;
        samples.end[i] = end;
    }
    counting_end(&ordinary);
}

void measure_interrupts(void)
{
    notification = new_notification();
    must(hpet_open(&hpet, VECTOR, notification), "this node has the HPET");
    start_thread((struct thread_options){.priority = HIGH}, driver);
    start_thread((struct thread_options){.priority = BELOW_MAIN, .vspace = other_vspace}, spin);
    run_threads();
    hpet_stop(&hpet);
    report("Device interrupt to a waiting user thread", &samples, ALL_ROUNDS, 1);
    report_ordinary("Device interrupt to a waiting user thread", 0, &ordinary,
                    CMK_COUNT_ORDINARY_INTERRUPT, ROUNDS);
}
