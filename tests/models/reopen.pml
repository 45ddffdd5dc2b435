/*
 * A channel that is opened anew after one of its nodes was started again: two ends, of which side
 * 1's node is stopped at any point of each life but its last.
 *
 * Models channel_life_begin(), know_peer(), channel_match() and channel_peer_is_new()
 * (user/runtime/channel_life.c) with channel_put(), channel_peek() and channel_wake_peer()
 * (user/runtime/channel.c) and wait_for_one() (user/runtime/channel_wait.c), reduced to one message
 * each way for each pair of lives: its header says for which pair it was sent, only to judge by.
 * Stop empties the CPU's store buffer (INIT does), clears the status page, and rings (irq 15); so
 * does the node when it is back. There is no ring when side 0's node comes up: it is not started
 * again. Stores go through x86_tso.inc.
 *
 * Shown: nothing that was sent in or for another life is received; with the last life both sides
 * get their message, whichever opened first, and no end sleeps for ever (the processes must end).
 *
 *   run
 *
 * Mutants: -DHEADERS_KEPT (a new life leaves the headers of its earlier one), -DOPENED_FIRST (it
 * says that it has opened before its ring is empty), -DNOT_LOOKED_AGAIN (the message is believed
 * without a second look at `opened`), -DPAIR_IGNORED (any `opened` of the peer's life is believed),
 * -DUNKNOWN_REFUSED (one that was written before the own node was up is not), -DPEER_NEVER_KNOWN
 * (an end that was opened before the peer's node was up never learns its life), -DNO_NEWS (Stop and
 * the return do not ring), -DNO_LAST_LOOK, -DNO_FENCE_BEFORE_LAST_LOOK,
 * -DNO_FENCE_BEFORE_NAP_IS_READ.
 */
#define CPUS 2 /* the sides */
#define BUFFER 8
#ifndef LIVES
#define LIVES 2
#endif

#define OPENED(side) (side)
#define HEADER(side) (2 + (side))
#define NAP(side) (4 + (side))
#define STATUS(side) (6 + (side)) /* the generation in the node's status page */
#define WORDS 8
#define PAIR(own, peer) ((own) * 4 + (peer))
#define peer (1 - self) /* the other side */

#define drained(cpu, address, value) skip
#include "x86_tso.inc"

bool rung[CPUS];
bool cut; /* side 1 is being stopped */

inline open_end()
{
    load(self, STATUS(peer), known, rest, a, v);
    matched = false;
    nap = 0;
    rung_nap = 0;
#ifdef OPENED_FIRST
    store(self, OPENED(self), PAIR(own, known));
#endif
#ifndef HEADERS_KEPT
    store(self, HEADER(self), 0);
#endif
    store(self, NAP(self), 0);
#ifndef OPENED_FIRST
    store(self, OPENED(self), PAIR(own, known))
#endif
}

inline match()
{
    if
    :: !matched && known == 0 ->
#ifndef PEER_NEVER_KNOWN
        load(self, STATUS(peer), known, rest, a, v);
        if
        :: known != 0 -> store(self, OPENED(self), PAIR(own, known))
        :: else
        fi
#endif
        skip
    :: else
    fi;
    if
    :: !matched && known != 0 ->
        load(self, OPENED(peer), value, rest, a, v);
#ifdef PAIR_IGNORED
        matched = (value / 4 == known);
#else
#ifdef UNKNOWN_REFUSED
        matched = (value == PAIR(known, own));
#else
        matched = (value == PAIR(known, own) || value == PAIR(known, 0));
#endif
#endif
        value = 0
    :: else
    fi
}

inline wake_peer()
{
#ifndef NO_FENCE_BEFORE_NAP_IS_READ
    fenced(self);
#endif
    match();
    if
    :: matched ->
        load(self, NAP(peer), value, rest, a, v);
        if
        :: value % 2 == 1 && value != rung_nap -> rung_nap = value; rung[peer] = true
        :: else
        fi;
        value = 0
    :: else
    fi
}

inline send()
{
    store(self, HEADER(self), PAIR(own, known));
    wake_peer()
}

/* Whether the message is there, or the peer's life is over. */
inline look()
{
    match();
    if
    :: matched && !has_message ->
        load(self, HEADER(peer), message, rest, a, v);
        has_message = (message != 0);
        if
        :: has_message ->
#ifndef NOT_LOOKED_AGAIN
            load(self, OPENED(peer), value, rest, a, v);
            gone = (value / 4 != known);
            value = 0;
#endif
            if
            :: !gone ->
                assert(message / 4 == known);
                assert(message % 4 == own || message % 4 == 0)
            :: else -> has_message = false
            fi
        :: else
        fi;
        message = 0
    :: else
    fi;
    look_for_end()
}

inline look_for_end()
{
    load(self, STATUS(peer), value, rest, a, v);
    gone = (gone || (known != 0 && value != known));
    value = 0
}

inline announce()
{
    nap++;
    store(self, NAP(self), nap)
}

#ifdef NO_FENCE_BEFORE_LAST_LOOK
#define fence_before_look skip
#else
#define fence_before_look fenced(self)
#endif
#ifdef NO_LAST_LOOK
#define last_look skip
#else
#define last_look look()
#endif

/* wait_for_one */
#define WAIT(is_over)                                                          \
    do                                                                         \
    :: look();                                                                 \
        if                                                                     \
        :: is_over -> break                                                    \
        :: else                                                                \
        fi;                                                                    \
        announce();                                                            \
        fence_before_look;                                                     \
        last_look;                                                             \
        if                                                                     \
        :: is_over -> announce(); break                                        \
        :: else -> atomic { rung[self] -> rung[self] = false }; announce()     \
        fi                                                                     \
    od

/* Side 0: its node lives once, and reopens its end for each life of the other. */
active proctype stays()
{
    byte own = 1, known, nap, rung_nap, message, value, rest, a, v;
    bool matched, has_message, gone;
    store(self, STATUS(self), 1);
    do
    :: has_message = false; gone = false;
        open_end();
        send();
        WAIT(has_message || gone);
        if
        :: has_message && known == LIVES -> break
        :: has_message && known < LIVES -> WAIT(gone)
        :: else
        fi
    od
}

/* Side 1. */
active proctype lives()
{
    byte own, known, nap, rung_nap, message, value, rest, a, v;
    bool matched, has_message, gone;
    do
    :: own < LIVES ->
        own++;
        {
            store(self, STATUS(self), own);
            fenced(self);
#ifndef NO_NEWS
            rung[peer] = true;
#endif
            has_message = false;
            gone = false;
            open_end();
            send();
            WAIT(has_message);
            own == LIVES /* an earlier life does nothing more, until it is stopped */
        } unless { cut };
        if
        :: cut ->
            fenced(self);
            memory[STATUS(self)] = 0; /* node 0's kernel, which stops it and clears its page */
#ifndef NO_NEWS
            rung[peer] = true;
#endif
            cut = false
        :: else -> break
        fi
    :: else -> break
    od
}

active proctype manager()
{
    byte stops;
    do
    :: stops < LIVES - 1 -> cut = true; stops++; !cut
    :: else -> break
    od
}
