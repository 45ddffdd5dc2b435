/* <drivers/interrupt_messages.h> */
#include <drivers/interrupt_messages.h>

/* one message under way is enough: it stands for all interrupts since the last one taken */
#define LINES           2
#define THREAD_PRIORITY 255

static void forward(void *argument)
{
    struct interrupt_messages *messages = argument;
    for (;;) {
        seL4_Wait(messages->notification, NULL);
        /*
         * Without room a message is still to be taken, and the driver looks at the device after
         * that.
         */
        (void)cmk_channel_try_send(&messages->sender, 0, NULL, 0);
    }
}

/*
 * The thread rings the driver by signalling its notification, as an IPI would. It never sleeps on
 * the channel.
 */
static bool open_ends(struct interrupt_messages *messages, struct cmk_doorbell *bell)
{
    struct cmk_channel_config config = {.geometry = {.lines = LINES}, .side = 0, .bell = bell};
    void *memory = cmk_alloc_pages(1);
    if (!memory || !cmk_channel_open(&messages->end, memory, &config)) {
        return false;
    }
    config = (struct cmk_channel_config){
        .geometry = {.lines = LINES}, .side = 1, .button = bell->notification};
    return cmk_channel_open(&messages->sender, memory, &config);
}

bool interrupt_messages_start(struct interrupt_messages *messages, seL4_CPtr handler,
                              struct cmk_doorbell *bell)
{
    messages->handler = handler;
    messages->notification = cmk_alloc_object(seL4_NotificationObject, 0);
    return handler != 0 && messages->notification != 0 && open_ends(messages, bell) &&
           seL4_IRQHandler_SetNotification(handler, messages->notification) == seL4_NoError &&
           cmk_create_thread(&messages->thread, 0, THREAD_PRIORITY, forward, messages);
}

void interrupt_messages_take(struct interrupt_messages *messages)
{
    struct cmk_message message;
    char nothing;
    while (cmk_channel_try_receive(&messages->end, &message, &nothing, 0) == CMK_CHANNEL_OK) {
        /*
         * At most as many rounds as the ring has lines, unless interrupts come faster than they are
         * taken.
         */
    }
    (void)seL4_IRQHandler_Ack(messages->handler);
}

seL4_CPtr interrupt_message_handler(seL4_Word vector)
{
    seL4_CPtr slot = cmk_alloc_slot();
    return slot != 0 && seL4_IRQControl_GetMSI(seL4_CapIRQControl, seL4_CapInitThreadCNode, slot,
                                               seL4_WordBits, 0, 0, 0, 0, vector) == seL4_NoError
               ? slot
               : 0;
}

seL4_CPtr interrupt_pin_handler(seL4_Word pin, seL4_Word vector)
{
    seL4_CPtr slot = cmk_alloc_slot();
    return slot != 0 &&
                   seL4_IRQControl_GetIOAPIC(seL4_CapIRQControl, seL4_CapInitThreadCNode, slot,
                                             seL4_WordBits, 0, pin, 0, 0, vector) == seL4_NoError
               ? slot
               : 0;
}
