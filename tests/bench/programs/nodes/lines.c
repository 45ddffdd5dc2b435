/*
 * Messages of one cache line: one way, round trip, and each side's own instructions; both polling,
 * or both asleep.
 */
#include "nodes.h"

static struct samples there, round_trip, own;

static void send_stamp(uint32_t begin)
{
    must(cmk_channel_send(peer(), 0, &begin, sizeof(begin)) == CMK_CHANNEL_OK,
         "a message can be sent");
}

static uint32_t receive_stamp(void)
{
    struct cmk_message message;
    uint32_t value;
    must(cmk_channel_receive(peer(), &message, &value, sizeof(value)) == CMK_CHANNEL_OK,
         "a message comes");
    return value;
}

/* The last look, the successful one, is what receiving costs the receiver. */
static uint32_t poll_stamp(unsigned round)
{
    struct cmk_message message;
    uint32_t value, begin, end;
    enum cmk_channel_error error;
    do {
        __builtin_ia32_pause();
        begin = stamp();
        error = cmk_channel_try_receive(peer(), &message, &value, sizeof(value));
        end = stamp();
    } while (error == CMK_CHANNEL_EMPTY); /* ends: the other node sends */
    must(error == CMK_CHANNEL_OK, "a message comes");
    own.begin[round] = begin;
    own.end[round] = end;
    return value;
}

static void ask(bool polled)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        delay(UNTIL_ASLEEP);
        uint32_t begin = stamp();
        send_stamp(begin);
        uint32_t sent = stamp();
        receive_stamp();
        uint32_t end = stamp();
        round_trip.begin[i] = own.begin[i] = begin;
        round_trip.end[i] = end;
        own.end[i] = sent;
    }
    report(polled ? "Message of a cache line, polled: round trip"
                  : "Message of a cache line, by IPI: round trip",
           &round_trip, ALL_ROUNDS, 1);
    report(polled ? "Message of a cache line, polled: the sender's part"
                  : "Message of a cache line, by IPI: the sender's part",
           &own, ALL_ROUNDS, 1);
}

static void answer(bool polled)
{
    for (unsigned i = 0; i < ALL_ROUNDS; i++) {
        there.begin[i] = polled ? poll_stamp(i) : receive_stamp();
        uint32_t end = stamp();
        there.end[i] = end;
        send_stamp(0);
    }
    report(polled ? "Message of a cache line, polled: one way"
                  : "Message of a cache line, by IPI: one way",
           &there, ALL_ROUNDS, 1);
    if (polled) {
        report("Message of a cache line, polled: the receiver's part", &own, ALL_ROUNDS, 1);
    }
}

static void measure(bool polled)
{
    peer()->spins = polled ? NEVER_NAPS : 1;
    meet();
    if (asks()) {
        ask(polled);
    } else {
        answer(polled);
    }
}

void measure_lines(void)
{
    measure(true);
    measure(false);
    peer()->spins = NEVER_NAPS;
}
