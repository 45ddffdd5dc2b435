/*
 * Interrupts: control and handler capabilities, IOAPIC pins with the PIT and the HPET, MSI
 * (contract 4.7, 10).
 */
#include "pit.h"

enum { LAST_VECTOR = 107 };

static struct reply get_msi(word slot, word bus, word device, word function, word handle,
                            word vector)
{
    return invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_MSI,
                  ARGS(slot, DEPTH, bus, device, function, handle, vector), CAPS(ROOT));
}

static struct reply clear_notification(word handler)
{
    return invoke(handler, IRQ_CLEAR_NOTIFICATION, NO_ARGS, NO_CAPS);
}

static word msi_handler(word vector)
{
    word slot = new_slot();

    REQUIRE(get_msi(slot, 0, 0, 0, 0, vector).label == seL4_NoError);
    return slot;
}

/* ---- Control ---- */

static void legacy_control(void)
{
    /* The old method is not for machines with an IOAPIC. */
    word slot = new_slot();

    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER, ARGS(5, slot), CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER, ARGS(5, slot, DEPTH), NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER, ARGS(5, slot, DEPTH), CAPS(ROOT)),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER, ARGS(99, slot, DEPTH), CAPS(ROOT)),
                seL4_IllegalOperation);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ACK, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(seL4_CapIRQControl, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS),
                seL4_IllegalOperation);
}

static void msi_errors(void)
{
    word slot = new_slot();
    word held = msi_handler(40);

    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_MSI, ARGS(slot, DEPTH, 0, 0, 0, 0),
                       CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_MSI, ARGS(slot, DEPTH, 0, 0, 0, 0, 1),
                       NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(get_msi(slot, 0, 0, 0, 0, LAST_VECTOR + 1), seL4_RangeError, 0, LAST_VECTOR);
    CHECK_REPLY(get_msi(slot, 0, 0, 0, 0, ~0ul), seL4_RangeError, 0, LAST_VECTOR);
    CHECK_REPLY(get_msi(slot, 0, 0, 0, 0, 40), seL4_RevokeFirst);
    CHECK_REPLY(get_msi(held, 256, 32, 8, 0, 41), seL4_DeleteFirst);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_MSI, ARGS(slot, 0, 256, 0, 0, 0, 41),
                       CAPS(ROOT)),
                seL4_RangeError, 1, 64);
    CHECK_REPLY(get_msi(slot, 256, 32, 8, 0, 41), seL4_RangeError, 0, 255);
    CHECK_REPLY(get_msi(slot, 255, 32, 8, 0, 41), seL4_RangeError, 0, 31);
    CHECK_REPLY(get_msi(slot, 255, 31, 8, 0, 41), seL4_RangeError, 0, 7);
    CHECK_OK(get_msi(slot, 255, 31, 7, ~0ul, 41));
    CHECK_TAG(slot, TAG_IRQ_HANDLER);
}

static void all_vectors(void)
{
    word slots = new_slots(LAST_VECTOR + 1);
    word taken = 0;

    for (word vector = 0; vector <= LAST_VECTOR; vector++) {
        taken += get_msi(slots + vector, 0, 0, 0, 0, vector).label == seL4_NoError;
    }
    CHECK_EQUAL(taken, LAST_VECTOR + 1);
    /* Revoking the control capability takes them all, and frees the vectors. */
    CHECK_OK(revoke_cap(seL4_CapIRQControl));
    for (word vector = 0; vector <= LAST_VECTOR; vector++) {
        taken -= slot_is_empty(slots + vector);
    }
    CHECK_EQUAL(taken, 0);
    CHECK_OK(get_msi(slots, 0, 0, 0, 0, 55));
}

static void vector_is_freed(void)
{
    word handler = msi_handler(10);
    word copy = new_copy(handler, ALL_RIGHTS);
    word slot = new_slot();

    CHECK_OK(delete_cap(handler));
    CHECK_REPLY(get_msi(slot, 0, 0, 0, 0, 10), seL4_RevokeFirst);
    CHECK_OK(ack(copy));
    CHECK_OK(delete_cap(copy));
    CHECK_OK(get_msi(slot, 0, 0, 0, 0, 10));
    /* The issued capability is an original: it is parent of its copies. */
    copy = new_copy(slot, ALL_RIGHTS);
    CHECK_OK(revoke_cap(slot));
    CHECK_TAG(copy, TAG_NULL);
    CHECK_TAG(slot, TAG_IRQ_HANDLER);
}

