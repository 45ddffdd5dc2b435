/*
 * A channel's shared memory, and what the library's files share. Whatever lies here can change at
 * any moment: words are loaded once, with the functions below, and checked after the load.
 *
 * From the start: two sides; the ring from side 0 to 1, the ring from 1 to 0; the pool of side 0,
 * the pool of side 1.
 */
#ifndef CHANNEL_MEMORY_H
#define CHANNEL_MEMORY_H

#include <cmk/channel.h>
#include <stdatomic.h>
#include <string.h>

#define LINE_WORDS 8

/* Written by its side only, read by the other. */
struct cmk_channel_side {
    /*
     * Stored with release after the lines, or the bytes, were read; loaded with acquire before they
     * are overwritten.
     */
    _Alignas(CMK_CHANNEL_LINE) _Atomic uint64_t taken_lines;
    _Atomic uint64_t taken_bulk;
    /*
     * Odd: this side sleeps, or is about to. Stored before a sequentially consistent fence and the
     * last look; loaded after such a fence that follows what the other side published. In a line of
     * its own: it seldom changes.
     */
    _Alignas(CMK_CHANNEL_LINE) _Atomic uint64_t nap;
    /*
     * For which lives this side's words and ring are: the generation of its own node (upper half),
     * and of the peer's, or 0. Stored with release after the ring was made empty, before any
     * message; loaded with acquire, before anything else of this side is believed, and again after
     * a message was read.
     */
    _Atomic uint64_t opened;
};

/*
 * word[0] is the header: sequence (bits 0-31: the line's position + 1), length (32-55), kind
 * (56-63). The header of a message's first line is stored with release after all its other words,
 * loaded with acquire before them. Every line has one, so that nothing in a message can look like a
 * later header. In a first line word[1] is the tag.
 */
struct cmk_channel_line {
    _Alignas(CMK_CHANNEL_LINE) _Atomic uint64_t word[LINE_WORDS];
};

_Static_assert(sizeof(struct cmk_channel_side) == 2 * CMK_CHANNEL_LINE, "two lines for each side");
_Static_assert(sizeof(struct cmk_channel_line) == CMK_CHANNEL_LINE, "a line is a cache line");

#define KIND_CONTINUATION 0xff
#define MAX_LENGTH        0xffffff

static inline uint64_t make_header(uint64_t position, uint64_t kind, uint64_t length)
{
    return (uint32_t)(position + 1) | length << 32 | kind << 56;
}

static inline uint32_t header_sequence(uint64_t header)
{
    return (uint32_t)header;
}

static inline size_t header_length(uint64_t header)
{
    return header >> 32 & MAX_LENGTH;
}

static inline unsigned header_kind(uint64_t header)
{
    return (unsigned)(header >> 56);
}

static inline struct cmk_channel_line *line_at(struct cmk_channel_line *ring, uint64_t position,
                                               uint32_t lines)
{
    return &ring[position & (lines - 1)];
}

static inline uint64_t lines_for(size_t length)
{
    return length <= CMK_CHANNEL_FIRST_BYTES
               ? 1
               : 1 + (length - CMK_CHANNEL_FIRST_BYTES + CMK_CHANNEL_MORE_BYTES - 1) /
                         CMK_CHANNEL_MORE_BYTES;
}

/*
 * Between private memory and shared words, each loaded or stored once. Zeros fill up a last partial
 * word. Whole words have a loop without a decision, and no call of memcpy for each.
 */
static inline void store_words(_Atomic uint64_t *to, const unsigned char *from, size_t bytes)
{
    uint64_t word;
    for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
        __builtin_memcpy(&word, from, sizeof(word));
        atomic_store_explicit(to++, word, memory_order_relaxed);
        from += sizeof(word);
    }
    if (bytes > 0) {
        word = 0;
        memcpy(&word, from, bytes);
        atomic_store_explicit(to, word, memory_order_relaxed);
    }
}

static inline void load_words(unsigned char *to, const _Atomic uint64_t *from, size_t bytes)
{
    uint64_t word;
    for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
        word = atomic_load_explicit(from++, memory_order_relaxed);
        __builtin_memcpy(to, &word, sizeof(word));
        to += sizeof(word);
    }
    if (bytes > 0) {
        word = atomic_load_explicit(from, memory_order_relaxed);
        memcpy(to, &word, bytes);
    }
}

/* Marks the channel as broken, and says so. */
enum cmk_channel_error channel_break(struct cmk_channel_end *end);

/* --- channel_life.c --- */

/* At the opening, when all else of the end is there. `own_status` may be null. */
void channel_life_begin(struct cmk_channel_end *end, const struct cmk_status_page *own_status);

/* Whether the peer's side can be believed. Once it can, until it is dead. */
bool channel_match(struct cmk_channel_end *end);
static inline bool channel_is_matched(struct cmk_channel_end *end)
{
    return end->matched || channel_match(end);
}

/* The peer's next life has opened its end: what was read since may be its, and not for this end. */
bool channel_peer_is_new(const struct cmk_channel_end *end);

/*
 * Whether the peer's node has ended, or is in another life; acquire, so what it sent before is
 * visible after this.
 */
bool channel_peer_has_ended(const struct cmk_channel_end *end);

/* After anything was published for the peer: rings it if it sleeps. */
void channel_wake_peer(struct cmk_channel_end *end);

/*
 * OK if a message of `lines` lines fits now; FULL, BROKEN or DEAD. `lines` is at most the ring's.
 */
enum cmk_channel_error channel_room(struct cmk_channel_end *end, uint64_t lines);

/*
 * OK if a message can be received; its checked header is then in end->next_header. EMPTY, BROKEN,
 * DEAD.
 */
enum cmk_channel_error channel_peek(struct cmk_channel_end *end);

/* With a message there (channel_peek() is OK): its tag, and its end, unread. No CMK_BULK. */
uint64_t channel_next_tag(const struct cmk_channel_end *end);
void channel_skip(struct cmk_channel_end *end);

/* try_send of any kind. */
enum cmk_channel_error channel_put(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                   uint64_t tag, const void *data, size_t length);

/* send_until of any kind. */
enum cmk_channel_error channel_put_waiting(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                           uint64_t tag, const void *data, size_t length,
                                           uint64_t moment);

/*
 * Checks the two words of a reference to the peer's pool and fills in what they mean; false if they
 * are wrong.
 */
bool channel_bulk_accept(struct cmk_channel_end *end, struct cmk_message *message,
                         uint64_t position, uint64_t length);

#endif
