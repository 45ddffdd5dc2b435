/*
 * A stream of numbered operations between two nodes: plain messages of any length, writes to a key
 * that the peer keeps, and reads of it. The number decides everything else, so that the receiver
 * can tell what it must get.
 */
#include "chaos.h"

#include <stdio.h>
#include <string.h>

enum { PLAIN, MORE_PLAIN, WRITE, READ, OPERATIONS };

#define TAG_REPLY (1ul << 62)
#define TAG_DONE  (2ul << 62)
#define WORDS     20

/* Mixes number, sender and receiver, so that a message that went astray is seen. */
static uint64_t content(uint64_t number, seL4_Word from, seL4_Word to)
{
    uint64_t x = number * 0x9e3779b97f4a7c15ul + from * 0x1000193 + to * 31 + 1;
    return x ^ x >> 29;
}

static size_t words_of(uint64_t number)
{
    return number % OPERATIONS >= WRITE ? 1 : number * 7 % WORDS;
}

static bool wrong(seL4_Word peer, const char *what, uint64_t number)
{
    printf("wrong: %s, from node %lu, number %lu\n", what, peer, number);
    return false;
}

/* Says whether it was sent; a dead peer is noticed on the way. */
static bool put(struct stream *stream, uint64_t tag, const void *data, size_t length,
                bool *progress)
{
    enum cmk_channel_error error = cmk_channel_try_send(stream->end, tag, data, length);
    *progress = *progress || error == CMK_CHANNEL_OK;
    return error == CMK_CHANNEL_OK;
}

static void send_operation(struct stream *stream, seL4_Word peer, bool *progress)
{
    uint64_t number = stream->sent;
    uint64_t data[WORDS];
    uint64_t key = number / OPERATIONS % 64;
    uint64_t reads = number / OPERATIONS;
    if (number % OPERATIONS == READ && reads - stream->replies >= 64) {
        return;
    }
    for (size_t i = 0; i < words_of(number); i++) {
        data[i] = content(number, mesh.self, peer) + i;
    }
    if (put(stream, number, data, words_of(number) * sizeof(data[0]), progress)) {
        stream->sent++;
        if (number % OPERATIONS == WRITE) {
            stream->own[key] = data[0];
        } else if (number % OPERATIONS == READ) {
            stream->expected[reads % 64] = stream->own[key];
        }
    }
}

static bool take_operation(struct stream *stream, seL4_Word peer, const struct cmk_message *message,
                           const uint64_t *data)
{
    uint64_t number = stream->received;
    uint64_t key = number / OPERATIONS % 64;
    if (message->tag != number || message->length != words_of(number) * sizeof(data[0])) {
        return wrong(peer, "an operation is lost, or came twice", message->tag);
    }
    for (size_t i = 0; i < words_of(number); i++) {
        if (data[i] != content(number, peer, mesh.self) + i) {
            return wrong(peer, "an operation has other content", number);
        }
    }
    stream->received++;
    if (number % OPERATIONS == WRITE) {
        stream->values[key] = data[0];
    } else if (number % OPERATIONS == READ) {
        stream->reply_due = true;
        stream->reply_tag = TAG_REPLY | number / OPERATIONS;
        stream->reply_value = stream->values[key];
    }
    return true;
}

static bool take_message(struct stream *stream, seL4_Word peer, const struct cmk_message *message,
                         const uint64_t *data)
{
    if (message->kind != CMK_MESSAGE) {
        return wrong(peer, "a message of another kind", message->tag);
    }
    if (message->tag == TAG_DONE) {
        stream->heard_done = true;
        return true;
    }
    if (!(message->tag & TAG_REPLY)) {
        return take_operation(stream, peer, message, data);
    }
    if (message->tag != (TAG_REPLY | stream->replies) || message->length != sizeof(data[0])) {
        return wrong(peer, "an answer is lost, or came twice", message->tag);
    }
    if (data[0] != stream->expected[stream->replies % 64]) {
        return wrong(peer, "an answer has another value", message->tag);
    }
    stream->replies++;
    return true;
}

static bool receive_all(struct stream *stream, seL4_Word peer, bool *progress)
{
    uint64_t data[WORDS];
    struct cmk_message message;
    for (unsigned i = 0; i < 16; i++) {
        if (stream->reply_due) {
            if (!put(stream, stream->reply_tag, &stream->reply_value, sizeof(stream->reply_value),
                     progress)) {
                return true;
            }
            stream->reply_due = false;
        }
        switch (cmk_channel_try_receive(stream->end, &message, data, sizeof(data))) {
        case CMK_CHANNEL_OK:
            *progress = true;
            if (!take_message(stream, peer, &message, data)) {
                return false;
            }
            break;
        case CMK_CHANNEL_EMPTY:
            return true;
        case CMK_CHANNEL_DEAD:
            stream->dead = true;
            return true;
        default:
            return wrong(peer, "the channel is broken", stream->received);
        }
    }
    return true;
}

bool stream_is_complete(const struct stream *stream, uint64_t operations)
{
    return stream->dead || (stream->sent == operations && stream->received == operations &&
                            !stream->reply_due && stream->replies == operations / OPERATIONS);
}

bool stream_step(struct stream *stream, seL4_Word peer, uint64_t operations, bool *progress)
{
    if (stream->dead) {
        return true;
    }
    if (stream->sent < operations) {
        send_operation(stream, peer, progress);
    }
    if (stream_is_complete(stream, operations) && !stream->said_done) {
        stream->said_done = put(stream, TAG_DONE, NULL, 0, progress);
    }
    if (cmk_channel_state(stream->end) == CMK_CHANNEL_DEAD) {
        /* nobody waits for it; what the peer sent before is still received */
        stream->reply_due = false;
    }
    if (!receive_all(stream, peer, progress)) {
        return false;
    }
    if (stream->dead) {
        printf("node %lu is dead; %lu operations to it, %lu from it\n", peer, stream->sent,
               stream->received);
        *progress = true;
    }
    return true;
}
