/*
 * Channels: waiting. First by looking again and again, then by sleeping on the doorbell. Before it
 * sleeps, an end announces that (an odd nap), and after a fence it looks once more;
 * docs/channels.md and tests/models/channel.pml.
 *
 * No wait here is bounded in time: each ends when the peer does what is waited for, breaks the
 * channel, or its node ends, which rings the doorbell too.
 */
#include "channel_memory.h"

/* What an end waits for; also true when it can never come. */
typedef bool (*condition_t)(struct cmk_channel_end *end, size_t amount);

static bool has_message(struct cmk_channel_end *end, size_t amount)
{
    (void)amount;
    return channel_peek(end) != CMK_CHANNEL_EMPTY;
}

static bool has_room(struct cmk_channel_end *end, size_t length)
{
    return channel_room(end, lines_for(length)) != CMK_CHANNEL_FULL;
}

static bool has_bulk_room(struct cmk_channel_end *end, size_t length)
{
    return cmk_channel_bulk_reserve(end, length) != NULL ||
           cmk_channel_state(end) != CMK_CHANNEL_OK;
}

static void announce_nap(struct cmk_channel_end *end)
{
    end->nap++;
    atomic_store_explicit(&end->mine->nap, end->nap, memory_order_relaxed);
}

static void wait_for_one(struct cmk_channel_end *end, condition_t is_over, size_t amount)
{
    for (;;) {
        for (unsigned i = 0; i < end->spins || !end->bell; i++) {
            if (is_over(end, amount)) {
                return;
            }
            cmk_doorbell_relax(i);
        }
        announce_nap(end);
        atomic_thread_fence(memory_order_seq_cst);
        bool over = is_over(end, amount);
        if (!over) {
            end->naps++;
            cmk_doorbell_sleep(end->bell);
        }
        announce_nap(end); /* even: awake */
        if (over) {
            return;
        }
    }
}

/* The first end, after the last one found, that has something to say; `count` if there is none. */
static size_t find(struct cmk_channel_end *const ends[], size_t count, size_t first)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = (first + i) % count;
        if (has_message(ends[index], 0)) {
            return index;
        }
    }
    return count;
}

size_t cmk_channel_wait_any(struct cmk_channel_end *const ends[], size_t count, size_t last)
{
    size_t first = (last + 1) % count;
    for (;;) {
        size_t found = count;
        for (unsigned i = 0; (i < ends[0]->spins || !ends[0]->bell) && found == count; i++) {
            found = find(ends, count, first);
            cmk_doorbell_relax(i);
        }
        if (found < count) {
            return found;
        }
        for (size_t i = 0; i < count; i++) {
            announce_nap(ends[i]);
        }
        atomic_thread_fence(memory_order_seq_cst);
        found = find(ends, count, first);
        if (found == count) {
            ends[0]->naps++;
            cmk_doorbell_sleep(ends[0]->bell);
        }
        for (size_t i = 0; i < count; i++) {
            announce_nap(ends[i]);
        }
        if (found < count) {
            return found;
        }
    }
}

enum cmk_channel_error channel_put_waiting(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                           uint64_t tag, const void *data, size_t length)
{
    for (;;) {
        enum cmk_channel_error error = channel_put(end, kind, tag, data, length);
        if (error != CMK_CHANNEL_FULL) {
            return error;
        }
        wait_for_one(end, has_room, length);
    }
}

void *cmk_channel_bulk_wait(struct cmk_channel_end *end, size_t length)
{
    if (length == 0 || length > end->geometry.bulk_bytes / 2) {
        return NULL;
    }
    wait_for_one(end, has_bulk_room, length);
    return cmk_channel_bulk_reserve(end, length);
}

enum cmk_channel_error cmk_channel_send(struct cmk_channel_end *end, uint64_t tag, const void *data,
                                        size_t length)
{
    return channel_put_waiting(end, CMK_MESSAGE, tag, data, length);
}

enum cmk_channel_error cmk_channel_receive(struct cmk_channel_end *end, struct cmk_message *message,
                                           void *buffer, size_t capacity)
{
    for (;;) {
        enum cmk_channel_error error = cmk_channel_try_receive(end, message, buffer, capacity);
        if (error != CMK_CHANNEL_EMPTY) {
            return error;
        }
        wait_for_one(end, has_message, 0);
    }
}

enum cmk_channel_error cmk_channel_call(struct cmk_channel_end *end, const void *request,
                                        size_t length, void *reply, size_t capacity,
                                        size_t *reply_length)
{
    uint64_t call = ++end->last_call;
    enum cmk_channel_error error = channel_put_waiting(end, CMK_REQUEST, call, request, length);
    if (error != CMK_CHANNEL_OK) {
        return error;
    }
    while ((error = channel_peek(end)) == CMK_CHANNEL_EMPTY) {
        wait_for_one(end, has_message, 0);
    }
    if (error != CMK_CHANNEL_OK) {
        return error;
    }
    if (header_kind(end->next_header) != CMK_REPLY) {
        return CMK_CHANNEL_UNEXPECTED;
    }
    struct cmk_message message;
    error = cmk_channel_try_receive(end, &message, reply, capacity);
    *reply_length = message.length;
    return error == CMK_CHANNEL_OK && message.tag != call ? channel_break(end) : error;
}

enum cmk_channel_error cmk_channel_reply(struct cmk_channel_end *end,
                                         const struct cmk_message *request, const void *data,
                                         size_t length)
{
    return channel_put_waiting(end, CMK_REPLY, request->tag, data, length);
}
