/*
 * The serial port through I/O port capabilities, issued one port at a time; and a debug call, very
 * often.
 */
#include "server.h"

enum { COM1 = 0x3f8, DATA = 0, SCRATCH = 7, LINE_STATUS = 5, CAN_SEND = 0x20, PORTS = 8 };

static word_t port_slots[PORTS];

static word_t port_slot(word_t port)
{
    if (port_slots[port] == 0) {
        port_slots[port] = new_slot();
        CHECK_EQUAL(invoke(IO_PORT_CONTROL, ISSUE_PORTS, CAPS(OWN_CNODE),
                           WORDS(COM1 + port, COM1 + port, port_slots[port], DEPTH))
                        .error,
                    NO_ERROR);
    }
    return port_slots[port];
}

static word_t port_in(word_t port)
{
    struct answer answer = invoke(port_slot(port), IN8, NONE, WORDS(COM1 + port));
    CHECK_EQUAL(answer.error, NO_ERROR);
    CHECK_EQUAL(answer.length, 1);
    return answer.mr[0];
}

static void port_out(word_t port, word_t value)
{
    CHECK_EQUAL(invoke(port_slot(port), OUT8, NONE, WORDS(COM1 + port, value)).error, NO_ERROR);
}

static void put_by_port(char c)
{
    for (unsigned tries = 0; tries < 100000 && !(port_in(LINE_STATUS) & CAN_SEND); tries++) {}
    port_out(DATA, (word_t)(uint8_t)c);
}

void test_serial(void)
{
    port_out(SCRATCH, 0x5a);
    CHECK_EQUAL(port_in(SCRATCH), 0x5a);
    put_text("root server: the next line is written port by port\n");
    for (const char *text = "root server: through I/O ports\r\n"; *text != '\0'; text++) {
        put_by_port(*text);
    }
    /* A port is given out once. */
    word_t slot = new_slot();
    CHECK_EQUAL(invoke(IO_PORT_CONTROL, ISSUE_PORTS, CAPS(OWN_CNODE),
                       WORDS(COM1, COM1 + PORTS - 1, slot, DEPTH))
                    .error,
                9);
}

void test_identify_often(void)
{
    if (!has_debug_calls()) {
        skip("a release kernel");
        return;
    }
    word_t wrong = 0;
    for (unsigned i = 0; i < 100000; i++) {
        wrong += trap1(DEBUG_CAP_IDENTIFY, OWN_CNODE, 0) != 10;
    }
    CHECK_EQUAL(wrong, 0);
}
