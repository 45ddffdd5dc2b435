/* The PIT as the tests' timer. */
#include "pit.h"

struct pit pit;

struct reply get_io_apic(word slot, word ioapic, word pin, word level, word polarity, word vector)
{
    return invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_IOAPIC, ARGS(slot, DEPTH, ioapic, pin, level, polarity, vector),
                  CAPS(ROOT));
}

struct reply ack(word handler)
{
    return invoke(handler, IRQ_ACK, NO_ARGS, NO_CAPS);
}

struct reply set_notification(word handler, word notification)
{
    return invoke(handler, IRQ_SET_NOTIFICATION, NO_ARGS, CAPS(notification));
}

/* Channel 0, mode 0: the output goes low now and high when the count has run out. */
void start_pit(word count)
{
    CHECK_OK(invoke(pit.ports, IO_PORT_OUT8, ARGS(0x43, 0x30), NO_CAPS));
    CHECK_OK(invoke(pit.ports, IO_PORT_OUT8, ARGS(0x40, count & 0xff), NO_CAPS));
    CHECK_OK(invoke(pit.ports, IO_PORT_OUT8, ARGS(0x40, count >> 8), NO_CAPS));
}

void open_pit(word vector)
{
    pit.ports = new_slot();
    pit.handler = new_slot();
    pit.notification = new_notification();
    if (invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(0x40, 0x43, pit.ports, DEPTH),
               CAPS(ROOT)).label != seL4_NoError) {
        skip("this node owns no ports");
    }
    CHECK_OK(get_io_apic(pit.handler, 0, PIT_PIN, 0, 0, vector));
    CHECK_OK(set_notification(pit.handler, new_minted(pit.notification, WRITE, PIT_BADGE)));
    /* Firmware may have left it running. One shot of the longest count, 55 ms, leaves it quiet with its output high. */
    start_pit(0xffff);
    while (poll_for(pit.notification, 100) != 0) {
        CHECK_OK(ack(pit.handler));
    }
    CHECK_OK(ack(pit.handler));
}
