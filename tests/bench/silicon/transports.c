/* CMK's channels, and the yardsticks beside them. */
#include "silicon.h"

#include <cmk/channel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "silicon: %s\n", what);
        exit(2);
    }
}

static void close_nothing(void)
{
}

/* --- A cache line in each direction: its only word changes. --- */

static struct {
    _Alignas(LINE) _Atomic uint64_t word;
} line[2];
static uint64_t last_seen[2];

static void line_open(size_t bytes)
{
    (void)bytes;
    for (unsigned side = 0; side < 2; side++) {
        atomic_store(&line[side].word, 0);
        last_seen[side] = 0;
    }
}

/* The data is a time stamp, which is never twice the same. */
static void line_send(unsigned side, const void *data, size_t bytes)
{
    uint64_t word;
    (void)bytes;
    memcpy(&word, data, sizeof(word));
    atomic_store_explicit(&line[side].word, word, memory_order_release);
}

static void line_receive(unsigned side, void *data, size_t bytes)
{
    uint64_t word;
    (void)bytes;
    while ((word = atomic_load_explicit(&line[1 - side].word, memory_order_acquire)) ==
           last_seen[side]) {
        __builtin_ia32_pause();
    }
    last_seen[side] = word;
    memcpy(data, &word, sizeof(word));
}

static const struct transport line_transport = {
    "cache line", 8, 8, false, line_open, line_send, line_receive, close_nothing,
};

/* --- A mailbox of one message in each direction; odd: full. --- */

static struct {
    _Alignas(LINE) _Atomic uint64_t sequence;
    unsigned char data[LARGEST_MESSAGE];
} mailbox[2];

static void mailbox_open(size_t bytes)
{
    (void)bytes;
    atomic_store(&mailbox[0].sequence, 0);
    atomic_store(&mailbox[1].sequence, 0);
}

static uint64_t mailbox_wait(unsigned which, unsigned is_full)
{
    for (;;) {
        uint64_t sequence = atomic_load_explicit(&mailbox[which].sequence, memory_order_acquire);
        if ((sequence & 1) == is_full) {
            return sequence;
        }
        __builtin_ia32_pause();
    }
}

static void mailbox_send(unsigned side, const void *data, size_t bytes)
{
    uint64_t sequence = mailbox_wait(side, 0);
    memcpy(mailbox[side].data, data, bytes);
    atomic_store_explicit(&mailbox[side].sequence, sequence + 1, memory_order_release);
}

static void mailbox_receive(unsigned side, void *data, size_t bytes)
{
    uint64_t sequence = mailbox_wait(1 - side, 1);
    memcpy(data, mailbox[1 - side].data, bytes);
    atomic_store_explicit(&mailbox[1 - side].sequence, sequence + 1, memory_order_release);
}

static const struct transport mailbox_transport = {
    "mailbox", 8, LARGEST_MESSAGE, true, mailbox_open, mailbox_send, mailbox_receive, close_nothing,
};

/* --- Pipes of the host. --- */

static int pipes[2][2];

static void pipe_open(size_t bytes)
{
    (void)bytes;
    must(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0, "no pipe can be made");
}

static void pipe_close(void)
{
    for (unsigned i = 0; i < 4; i++) {
        close(pipes[i / 2][i % 2]);
    }
}

static void pipe_send(unsigned side, const void *data, size_t bytes)
{
    must(write(pipes[side][1], data, bytes) == (ssize_t)bytes, "a pipe was not written");
}

static void pipe_receive(unsigned side, void *data, size_t bytes)
{
    for (size_t got = 0; got < bytes;) {
        ssize_t more = read(pipes[1 - side][0], (char *)data + got, bytes - got);
        must(more > 0, "a pipe was not read");
        got += (size_t)more;
    }
}

static const struct transport pipe_transport = {
    "pipe", 8, LARGEST_MESSAGE, true, pipe_open, pipe_send, pipe_receive, pipe_close,
};

/* --- CMK's channels: messages, and bulk data. Ends without doorbells, which only look. --- */

enum { FEWEST_LINES = 64 };

static void *channel_memory;
static struct cmk_channel_end end[2];

void cmk_doorbell_ring(seL4_CPtr button)
{
    (void)button;
    must(false, "an end without a doorbell was rung");
}

void cmk_doorbell_sleep(struct cmk_doorbell *bell)
{
    (void)bell;
    must(false, "an end without a doorbell sleeps");
}

void cmk_doorbell_relax(unsigned count)
{
    (void)count;
    __builtin_ia32_pause();
}

static void channel_open_with(struct cmk_channel_geometry geometry)
{
    size_t bytes = cmk_channel_bytes(geometry);
    must(bytes != 0, "a channel's geometry is not possible");
    channel_memory = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
    must(channel_memory, "no memory for a channel");
    memset(channel_memory, 0, bytes);
    for (unsigned side = 0; side < 2; side++) {
        struct cmk_channel_config config = {.geometry = geometry, .side = side};
        must(cmk_channel_open(&end[side], channel_memory, &config), "a channel cannot be opened");
    }
}

/* Room for two messages of the size. */
static void channel_open(size_t bytes)
{
    struct cmk_channel_geometry geometry = {FEWEST_LINES, 0};
    while (cmk_channel_max_message(geometry) < 2 * bytes) {
        geometry.lines *= 2;
    }
    channel_open_with(geometry);
}

static void channel_close(void)
{
    free(channel_memory);
}

static void channel_send(unsigned side, const void *data, size_t bytes)
{
    must(cmk_channel_send(&end[side], 0, data, bytes) == CMK_CHANNEL_OK, "a message was not sent");
}

static void channel_receive(unsigned side, void *data, size_t bytes)
{
    struct cmk_message message;
    must(cmk_channel_receive(&end[side], &message, data, bytes) == CMK_CHANNEL_OK &&
             message.length == bytes,
         "a message was not received");
}

static const struct transport channel_transport = {
    "channel", 8, LARGEST_MESSAGE, true, channel_open, channel_send, channel_receive, channel_close,
};

/* A pool of four pieces. */
static void bulk_open(size_t bytes)
{
    channel_open_with((struct cmk_channel_geometry){FEWEST_LINES, (uint32_t)(4 * bytes)});
}

static void bulk_send(unsigned side, const void *data, size_t bytes)
{
    void *room = cmk_channel_bulk_wait(&end[side], bytes);
    must(room, "there is no room for bulk data");
    memcpy(room, data, bytes);
    must(cmk_channel_bulk_send(&end[side], 0) == CMK_CHANNEL_OK, "bulk data was not sent");
}

static void bulk_receive(unsigned side, void *data, size_t bytes)
{
    struct cmk_message message;
    must(cmk_channel_receive(&end[side], &message, NULL, 0) == CMK_CHANNEL_OK &&
             cmk_channel_bulk_copy(&end[side], &message, data, bytes) == CMK_CHANNEL_OK &&
             message.length == bytes,
         "bulk data was not received");
}

static const struct transport bulk_transport = {
    "bulk", 1024, LARGEST_MESSAGE, true, bulk_open, bulk_send, bulk_receive, channel_close,
};

const struct transport *const transports[] = {
    &line_transport, &mailbox_transport, &pipe_transport, &channel_transport, &bulk_transport, NULL,
};
