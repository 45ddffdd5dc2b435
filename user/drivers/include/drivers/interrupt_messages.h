/*
 * Interrupts as messages: a thread waits for a device's interrupt and sends a message over a
 * channel inside the program. So a driver waits for its device and for its clients in one place,
 * with cmk_channel_wait_any.
 */
#ifndef DRIVERS_INTERRUPT_MESSAGES_H
#define DRIVERS_INTERRUPT_MESSAGES_H

#include <cmk/channel.h>
#include <cmk/resources.h>
#include <cmk/language.h>

CMK_BEGIN_C

struct interrupt_messages {
    struct cmk_channel_end end; /* the driver's: has a message after an interrupt */
    /* The thread's. */
    struct cmk_channel_end sender;
    struct cmk_thread thread;
    seL4_CPtr handler, notification;
};

/*
 * Starts the thread for an IRQ handler. `bell` is what the driver sleeps on. False if something is
 * used up.
 */
bool interrupt_messages_start(struct interrupt_messages *messages, seL4_CPtr handler,
                              struct cmk_doorbell *bell);

/*
 * Takes all messages and acknowledges the interrupt. Then the driver looks at its device until
 * nothing is left to do: an interrupt that comes meanwhile makes a new message.
 */
void interrupt_messages_take(struct interrupt_messages *messages);

/*
 * Handlers for a message signalled interrupt, or a pin of the first IOAPIC (edge, active high); 0
 * if refused.
 */
seL4_CPtr interrupt_message_handler(seL4_Word vector);
seL4_CPtr interrupt_pin_handler(seL4_Word pin, seL4_Word vector);

CMK_END_C

#endif
