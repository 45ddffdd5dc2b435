/*
 * The HPET (IA-PC HPET specification 1.0a, 2.3), by an IOAPIC pin, edge and level, and by messages
 * where it can.
 */
#include "server.h"

enum {
    CAPABILITIES = 0x00,
    CONFIGURATION = 0x10,
    STATUS = 0x20,
    COUNTER = 0xf0,
    TIMER_CONFIGURATION = 0x100,
    TIMER_COMPARATOR = 0x108,
    TIMER_MESSAGE = 0x110,
    TIMER_STRIDE = 0x20
};

enum {
    LEVEL = 1 << 1,
    ENABLED = 1 << 2,
    PERIODIC = 1 << 3,
    CAN_BE_PERIODIC = 1 << 4,
    SET_VALUE = 1 << 6,
    ROUTE_SHIFT = 9,
    MESSAGES = 1 << 14,
    CAN_SEND_MESSAGES = 1 << 15
};

enum { BADGE = 0x40, FIRST_VECTOR = 0x30, TICK_MICROSECONDS = 2000 };

static volatile uint8_t *registers;
static word_t notification, handler;
static bool level_triggered;

static word_t read(word_t at)
{
    return *(volatile word_t *)(registers + at);
}

static void write(word_t at, word_t value)
{
    *(volatile word_t *)(registers + at) = value;
}

bool wait_for_ticks(unsigned count)
{
    for (unsigned i = 0; i < count && handler != 0; i++) {
        CHECK_EQUAL(trap1(RECV, notification, 0), BADGE);
        if (level_triggered) {
            write(STATUS, 1);
        }
        CHECK_EQUAL(invoke(handler, ACK, NONE, NONE).error, NO_ERROR);
    }
    return handler != 0;
}

/* Timer 0, from now on periodic; its interrupts as `flags` say. */
static void run_timer(word_t flags)
{
    word_t femtoseconds = read(CAPABILITIES) >> 32;
    word_t period = TICK_MICROSECONDS * 1000000000ull / femtoseconds;
    write(CONFIGURATION, 0);
    write(COUNTER, 0);
    write(TIMER_CONFIGURATION, ENABLED | PERIODIC | SET_VALUE | flags);
    write(TIMER_COMPARATOR, period);
    write(TIMER_COMPARATOR, period);
    write(STATUS, 1);
    write(CONFIGURATION, 1);
}

static void stop_timer(void)
{
    write(CONFIGURATION, 0);
    write(TIMER_CONFIGURATION, 0);
    write(STATUS, 1);
}

static void use_handler(word_t slot)
{
    static word_t badged;
    handler = slot;
    if (notification == 0) {
        notification = new_object(NOTIFICATION, 0);
        badged = new_slot();
        CHECK_EQUAL(invoke(OWN_CNODE, MINT, CAPS(OWN_CNODE),
                           WORDS(badged, DEPTH, notification, DEPTH, ALL_RIGHTS, BADGE))
                        .error,
                    NO_ERROR);
    }
    CHECK_EQUAL(invoke(handler, SET_NOTIFICATION, CAPS(badged), NONE).error, NO_ERROR);
}

static void drop_handler(void)
{
    stop_timer();
    CHECK_EQUAL(invoke(OWN_CNODE, DELETE, NONE, WORDS(handler, DEPTH)).error, NO_ERROR);
    handler = 0;
}

static void tick_by_pin(word_t pin, bool level, word_t vector)
{
    word_t slot = new_slot();
    CHECK_EQUAL(invoke(IRQ_CONTROL, ISSUE_IO_APIC, CAPS(OWN_CNODE),
                       WORDS(slot, DEPTH, 0, pin, level, 0, vector))
                    .error,
                NO_ERROR);
    use_handler(slot);
    level_triggered = level;
    run_timer(pin << ROUTE_SHIFT | (level ? LEVEL : 0));
    wait_for_ticks(5);
}

/* By message to the boot CPU: what this thread runs on. */
static void tick_by_messages(word_t vector)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    word_t address = 0xfee00000u | ebx >> 24 << 12, slot = new_slot();
    CHECK_EQUAL(
        invoke(IRQ_CONTROL, ISSUE_MSI, CAPS(OWN_CNODE), WORDS(slot, DEPTH, 0, 0, 0, 0, vector))
            .error,
        NO_ERROR);
    use_handler(slot);
    level_triggered = false;
    write(TIMER_MESSAGE, address << 32 | (vector + FIRST_VECTOR));
    run_timer(MESSAGES);
    wait_for_ticks(5);
}

void test_hpet(void)
{
    if (hpet_address == 0) {
        skip("no HPET");
        return;
    }
    registers = map_device(hpet_address, 0x400);
    CHECK(registers != NULL);
    if (registers == NULL) {
        return;
    }
    word_t configuration = read(TIMER_CONFIGURATION), pins = configuration >> 32, pin = 31;
    CHECK(configuration & CAN_BE_PERIODIC);
    if (configuration & CAN_SEND_MESSAGES) {
        tick_by_messages(107);
        drop_handler();
    }
    while (pin > 0 && !(pins >> pin & 1)) {
        pin--;
    }
    tick_by_pin(pin, true, 17);
    drop_handler();
    tick_by_pin(pin, false, 0); /* keeps ticking for the tests that follow */
}
