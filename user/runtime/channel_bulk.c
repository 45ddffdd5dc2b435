/*
 * Channels: bulk data by reference. Each side's pool is a ring of bytes that only it writes; a
 * message names a piece of it by position and length, and the other side gives pieces back in their
 * order by storing how far it is.
 */
#include "channel_memory.h"

#include <cmk/timer.h>

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + CMK_CHANNEL_LINE - 1) & ~(uint64_t)(CMK_CHANNEL_LINE - 1);
}

/* The next position at or after `position` from which `length` bytes lie in one piece. */
static uint64_t position_for(uint64_t position, size_t length, uint32_t pool)
{
    uint64_t offset = position & (pool - 1);
    return offset + length <= pool ? position : position + (pool - offset);
}

void *cmk_channel_bulk_reserve(struct cmk_channel_end *end, size_t length)
{
    uint32_t pool = end->geometry.bulk_bytes;
    end->bulk_reserved = end->bulk_reserved_end = end->bulk_sent;
    if (length == 0 || length > pool / 2 || cmk_channel_state(end) != CMK_CHANNEL_OK) {
        return NULL;
    }
    uint64_t position = position_for(end->bulk_sent, length, pool);
    uint64_t after = position + whole_lines(length);
    if (after - end->bulk_taken > pool) {
        if (!channel_is_matched(end)) {
            return NULL;
        }
        uint64_t taken = atomic_load_explicit(&end->theirs->taken_bulk, memory_order_acquire);
        if (taken - end->bulk_taken > end->bulk_sent - end->bulk_taken) {
            (void)channel_break(end);
            return NULL;
        }
        end->bulk_taken = taken;
        if (after - taken > pool) {
            return NULL;
        }
    }
    end->bulk_reserved = position;
    end->bulk_reserved_end = position + length;
    return end->bulk_out + (position & (pool - 1));
}

enum cmk_channel_error cmk_channel_bulk_send(struct cmk_channel_end *end, uint64_t tag)
{
    return cmk_channel_bulk_send_until(end, tag, CMK_TIMER_NEVER);
}

enum cmk_channel_error cmk_channel_bulk_send_until(struct cmk_channel_end *end, uint64_t tag,
                                                   uint64_t moment)
{
    uint64_t reference[2] = {end->bulk_reserved, end->bulk_reserved_end - end->bulk_reserved};
    if (reference[1] == 0) {
        return CMK_CHANNEL_UNEXPECTED;
    }
    enum cmk_channel_error error =
        channel_put_waiting(end, CMK_BULK, tag, reference, sizeof(reference), moment);
    if (error == CMK_CHANNEL_OK) {
        end->bulk_sent = end->bulk_reserved + whole_lines(reference[1]);
        end->bulk_reserved = end->bulk_reserved_end = end->bulk_sent;
    }
    return error;
}

/*
 * A correct peer's pieces follow each other; where one does not fit before the pool's end, it
 * begins at the start.
 */
bool channel_bulk_accept(struct cmk_channel_end *end, struct cmk_message *message,
                         uint64_t position, uint64_t length)
{
    uint32_t pool = end->geometry.bulk_bytes;
    if (length == 0 || length > pool / 2 ||
        position != position_for(end->bulk_received, length, pool)) {
        return false;
    }
    message->length = length;
    message->bulk = end->bulk_in + (position & (pool - 1));
    message->bulk_end = position + whole_lines(length);
    end->bulk_received = message->bulk_end;
    return true;
}

void cmk_channel_bulk_release(struct cmk_channel_end *end, const struct cmk_message *message)
{
    atomic_store_explicit(&end->mine->taken_bulk, message->bulk_end, memory_order_release);
    channel_wake_peer(end);
}

/*
 * Pieces begin at line boundaries of the pool, so whole words can be loaded; the last one may reach
 * past the piece. The peer's next life may have filled its pool meanwhile.
 */
enum cmk_channel_error cmk_channel_bulk_copy(struct cmk_channel_end *end,
                                             const struct cmk_message *message, void *buffer,
                                             size_t capacity)
{
    if (message->kind != CMK_BULK) {
        return CMK_CHANNEL_UNEXPECTED;
    }
    if (message->length > capacity) {
        return CMK_CHANNEL_TOO_LONG;
    }
    load_words(buffer, message->bulk, message->length);
    if (channel_peer_is_new(end)) {
        return CMK_CHANNEL_DEAD;
    }
    cmk_channel_bulk_release(end, message);
    return CMK_CHANNEL_OK;
}
