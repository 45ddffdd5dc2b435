/*
 * A channel: one ring of one-line messages, its sender and its receiver, both of which sleep.
 *
 * Models channel_put(), channel_room(), channel_peek(), take() and channel_wake_peer()
 * (user/runtime/channel.c) and wait_for_one() (user/runtime/channel_wait.c). The ring has LINES
 * lines; a message has two words, its data and its header, whose sequence is the position + 1. The
 * doorbell is a notification: a bit that a ring sets, for which a sleeper waits and which it
 * clears. Rings can also come from other channels on the same doorbell, at any moment. Stores go
 * through x86_tso.inc.
 *
 * Shown: the receiver gets every message once and in order, with its data; a line is not
 * overwritten before it was read; nobody sleeps for ever (a lost wake-up is a deadlock: the
 * processes must end). An old header is not taken for a new one.
 *
 * Mutants: -DNO_LAST_LOOK (sleeps without looking again after the announcement),
 * -DNO_FENCE_BEFORE_LAST_LOOK, -DNO_FENCE_BEFORE_NAP_IS_READ (the publisher looks for a sleeper
 * while its message is still on the way), -DRING_BEFORE_PUBLISHING (looks for a sleeper, rings, and
 * then publishes), -DHEADER_BEFORE_DATA (publishes before the data is written), -DTAKEN_BEFORE_READ
 * (gives the line back before its data was read), -DNO_RING_AFTER_TAKING (a sender that sleeps
 * because the ring is full is forgotten), -DNAP_NOT_NEW (a second sleep with the same number of
 * nap, for which the peer believes it has rung), -DCLEAR_BEFORE_SLEEP (throws away a ring that came
 * between last look and sleep), -DNO_ROOM_CHECK (sends without looking whether there is room),
 * -DINDEX_NOT_CHECKED (takes what is in the line without comparing the sequence).
 */
#define CPUS 2 /* 0: sender, 1: receiver */
#define BUFFER 6
#ifndef LINES
#define LINES 2
#endif
#ifndef MESSAGES
#define MESSAGES 4
#endif

#define HEADER(position) ((position) % LINES)
#define DATA(position) (LINES + (position) % LINES)
#define TAKEN (2 * LINES)
#define NAP(cpu) (2 * LINES + 1 + (cpu))
#define WORDS (2 * LINES + 3)

#define drained(cpu, address, value) skip
#include "x86_tso.inc"

bool rung[CPUS];

/* channel_wake_peer: nap odd, and not rung for it yet. */
inline wake_peer(peer)
{
#ifndef NO_FENCE_BEFORE_NAP_IS_READ
    fenced(self);
#endif
    load(self, NAP(peer), value, rest, a, v);
    if
    :: value % 2 == 1 && value != rung_nap -> rung_nap = value; rung[peer] = true
    :: else
    fi;
    value = 0
}

/* Every announcement has a new number: there are fewer of them here than a byte can count. */
inline announce()
{
#ifdef NAP_NOT_NEW
    nap = 1 - nap;
#else
    nap++;
#endif
    store(self, NAP(self), nap)
}

inline sleep()
{
#ifdef CLEAR_BEFORE_SLEEP
    rung[self] = false;
#endif
    atomic { rung[self] -> rung[self] = false }
}

inline look_for_room()
{
    load(self, TAKEN, value, rest, a, v);
    over = (position - value < LINES);
    value = 0
}

inline look_for_message()
{
    load(self, HEADER(position), value, rest, a, v);
#ifdef INDEX_NOT_CHECKED
    over = (value != 0);
#else
    over = (value == position + 1);
#endif
    assert(value == position + 1 || value == 0 || value == position + 1 - LINES);
    value = 0
}

/* wait_for_one; `over` says whether what was waited for is there. */
#define WAIT(look)                                                             \
    do                                                                         \
    :: look();                                                                 \
        if                                                                     \
        :: over -> break                                                       \
        :: else                                                                \
        fi;                                                                    \
        announce();                                                            \
        fence_before_look;                                                     \
        last_look(look);                                                       \
        if                                                                     \
        :: over -> announce(); break                                           \
        :: else -> sleep(); announce()                                         \
        fi                                                                     \
    od

#ifdef NO_FENCE_BEFORE_LAST_LOOK
#define fence_before_look skip
#else
#define fence_before_look fenced(self)
#endif

#ifdef NO_LAST_LOOK
#define last_look(look) skip
#else
#define last_look(look) look()
#endif

active proctype sender()
{
    byte position, nap, rung_nap, value, rest, a, v;
    bool over;
    do
    :: position < MESSAGES ->
#ifndef NO_ROOM_CHECK
        WAIT(look_for_room);
#endif
#ifdef RING_BEFORE_PUBLISHING
        wake_peer(1);
#endif
#ifdef HEADER_BEFORE_DATA
        store(self, HEADER(position), position + 1);
        store(self, DATA(position), position + 1);
#else
        store(self, DATA(position), position + 1);
        store(self, HEADER(position), position + 1);
#endif
#ifndef RING_BEFORE_PUBLISHING
        wake_peer(1);
#endif
        position++
    :: else -> break
    od
}

active proctype receiver()
{
    byte position, nap, rung_nap, value, rest, a, v;
    bool over;
    do
    :: position < MESSAGES ->
        WAIT(look_for_message);
#ifdef TAKEN_BEFORE_READ
        store(self, TAKEN, position + 1);
#endif
        load(self, DATA(position), value, rest, a, v);
        assert(value == position + 1);
        value = 0;
#ifndef TAKEN_BEFORE_READ
        store(self, TAKEN, position + 1);
#endif
        position++;
#ifndef NO_RING_AFTER_TAKING
        wake_peer(0)
#endif
    :: else -> break
    od
}

/* Another channel on the same doorbells: rings without a reason, a few times. */
active proctype others()
{
    byte left = 2;
    do
    :: left > 0 -> rung[0] = true; left--
    :: left > 0 -> rung[1] = true; left--
    :: break
    od
}
