/* A timer for the tests: the PIT's channel 0 behind pin 2 of the IOAPIC, one shot. */
#ifndef CONFORMANCE_PIT_H
#define CONFORMANCE_PIT_H

#include "harness.h"

enum { PIT_PIN = 2, PIT_BADGE = 0x51 };

struct pit {
    word ports;
    word handler;
    word notification;
};

extern struct pit pit;

struct reply get_io_apic(word slot, word ioapic, word pin, word level, word polarity, word vector);
struct reply ack(word handler);
struct reply set_notification(word handler, word notification);

/* Makes `pit` ready, with this vector; the test is skipped if the node does not own the PIT. */
void open_pit(word vector);
/*
 * Waits until the count has run out at the device: its interrupt is on the way, if it is to come.
 */
void wait_for_pit(void);
/* Signals pit.notification, with PIT_BADGE, after `count` periods of 1.193 MHz; at most 65535. */
void start_pit(word count);

#endif