static void io_apic_errors(void)
{
    word slot = new_slot();
    word held = msi_handler(40);
    struct reply reply = get_io_apic(slot, 1000, 0, 0, 0, 50);

    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_IOAPIC, ARGS(slot, DEPTH, 0, 0, 0, 0),
                       CAPS(ROOT)),
                seL4_TruncatedMessage);
    CHECK_REPLY(invoke(seL4_CapIRQControl, IRQ_ISSUE_HANDLER_IOAPIC,
                       ARGS(slot, DEPTH, 0, 0, 0, 0, 1), NO_CAPS),
                seL4_TruncatedMessage);
    CHECK_REPLY(get_io_apic(slot, 1000, 1000, 2, 2, LAST_VECTOR + 1), seL4_RangeError, 0,
                LAST_VECTOR);
    CHECK_REPLY(get_io_apic(slot, 1000, 1000, 2, 2, 40), seL4_RevokeFirst);
    CHECK_REPLY(get_io_apic(held, 1000, 1000, 2, 2, 50), seL4_DeleteFirst);
    if (reply.label == seL4_IllegalOperation) {
        skip("this node owns no IOAPIC");
    }
    CHECK_REPLY(reply, seL4_RangeError, 0, reply.mr[1]);
    CHECK(reply.mr[1] < 16);
    reply = get_io_apic(slot, 0, 1000, 2, 2, 50);
    CHECK_REPLY(reply, seL4_RangeError, 0, reply.mr[1]);
    CHECK(reply.mr[1] >= 15 && reply.mr[1] < 240);
    CHECK_REPLY(get_io_apic(slot, 0, 5, 2, 2, 50), seL4_RangeError, 0, 1);
    CHECK_REPLY(get_io_apic(slot, 0, 5, 1, 2, 50), seL4_RangeError, 0, 1);
    CHECK_REPLY(get_io_apic(slot, 0, 5, ~0ul, 0, 50), seL4_RangeError, 0, 1);
    CHECK_OK(get_io_apic(slot, 0, 5, 1, 1, 50));
    CHECK_TAG(slot, TAG_IRQ_HANDLER);
    /* Both kinds of handler share the vectors. */
    CHECK_REPLY(get_msi(new_slot(), 0, 0, 0, 0, 50), seL4_RevokeFirst);
}

/* ---- Handler ---- */

