/*
 * <cmk/channel.h>: rings of cache lines. What may wait is in channel_wait.c, the pools are in
 * channel_bulk.c.
 */
#include "channel_memory.h"

#include <cmk/node_status.h>

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static bool is_possible(struct cmk_channel_geometry geometry)
{
    return is_power_of_two(geometry.lines) && geometry.lines >= CMK_CHANNEL_MIN_LINES &&
           geometry.lines <= CMK_CHANNEL_MAX_LINES &&
           (geometry.bulk_bytes == 0 ||
            (is_power_of_two(geometry.bulk_bytes) && geometry.bulk_bytes >= 2 * CMK_CHANNEL_LINE));
}

size_t cmk_channel_bytes(struct cmk_channel_geometry geometry)
{
    return is_possible(geometry)
               ? 2 * (sizeof(struct cmk_channel_side) + (size_t)geometry.bulk_bytes +
                      geometry.lines * sizeof(struct cmk_channel_line))
               : 0;
}

size_t cmk_channel_max_message(struct cmk_channel_geometry geometry)
{
    return is_possible(geometry)
               ? CMK_CHANNEL_FIRST_BYTES + (geometry.lines - 1) * (size_t)CMK_CHANNEL_MORE_BYTES
               : 0;
}

bool cmk_channel_open(struct cmk_channel_end *end, void *memory,
                      const struct cmk_channel_config *config)
{
    struct cmk_channel_geometry geometry = config->geometry;
    if (!is_possible(geometry) || config->side > 1 || (uintptr_t)memory % CMK_CHANNEL_LINE != 0 ||
        !memory) {
        return false;
    }
    unsigned side = config->side;
    unsigned other = 1 - side;
    struct cmk_channel_side *sides = memory;
    struct cmk_channel_line *rings = (struct cmk_channel_line *)(sides + 2);
    unsigned char *pools = (unsigned char *)(rings + 2 * (size_t)geometry.lines);
    *end = (struct cmk_channel_end){
        .mine = &sides[side],
        .theirs = &sides[other],
        .out = rings + side * (size_t)geometry.lines,
        .in = rings + other * (size_t)geometry.lines,
        .bulk_out = pools + side * (size_t)geometry.bulk_bytes,
        .bulk_in = pools + other * (size_t)geometry.bulk_bytes,
        .geometry = geometry,
        .peer_status = config->peer_status,
        .bell = config->bell,
        .button = config->button,
        .spins = 1000,
    };
    channel_life_begin(end, config->own_status);
    return true;
}

enum cmk_channel_error channel_break(struct cmk_channel_end *end)
{
    if (channel_peer_has_ended(end) && end->peer_generation != 0) {
        return CMK_CHANNEL_DEAD; /* its next life has begun to write there */
    }
    end->failed = CMK_CHANNEL_BROKEN;
    return CMK_CHANNEL_BROKEN;
}

enum cmk_channel_error cmk_channel_state(const struct cmk_channel_end *end)
{
    return end->failed                   ? end->failed
           : channel_peer_has_ended(end) ? CMK_CHANNEL_DEAD
                                         : CMK_CHANNEL_OK;
}

/*
 * The fence stands between what was published and the load of the peer's nap; the peer has one
 * between its nap and its last look. So either it sees what was published, or its nap is seen here.
 * Each nap is ended once.
 */
void channel_wake_peer(struct cmk_channel_end *end)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (!channel_is_matched(end)) {
        return; /* it will look before it sleeps */
    }
    uint64_t nap = atomic_load_explicit(&end->theirs->nap, memory_order_relaxed);
    if ((nap & 1) != 0 && nap != end->rung_nap && end->button != 0) {
        end->rung_nap = nap;
        end->rings++;
        cmk_doorbell_ring(end->button);
    }
}

