/* The PIT as the tests' timer. */
#include "pit.h"

struct pit pit;

struct reply get_io_apic(word slot, word ioapic, word pin, word level, word polarity, word vector)
{
    return invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_IOAPIC,
                  ARGS(slot, DEPTH, ioapic, pin, level, polarity, vector), CAPS(ROOT));
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

void wait_for_pit(void)
{
    enum { READ_BACK_STATUS = 0xe2, OUTPUT_HIGH = 0x80 };
    word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();
    word status = 0;

    while (!(status & OUTPUT_HIGH) && time_stamp() < end) {
        invoke(pit.ports, IO_PORT_OUT8, ARGS(0x43, READ_BACK_STATUS), NO_CAPS);
        status = invoke(pit.ports, IO_PORT_IN8, ARGS(0x40), NO_CAPS).mr[0];
    }
    CHECK(status & OUTPUT_HIGH);
}

void open_pit(word vector)
{
    pit.ports = new_slot();
    pit.handler = new_slot();
    pit.notification = new_notification();
    if (invoke(seL4_CapIOPortControl, IO_PORT_CONTROL_ISSUE, ARGS(0x40, 0x43, pit.ports, DEPTH),
               CAPS(ROOT))
            .label != seL4_NoError) {
        skip("this node owns no ports");
    }
    CHECK_OK(get_io_apic(pit.handler, 0, PIT_PIN, 0, 0, vector));
    CHECK_OK(set_notification(pit.handler, new_minted(pit.notification, WRITE, PIT_BADGE)));
    /* Firmware may have left it running. One shot leaves it quiet with its output high. */
    start_pit(2000);
    wait_for_pit();
    while (poll_for(pit.notification, 50) != 0) {
        CHECK_OK(ack(pit.handler));
    }
    CHECK_OK(ack(pit.handler));
}
