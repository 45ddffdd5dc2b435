/*
 * Turns at a UART, by Lamport's bakery algorithm (tests/models/console.pml): it needs no word that
 * two kernels write, so a node that stops leaves nothing that others must repair.
 */
#include <x86/console_turn.h>
#include <target/instructions.h>
#include <x86/life_words.h>
#include <cluster/record.h>

/* No correct kernel gets here within a million years; a broken one may write it. */
#define HIGHEST_NUMBER (UINT64_MAX / 2)

/* Nodes that stood still when it was their turn. Node state, under the node's lock. */
static struct {
    bool known;
    uint32_t beat;
} still[ABI_CMK_MAX_NODES];

static uint64_t number_of(struct console_turn *turn)
{
    uint64_t number = atomic_load_explicit(&turn->number, memory_order_seq_cst);
    return number > HIGHEST_NUMBER ? 0 : number;
}

/*
 * Sequentially consistent, here and in comes_before(): of two nodes that choose at the same time,
 * each sees that the other chooses, or its number.
 */
static uint64_t choose(struct console_turn *turns, uint32_t self, uint32_t count)
{
    uint64_t highest = 0;
    atomic_store_explicit(&turns[self].choosing, 1, memory_order_seq_cst);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = number_of(&turns[i]);
        highest = MAX(highest, number);
    }
    atomic_store_explicit(&turns[self].number, highest + 1, memory_order_seq_cst);
    atomic_store_explicit(&turns[self].choosing, 0, memory_order_seq_cst);
    return highest + 1;
}

/* Whether `other` may write before `self` does, or has not decided. */
static bool comes_before(struct console_turn *turns, uint32_t other, uint32_t self, uint64_t own)
{
    if (atomic_load_explicit(&turns[other].choosing, memory_order_seq_cst)) {
        return true;
    }
    uint64_t number = number_of(&turns[other]);
    return number != 0 && (number < own || (number == own && other < self));
}

static uint64_t milliseconds_from_now(uint32_t milliseconds)
{
    return read_tsc() + (uint64_t)milliseconds * 1000 * global_state.tsc_mhz;
}

/* It was stopped, perhaps in the middle of a line. */
static bool is_off(uint32_t node)
{
    return global_state.cluster.manager &&
           life_state(life_load(life_word_of(node))) == CMK_LIFE_OFF;
}

/* False: `other` has stopped, which was not known. Bounded by CONSOLE_LINE_MILLISECONDS. */
static bool wait_for(struct console_turn *turns, uint32_t other, uint32_t self, uint64_t own)
{
    uint64_t end = milliseconds_from_now(CONSOLE_LINE_MILLISECONDS);
    uint64_t still_end = milliseconds_from_now(CONSOLE_STILL_MILLISECONDS);
    uint32_t seen = atomic_load_explicit(&turns[other].beat, memory_order_relaxed);
    while (comes_before(turns, other, self, own)) {
        uint32_t beat = atomic_load_explicit(&turns[other].beat, memory_order_relaxed);
        if (beat != seen) {
            seen = beat;
            still_end = milliseconds_from_now(CONSOLE_STILL_MILLISECONDS);
        }
        if (still[other].known && still[other].beat == beat) {
            return true; /* what it left unfinished was ended before */
        }
        if (is_off(other) || read_tsc() > still_end || read_tsc() > end) {
            still[other].known = true;
            still[other].beat = beat;
            return false;
        }
        console_turn_beat(&turns[self]);
        spin_pause();
    }
    still[other].known = false;
    return true;
}

bool console_turn_wait(struct console_turn *turns, uint32_t self, uint32_t count)
{
    uint64_t own = choose(turns, self, count);
    bool interrupted = false;
    for (uint32_t i = 0; i < count; i++) {
        if (i != self && !wait_for(turns, i, self, own)) {
            interrupted = true;
        }
    }
    return interrupted;
}