enum cmk_channel_error channel_room(struct cmk_channel_end *end, uint64_t lines)
{
    enum cmk_channel_error state = cmk_channel_state(end);
    if (state != CMK_CHANNEL_OK) {
        return state;
    }
    if (end->geometry.lines - (end->sent - end->sent_taken) >= lines) {
        return CMK_CHANNEL_OK;
    }
    if (!channel_is_matched(end)) {
        return CMK_CHANNEL_FULL;
    }
    uint64_t taken = atomic_load_explicit(&end->theirs->taken_lines, memory_order_acquire);
    if (taken - end->sent_taken > end->sent - end->sent_taken) {
        return channel_break(end); /* it took what was not sent, or took something back */
    }
    end->sent_taken = taken;
    return end->geometry.lines - (end->sent - taken) >= lines ? CMK_CHANNEL_OK : CMK_CHANNEL_FULL;
}

/* The data of a whole further line: a loop of a length that does not vary. */
static void write_whole_line(struct cmk_channel_line *line, const unsigned char *data)
{
#pragma GCC unroll 7
    for (unsigned i = 1; i < LINE_WORDS; i++) {
        store_words(&line->word[i], data, sizeof(uint64_t));
        data += sizeof(uint64_t);
    }
}

static void read_whole_line(const struct cmk_channel_line *line, unsigned char *buffer)
{
#pragma GCC unroll 7
    for (unsigned i = 1; i < LINE_WORDS; i++) {
        load_words(buffer, &line->word[i], sizeof(uint64_t));
        buffer += sizeof(uint64_t);
    }
}

/*
 * The data of a message, from the first line's third word on; a last partial word is filled up with
 * zeros.
 */
static void write_data(struct cmk_channel_end *end, const unsigned char *data, size_t length)
{
    uint64_t position = end->sent;
    size_t bytes = length < CMK_CHANNEL_FIRST_BYTES ? length : CMK_CHANNEL_FIRST_BYTES;
    store_words(&line_at(end->out, position, end->geometry.lines)->word[2], data, bytes);
    while ((length -= bytes) > 0) {
        data += bytes;
        position++;
        struct cmk_channel_line *line = line_at(end->out, position, end->geometry.lines);
        atomic_store_explicit(&line->word[0], make_header(position, KIND_CONTINUATION, 0),
                              memory_order_relaxed);
        if (length < CMK_CHANNEL_MORE_BYTES) {
            store_words(&line->word[1], data, length);
            return;
        }
        write_whole_line(line, data);
        bytes = CMK_CHANNEL_MORE_BYTES;
    }
}

enum cmk_channel_error channel_put(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                   uint64_t tag, const void *data, size_t length)
{
    if (length > cmk_channel_max_message(end->geometry)) {
        return CMK_CHANNEL_TOO_LONG;
    }
    uint64_t lines = lines_for(length);
    enum cmk_channel_error room = channel_room(end, lines);
    if (room != CMK_CHANNEL_OK) {
        return room;
    }
    struct cmk_channel_line *first = line_at(end->out, end->sent, end->geometry.lines);
    write_data(end, data, length);
    atomic_store_explicit(&first->word[1], tag, memory_order_relaxed);
    atomic_store_explicit(&first->word[0], make_header(end->sent, kind, length),
                          memory_order_release);
    end->sent += lines;
    channel_wake_peer(end);
    return CMK_CHANNEL_OK;
}

enum cmk_channel_error cmk_channel_try_send(struct cmk_channel_end *end, uint64_t tag,
                                            const void *data, size_t length)
{
    return channel_put(end, CMK_MESSAGE, tag, data, length);
}

enum cmk_channel_error cmk_channel_try_reply(struct cmk_channel_end *end,
                                             const struct cmk_message *request, const void *data,
                                             size_t length)
{
    return channel_put(end, CMK_REPLY, request->tag, data, length);
}

/*
 * Whether a header is what the line held before: of one round ago, or nothing in the first round.
 */
static bool is_old(const struct cmk_channel_end *end, uint64_t header)
{
    uint32_t lines = end->geometry.lines;
    return end->received < lines ? header == 0
                                 : header_sequence(header) == (uint32_t)(end->received + 1 - lines);
}

static bool is_correct(const struct cmk_channel_end *end, uint64_t header)
{
    unsigned kind = header_kind(header);
    return header_sequence(header) == (uint32_t)(end->received + 1) && kind >= CMK_MESSAGE &&
           kind <= CMK_BULK && header_length(header) <= cmk_channel_max_message(end->geometry) &&
           (kind != CMK_BULK || header_length(header) == 2 * sizeof(uint64_t));
}

