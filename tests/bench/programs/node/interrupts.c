/*
 * A device interrupt to a waiting user thread. The device is the HPET's timer 0, one shot, edge triggered, on a pin of
 * the IOAPIC. A thread of low priority stores the time all the while; what it stored last is when it was interrupted,
 * to within one round of three instructions.
 */
#include "node.h"

#include <cmk/resources.h>
#include <drivers/device_memory.h>
#include <drivers/interrupt_messages.h>
#include <stdio.h>

#define HPET_ADDRESS 0xfed00000ul
enum { HPET_BYTES = 1024, VECTOR = 70, DELAY_NANOSECONDS = 20000 };
enum { FEMTOSECONDS_PER_NANOSECOND = 1000000 };

/* Registers, in words of 64 bits (IA-PC HPET specification 1.0a, 2.3). */
enum { CAPABILITIES = 0, CONFIGURATION = 2, COUNTER = 30, TIMER0 = 32, COMPARATOR0 = 33 };
enum { ENABLE = 1, TIMER_INTERRUPT_ENABLE = 1 << 2, TIMER_ROUTE_SHIFT = 9, PINS_SHIFT = 32, PINS = 0xffffff };

static struct samples samples;
static struct ordinary_calls ordinary;
static volatile uint64_t *hpet;
static seL4_CPtr handler, notification;
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
    uint64_t delay = DELAY_NANOSECONDS * (uint64_t)FEMTOSECONDS_PER_NANOSECOND / (hpet[CAPABILITIES] >> 32);
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        if (i == WARM_UP) {
            counting_begin(&ordinary);
        }
        OK(seL4_IRQHandler_Ack(handler));
        hpet[COMPARATOR0] = hpet[COUNTER] + delay;
        seL4_Wait(notification, NULL);
        uint32_t end = stamp();
        samples.begin[i] = last_stamp;
        samples.end[i] = end;
    }
    counting_end(&ordinary);
}

/* The highest pin that the timer reaches: the low ones belong to the old devices. */
static unsigned timer_pin(void)
{
    uint64_t pins = hpet[TIMER0] >> PINS_SHIFT & PINS;
    must(pins != 0, "the HPET reaches a pin of the IOAPIC");
    return 63 - (unsigned)__builtin_clzl(pins);
}

void measure_interrupts(void)
{
    hpet = device_map(HPET_ADDRESS, HPET_BYTES);
    must(hpet && hpet[CAPABILITIES] != UINT64_MAX, "this node has the HPET");
    unsigned pin = timer_pin();
    handler = interrupt_pin_handler(pin, VECTOR);
    notification = new_notification();
    must(handler != 0, "the pin's interrupt");
    OK(seL4_IRQHandler_SetNotification(handler, notification));
    hpet[TIMER0] = (uint64_t)pin << TIMER_ROUTE_SHIFT | TIMER_INTERRUPT_ENABLE;
    hpet[CONFIGURATION] = ENABLE;
    start_thread((struct thread_options){.priority = HIGH}, driver);
    start_thread((struct thread_options){.priority = BELOW_MAIN, .vspace = other_vspace}, spin);
    run_threads();
    hpet[TIMER0] = 0;
    hpet[CONFIGURATION] = 0;
    OK(seL4_IRQHandler_Clear(handler));
    report("Device interrupt to a waiting user thread", &samples, ALL_ROUNDS, 1);
    report_ordinary("Device interrupt to a waiting user thread", 0, &ordinary, CMK_COUNT_ORDINARY_INTERRUPT, ROUNDS);
}
