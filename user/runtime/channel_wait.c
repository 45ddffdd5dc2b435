/*
 * Channels: waiting. First by looking again and again, then by sleeping on the doorbell. Before it
 * sleeps, an end announces that (an odd nap), and after a fence it looks once more;
 * docs/channels.md and tests/models/channel.pml.
 *
 * Each wait ends when the peer does what is waited for, breaks the channel, or its node ends, which
 * rings the doorbell too; or when the moment that its caller gave has come.
 */
#include "channel_memory.h"

#include <cmk/timer.h>

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

static bool has_come(uint64_t moment)
{
    return moment != CMK_TIMER_NEVER && cmk_now() >= moment;
}

/* False: the moment has come, and what is waited for has not, even then. */
static bool wait_for_one(struct cmk_channel_end *end, condition_t is_over, size_t amount,
                         uint64_t moment)
{
    for (;;) {
        for (unsigned i = 0; i < end->spins || !end->bell; i++) {
            bool late = has_come(moment);
            if (is_over(end, amount)) {
                return true;
            }
            if (late) {
                return false;
            }
            cmk_doorbell_relax(i);
        }
        announce_nap(end);
        atomic_thread_fence(memory_order_seq_cst);
        bool late = has_come(moment);
        bool over = is_over(end, amount);
        if (!over && !late) {
            end->naps++;
            cmk_doorbell_sleep_until(end->bell, moment);
        }
        announce_nap(end); /* even: awake */
        if (over || late) {
            return over;
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

size_t cmk_channel_wait_any_until(struct cmk_channel_end *const ends[], size_t count, size_t last,
                                  uint64_t moment)
{
    size_t first = (last + 1) % count;
    for (;;) {
        size_t found = count;
        bool late = false;
        for (unsigned i = 0; (i < ends[0]->spins || !ends[0]->bell) && found == count && !late;
             i++) {
            late = has_come(moment);
            found = find(ends, count, first);
            cmk_doorbell_relax(i);
        }
        if (found < count || late) {
            return found;
        }
        for (size_t i = 0; i < count; i++) {
            announce_nap(ends[i]);
        }
        atomic_thread_fence(memory_order_seq_cst);
        late = has_come(moment);
        found = find(ends, count, first);
        if (found == count && !late) {
            ends[0]->naps++;
            cmk_doorbell_sleep_until(ends[0]->bell, moment);
        }
        for (size_t i = 0; i < count; i++) {
            announce_nap(ends[i]);
        }
        if (found < count || late) {
            return found;
        }
    }
}

size_t cmk_channel_wait_any(struct cmk_channel_end *const ends[], size_t count, size_t last)
{
    return cmk_channel_wait_any_until(ends, count, last, CMK_TIMER_NEVER);
}

enum cmk_channel_error channel_put_waiting(struct cmk_channel_end *end, enum cmk_message_kind kind,
                                           uint64_t tag, const void *data, size_t length,
                                           uint64_t moment)
{
    for (;;) {
        enum cmk_channel_error error = channel_put(end, kind, tag, data, length);
        if (error != CMK_CHANNEL_FULL) {
            return error;
        }
        if (!wait_for_one(end, has_room, length, moment)) {
            return CMK_CHANNEL_TIMED_OUT;
        }
    }
}

void *cmk_channel_bulk_wait_until(struct cmk_channel_end *end, size_t length, uint64_t moment)
{
    if (length == 0 || length > end->geometry.bulk_bytes / 2) {
        return NULL;
    }
    return wait_for_one(end, has_bulk_room, length, moment) ? cmk_channel_bulk_reserve(end, length)
                                                            : NULL;
}

void *cmk_channel_bulk_wait(struct cmk_channel_end *end, size_t length)
{
    return cmk_channel_bulk_wait_until(end, length, CMK_TIMER_NEVER);
}

enum cmk_channel_error cmk_channel_send_until(struct cmk_channel_end *end, uint64_t tag,
                                              const void *data, size_t length, uint64_t moment)
{
    return channel_put_waiting(end, CMK_MESSAGE, tag, data, length, moment);
}

enum cmk_channel_error cmk_channel_send(struct cmk_channel_end *end, uint64_t tag, const void *data,
                                        size_t length)
{
    return cmk_channel_send_until(end, tag, data, length, CMK_TIMER_NEVER);
}

enum cmk_channel_error cmk_channel_receive_until(struct cmk_channel_end *end,
                                                 struct cmk_message *message, void *buffer,
                                                 size_t capacity, uint64_t moment)
{
    for (;;) {
        enum cmk_channel_error error = cmk_channel_try_receive(end, message, buffer, capacity);
        if (error != CMK_CHANNEL_EMPTY) {
            return error;
        }
        if (!wait_for_one(end, has_message, 0, moment)) {
            return CMK_CHANNEL_TIMED_OUT;
        }
    }
}

enum cmk_channel_error cmk_channel_receive(struct cmk_channel_end *end, struct cmk_message *message,
                                           void *buffer, size_t capacity)
{
    return cmk_channel_receive_until(end, message, buffer, capacity, CMK_TIMER_NEVER);
}

/* The next message is a reply, but to a call that gave up waiting for it. */
static bool is_late_reply(const struct cmk_channel_end *end)
{
    return header_kind(end->next_header) == CMK_REPLY && end->late_replies > 0 &&
           channel_next_tag(end) < end->last_call;
}

/* Waits for the next message that is no late reply, and leaves it there. */
static enum cmk_channel_error wait_for_reply(struct cmk_channel_end *end, uint64_t moment)
{
    for (;;) {
        enum cmk_channel_error error = channel_peek(end);
        if (error == CMK_CHANNEL_OK && is_late_reply(end)) {
            channel_skip(end);
            end->late_replies--;
        } else if (error != CMK_CHANNEL_EMPTY) {
            return error;
        } else if (!wait_for_one(end, has_message, 0, moment)) {
            return CMK_CHANNEL_TIMED_OUT;
        }
    }
}

enum cmk_channel_error cmk_channel_call_until(struct cmk_channel_end *end, const void *request,
                                              size_t length, void *reply, size_t capacity,
                                              size_t *reply_length, uint64_t moment)
{
    uint64_t call = ++end->last_call;
    enum cmk_channel_error error =
        channel_put_waiting(end, CMK_REQUEST, call, request, length, moment);
    if (error != CMK_CHANNEL_OK) {
        return error;
    }
    error = wait_for_reply(end, moment);
    if (error == CMK_CHANNEL_TIMED_OUT) {
        end->late_replies++;
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

enum cmk_channel_error cmk_channel_call(struct cmk_channel_end *end, const void *request,
                                        size_t length, void *reply, size_t capacity,
                                        size_t *reply_length)
{
    return cmk_channel_call_until(end, request, length, reply, capacity, reply_length,
                                  CMK_TIMER_NEVER);
}

enum cmk_channel_error cmk_channel_reply_until(struct cmk_channel_end *end,
                                               const struct cmk_message *request, const void *data,
                                               size_t length, uint64_t moment)
{
    return channel_put_waiting(end, CMK_REPLY, request->tag, data, length, moment);
}

enum cmk_channel_error cmk_channel_reply(struct cmk_channel_end *end,
                                         const struct cmk_message *request, const void *data,
                                         size_t length)
{
    return cmk_channel_reply_until(end, request, data, length, CMK_TIMER_NEVER);
}