enum cmk_channel_error channel_peek(struct cmk_channel_end *end)
{
    if (end->failed != CMK_CHANNEL_OK) {
        return end->failed;
    }
    if (end->next_header != 0) {
        return CMK_CHANNEL_OK;
    }
    if (!channel_is_matched(end)) {
        return channel_peer_has_ended(end) ? CMK_CHANNEL_DEAD : CMK_CHANNEL_EMPTY;
    }
    _Atomic uint64_t *word = &line_at(end->in, end->received, end->geometry.lines)->word[0];
    uint64_t header = atomic_load_explicit(word, memory_order_acquire);
    if (is_old(end, header)) {
        if (!channel_peer_has_ended(end)) {
            return CMK_CHANNEL_EMPTY;
        }
        /* its last message may have come since */
        header = atomic_load_explicit(word, memory_order_acquire);
        if (is_old(end, header)) {
            return CMK_CHANNEL_DEAD;
        }
    }
    if (!is_correct(end, header)) {
        return channel_break(end);
    }
    end->next_header = header;
    return CMK_CHANNEL_OK;
}

/* Copies the data of the next message, each word once. `length` was checked. */
static void read_data(struct cmk_channel_end *end, unsigned char *buffer, size_t length)
{
    uint64_t position = end->received;
    size_t bytes = length < CMK_CHANNEL_FIRST_BYTES ? length : CMK_CHANNEL_FIRST_BYTES;
    load_words(buffer, &line_at(end->in, position, end->geometry.lines)->word[2], bytes);
    while ((length -= bytes) > 0) {
        buffer += bytes;
        position++;
        const struct cmk_channel_line *line = line_at(end->in, position, end->geometry.lines);
        if (length < CMK_CHANNEL_MORE_BYTES) {
            load_words(buffer, &line->word[1], length);
            return;
        }
        read_whole_line(line, buffer);
        bytes = CMK_CHANNEL_MORE_BYTES;
    }
}

/* Gives the lines of the next message back to the peer. */
static void take(struct cmk_channel_end *end, size_t length)
{
    end->received += lines_for(length);
    end->next_header = 0;
    atomic_store_explicit(&end->mine->taken_lines, end->received, memory_order_release);
    channel_wake_peer(end);
}

static enum cmk_channel_error take_bulk(struct cmk_channel_end *end, struct cmk_message *message)
{
    uint64_t reference[2];
    read_data(end, (unsigned char *)reference, sizeof(reference));
    if (channel_peer_is_new(end)) {
        return CMK_CHANNEL_DEAD;
    }
    if (!channel_bulk_accept(end, message, reference[0], reference[1])) {
        return channel_break(end);
    }
    take(end, sizeof(reference));
    return CMK_CHANNEL_OK;
}

uint64_t channel_next_tag(const struct cmk_channel_end *end)
{
    return atomic_load_explicit(&line_at(end->in, end->received, end->geometry.lines)->word[1],
                                memory_order_relaxed);
}

void channel_skip(struct cmk_channel_end *end)
{
    take(end, header_length(end->next_header));
}

enum cmk_channel_error cmk_channel_try_receive(struct cmk_channel_end *end,
                                               struct cmk_message *message, void *buffer,
                                               size_t capacity)
{
    enum cmk_channel_error state = channel_peek(end);
    if (state != CMK_CHANNEL_OK) {
        return state;
    }
    *message = (struct cmk_message){
        .kind = (enum cmk_message_kind)header_kind(end->next_header),
        .tag = channel_next_tag(end),
        .length = header_length(end->next_header),
    };
    if (message->kind == CMK_BULK) {
        return take_bulk(end, message);
    }
    if (message->length > capacity) {
        return CMK_CHANNEL_TOO_LONG;
    }
    read_data(end, buffer, message->length);
    if (channel_peer_is_new(end)) {
        return CMK_CHANNEL_DEAD;
    }
    take(end, message->length);
    return CMK_CHANNEL_OK;
}
