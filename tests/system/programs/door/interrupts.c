/* A device that interrupts CPU 0 while the others want the lock. */
#include "door.h"

#include <cmk/resources.h>
#include <drivers/hpet.h>

enum { VECTOR = 70, DELAY_NANOSECONDS = 30000 };

static struct hpet timer;
static seL4_CPtr interrupts, finished;
static unsigned wanted;

WITHOUT_FPU static void driver(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < wanted; i++) {
        hpet_start(&timer, DELAY_NANOSECONDS);
        seL4_Wait(interrupts, NULL);
    }
    hpet_stop(&timer);
    seL4_Signal(finished);
}

unsigned take_interrupts(unsigned count, seL4_Word priority)
{
    static struct cmk_thread thread;
    interrupts = cmk_alloc_object(seL4_NotificationObject, 0);
    finished = cmk_alloc_object(seL4_NotificationObject, 0);
    wanted = count;
    if (!hpet_open(&timer, VECTOR, interrupts) ||
        !cmk_create_thread(&thread, 0, priority, driver, NULL)) {
        return 0;
    }
    seL4_Wait(finished, NULL);
    return count;
}