static void handler_errors(void)
{
    word handler = msi_handler(60);
    word notification = new_notification();

    CHECK_REPLY(invoke(handler, IRQ_SET_NOTIFICATION, NO_ARGS, NO_CAPS), seL4_TruncatedMessage);
    CHECK_REPLY(set_notification(handler, new_endpoint()), seL4_InvalidCapability, 0);
    CHECK_REPLY(set_notification(handler, new_slot()), seL4_InvalidCapability, 0);
    CHECK_REPLY(set_notification(handler, new_copy(notification, READ)), seL4_InvalidCapability, 0);
    CHECK_OK(set_notification(handler, new_copy(notification, WRITE)));
    CHECK_OK(set_notification(handler, new_minted(notification, WRITE, 5)));
    CHECK_OK(clear_notification(handler));
    CHECK_OK(clear_notification(handler));
    CHECK_OK(ack(handler));
    CHECK_REPLY(invoke(handler, IRQ_ISSUE_HANDLER, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(handler, FIRST_UNUSED_LABEL, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
    CHECK_REPLY(invoke(handler, 0, NO_ARGS, NO_CAPS), seL4_IllegalOperation);
}

static void handler_holds_a_copy(void)
{
    /* The stored capability counts: the notification lives until the handler lets go of it. */
    word untyped = new_untyped(5);
    word notification = new_slot();
    word handler = msi_handler(61);

    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
    CHECK_OK(set_notification(handler, notification));
    CHECK_OK(delete_cap(notification));
    CHECK_REPLY(retype(untyped, seL4_NotificationObject, 0, notification, 1), seL4_NotEnoughMemory,
                0);
    CHECK_OK(clear_notification(handler));
    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
    CHECK_OK(set_notification(handler, notification));
    CHECK_OK(delete_cap(notification));
    CHECK_OK(delete_cap(handler));
    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
    /* Or until it is revoked. */
    handler = msi_handler(61);
    CHECK_OK(set_notification(handler, notification));
    CHECK_OK(revoke_cap(untyped));
    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
    CHECK_OK(ack(handler));
}

static void replaced_notification(void)
{
    word untyped = new_untyped(5);
    word notification = new_slot();
    word handler = msi_handler(62);

    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
    CHECK_OK(set_notification(handler, notification));
    CHECK_OK(delete_cap(notification));
    CHECK_OK(set_notification(handler, new_notification()));
    CHECK_OK(retype(untyped, seL4_NotificationObject, 0, notification, 1));
}

/* ---- The PIT: one shot, edge triggered ---- */

/*
 * On a busy host the emulated PIT can raise a late edge of an earlier shot just before that of the
 * last one, and both reach the CPU before the kernel has masked the pin. No more than one can be
 * left over.
 */
static void let_pass(void)
{
    poll_for(pit.notification, 20);
}

static void timer_interrupt(void)
{
    open_pit(20);
    start_pit(1000);
    CHECK_EQUAL(poll_for(pit.notification, HANG_MILLISECONDS), 0x51);
    let_pass();
    CHECK_EQUAL(poll_for(pit.notification, 20), 0);
}

static void masked_until_acknowledged(void)
{
    open_pit(LAST_VECTOR);
    start_pit(1000);
    CHECK_EQUAL(poll_for(pit.notification, HANG_MILLISECONDS), 0x51);
    let_pass();
    /* Masked: the next one is not delivered, and an edge that came meanwhile is lost. */
    start_pit(1000);
    wait_for_pit();
    CHECK_EQUAL(poll_for(pit.notification, 20), 0);
    CHECK_OK(ack(pit.handler));
    poll_for(pit.notification, 20);
    CHECK_OK(ack(pit.handler));
    start_pit(1000);
    CHECK_EQUAL(poll_for(pit.notification, HANG_MILLISECONDS), 0x51);
}

static void undelivered(void)
{
    /*
     * Without a notification the interrupt goes nowhere; the pin stays masked until it is
     * acknowledged.
     */
    open_pit(0);
    CHECK_OK(clear_notification(pit.handler));
    start_pit(1000);
    wait_for_pit();
    CHECK_EQUAL(poll_for(pit.notification, 20), 0);
    /* An unbadged capability signals with the word 0, which only a waiting thread can tell. */
    struct worker *worker = new_worker(MIDDLE);
    add_message(worker, RECV, pit.notification, 0, 0);
    start_script(worker);
    settle();
    CHECK_EQUAL(worker->completed, 0);
    CHECK_OK(set_notification(pit.handler, pit.notification));
    CHECK_OK(ack(pit.handler));
    start_pit(1000);
    for (word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();
         worker->completed == 0 && time_stamp() < end;) {
        settle();
    }
    CHECK_EQUAL(worker->completed, 1);
    CHECK_EQUAL(worker->outcomes[0].rdi, 0);
}

static void interrupt_wakes_driver(void)
{
    /* A driver above the busy main thread runs as soon as the interrupt comes. */
    struct worker *driver;

    open_pit(30);
    driver = new_worker(ABOVE_MAIN);
    add_message(driver, RECV, pit.notification, 0, 0);
    add_step(driver, CALL, pit.handler, message_info(IRQ_ACK, 0, 0), 0, 0, 0, 0);
    start_script(driver);
    start_pit(2000);
    CHECK(wait_for_value(&driver->completed, 2, HANG_MILLISECONDS));
    CHECK_EQUAL(driver->outcomes[0].rdi, 0x51);
    CHECK_EQUAL(driver->outcomes[1].rsi, 0);
}

static void interrupt_wakes_idle(void)
{
    /* Nobody else can run but the harness's sentinel; the interrupt still arrives. */
    struct worker *driver;

    open_pit(31);
    driver = new_worker(HIGH);
    add_message(driver, RECV, pit.notification, 0, 0);
    start_script(driver);
    start_pit(2000);
    for (word end = time_stamp() + HANG_MILLISECONDS * ticks_per_millisecond();
         driver->completed == 0 && time_stamp() < end;) {
        settle();
    }
    CHECK_EQUAL(driver->completed, 1);
}

static void deleted_handler_is_silent(void)
{
    open_pit(32);
    /*
     * 50 ms, which a busy host may let pass before the next line: then the interrupt was right, and
     * we try again.
     */
    start_pit(60000);
    CHECK_OK(delete_cap(pit.handler));
    while (poll_word(pit.notification) != 0) {
        CHECK_OK(get_io_apic(pit.handler, 0, PIT_PIN, 0, 0, 32));
        CHECK_OK(set_notification(pit.handler, new_minted(pit.notification, WRITE, PIT_BADGE)));
        wait_for_pit();
        CHECK_OK(ack(pit.handler));
        start_pit(60000);
        CHECK_OK(delete_cap(pit.handler));
    }
    wait_for_pit();
    CHECK_EQUAL(poll_for(pit.notification, 20), 0);
    /* The pin can be had again, with another vector. */
    CHECK_OK(get_io_apic(pit.handler, 0, PIT_PIN, 0, 0, 33));
    CHECK_OK(set_notification(pit.handler, pit.notification));
}

/* ---- The HPET: level triggered ---- */

#define HPET_PADDR 0xfed00000ul
enum {
    HPET_CAPABILITIES = 0,
    HPET_CONFIGURATION = 2,
    HPET_STATUS = 4,
    HPET_COUNTER = 30,
    HPET_TIMER0 = 32,
    HPET_COMPARATOR0 = 33
};

static volatile word *open_hpet(void)
{
    volatile word *registers = (volatile word *)TEST_ADDRESS;
    word frame = device_frame(HPET_PADDR);

    if (frame == 0) {
        skip("this node owns no HPET");
    }
    map_tables(seL4_CapInitThreadVSpace, TEST_ADDRESS, 12);
    REQUIRE(map_frame(frame, seL4_CapInitThreadVSpace, TEST_ADDRESS, ALL_RIGHTS, 2).label ==
            seL4_NoError);
    if (registers[HPET_CAPABILITIES] == ~0ul) {
        skip("no HPET where PCs have it");
    }
    return registers;
}

/*
 * The last of the IOAPIC's 24 pins that timer 0 can reach: the low ones belong to the old devices.
 */
static word hpet_pin(volatile word *registers)
{
    word pins = registers[HPET_TIMER0] >> 32 & 0xffffff;

    if (pins == 0) {
        skip("the HPET reaches no pin of the IOAPIC");
    }
    return 63 - (word)__builtin_clzl(pins);
}

/* Timer 0, one shot, in `microseconds`, level triggered, on this pin. */
static void start_hpet(volatile word *registers, word pin, word microseconds)
{
    word femtoseconds = registers[HPET_CAPABILITIES] >> 32;

    registers[HPET_CONFIGURATION] = 1;
    registers[HPET_TIMER0] = pin << 9 | 1 << 1 | 1 << 2;
    registers[HPET_COMPARATOR0] =
        registers[HPET_COUNTER] + microseconds * 1000000000 / femtoseconds;
}

/* The timer keeps its pin until its status, and with it the pin's level, is cleared. */
static void stop_hpet(volatile word *registers)
{
    registers[HPET_TIMER0] &= ~4ul;
    registers[HPET_STATUS] = 1;
}

static void level_triggered(void)
{
    volatile word *registers = open_hpet();
    word handler = new_slot();
    word notification = new_notification();
    word badged = new_minted(notification, WRITE, 0x52);
    word pin = hpet_pin(registers);

    stop_hpet(registers);
    CHECK_OK(get_io_apic(handler, 0, pin, 1, 0, 70));
    CHECK_OK(set_notification(handler, badged));
    CHECK_OK(ack(handler));
    poll_word(notification);
    start_hpet(registers, pin, 1000);
    CHECK_EQUAL(poll_for(notification, HANG_MILLISECONDS), 0x52);
    /* The level is still asserted: nothing more until the acknowledgement, then at once again. */
    CHECK_EQUAL(poll_for(notification, 20), 0);
    CHECK_OK(ack(handler));
    CHECK_EQUAL(poll_for(notification, HANG_MILLISECONDS), 0x52);
    /* Cleared at the device and acknowledged: silence. */
    stop_hpet(registers);
    CHECK_OK(ack(handler));
    CHECK_EQUAL(poll_for(notification, 20), 0);
    registers[HPET_TIMER0] = 0;
    registers[HPET_CONFIGURATION] = 0;
}

static const struct test tests[] = {
    {"irq-legacy", "IRQControl_Get is illegal with an IOAPIC", legacy_control},
    {"irq-msi-errors", "GetMSI's errors in their order", msi_errors},
    {"irq-vectors", "vectors 0 to 107 can be had", all_vectors},
    {"irq-vector-freed", "a vector is free when its last handler goes", vector_is_freed},
    {"irq-ioapic-errors", "GetIOAPIC's errors in their order", io_apic_errors},
    {"irq-handler-errors", "the handler's methods and errors", handler_errors},
    {"irq-handler-copy", "the handler keeps its notification alive", handler_holds_a_copy},
    {"irq-handler-replace", "a new notification releases the old", replaced_notification},
    {"irq-timer", "a timer interrupt signals with the stored badge", timer_interrupt},
    {"irq-masked", "a pin is masked until acknowledged", masked_until_acknowledged},
    {"irq-undelivered", "an interrupt without notification", undelivered},
    {"irq-driver", "an interrupt preempts for a higher driver", interrupt_wakes_driver},
    {"irq-idle", "an interrupt wakes a driver when little else runs", interrupt_wakes_idle},
    {"irq-deleted", "a deleted handler is silent", deleted_handler_is_silent},
    {"irq-level", "level-triggered interrupts", level_triggered},
};

SUBJECT(interrupts, tests);
