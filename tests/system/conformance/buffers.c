/* Long messages, and the IPC buffers they travel in (contract 2.1, 2.3). */
#include "harness.h"
#include <string.h>

static struct worker *receiver(word endpoint)
{
    struct worker *worker = new_worker(MIDDLE);

    add_step(worker, RECV, endpoint, 0xaaa, 0xa0, 0xa1, 0xa2, 0xa3);
    start_script(worker);
    settle();
    return worker;
}

static void fill_buffer(seL4_IPCBuffer *buffer, word base)
{
    for (word i = 0; i < 120; i++) {
        buffer->msg[i] = base + i;
    }
}

static void long_message(word length, word expected)
{
    word endpoint = new_endpoint();
    struct worker *from = new_worker(MIDDLE);
    struct worker *to = receiver(endpoint);
    word wrong = 0;

    memset(to->buffer, 0x55, sizeof(*to->buffer));
    to->buffer->receiveCNode = 0;
    fill_buffer(from->buffer, 1000);
    add_message(from, SEND, endpoint, 5, length);
    start_script(from);
    settle();
    CHECK_EQUAL(info_length(to->outcomes[0].rsi), expected);
    /* The first four travel in registers and are written nowhere else. */
    for (word i = 0; i < 120; i++) {
        word want = i >= 4 && i < expected ? 1000 + i : 0x5555555555555555;

        wrong += to->buffer->msg[i] != want;
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(to->outcomes[0].mr[0], 0x1111);
    CHECK_EQUAL(to->buffer->tag.words[0], 0x5555555555555555);
    CHECK_EQUAL(to->buffer->userData, 0x5555555555555555);
}

static void long_messages(void)
{
    static const word lengths[] = {5, 6, 119, 120};

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        long_message(lengths[i], lengths[i]);
    }
}

static void too_long_messages(void)
{
    long_message(121, 120);
    long_message(127, 120);
}

static void no_buffer_to_receive(void)
{
    word endpoint = new_endpoint();
    struct worker *to = make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});

    add_step(to, RECV, endpoint, 0, 0, 0, 0, 0);
    start_script(to);
    settle();
    nb_send(endpoint, 6, ARGS(1, 2, 3, 4, 5, 6));
    settle();
    CHECK_EQUAL(to->outcomes[0].rsi, message_info(6, 0, 4));
    CHECK_EQUAL(to->outcomes[0].mr[3], 4);
}

static void no_buffer_to_send(void)
{
    word endpoint = new_endpoint();
    struct worker *from =
        make_worker((struct worker_options){.priority = MIDDLE, .no_buffer = true});
    struct reply message;

    add_step(from, SEND, endpoint, message_info(7, 3, 60), 1, 2, 3, 4);
    start_script(from);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 7, 1, 2, 3, 4);
    CHECK_EQUAL(message.extra_caps, 0);
}

static void read_only_buffer(void)
{
    /* A buffer whose frame capability is read-only can be sent from, but not received into. */
    word endpoint = new_endpoint();
    struct worker *worker = new_worker(MIDDLE);
    word frame = new_copy(image_frame(worker->buffer), READ);
    struct reply message;

    CHECK_OK(invoke(worker->tcb, TCB_SET_IPC_BUFFER, ARGS((word)worker->buffer), CAPS(frame)));
    fill_buffer(worker->buffer, 500);
    add_message(worker, SEND, endpoint, 1, 6);
    add_message(worker, RECV, endpoint, 0, 0);
    start_script(worker);
    settle();
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 1, 0x1111, 0x2222, 0x3333, 0x4444, 504, 505);
    settle();
    nb_send(endpoint, 2, ARGS(1, 2, 3, 4, 5, 6));
    settle();
    CHECK_EQUAL(worker->outcomes[1].rsi, message_info(2, 0, 4));
    CHECK_EQUAL(worker->buffer->msg[4], 504);
}

static void buffer_frame_revoked(void)
{
    word endpoint = new_endpoint();
    word frame = new_frame();
    struct worker *worker = new_worker(MIDDLE);

    CHECK_OK(invoke(worker->tcb, TCB_SET_IPC_BUFFER, ARGS(TEST_ADDRESS), CAPS(frame)));
    add_step(worker, RECV, endpoint, 0, 0, 0, 0, 0);
    add_step(worker, RECV, endpoint, 0, 0, 0, 0, 0);
    start_script(worker);
    settle();
    /* The frame need not be mapped for the kernel to use it. */
    nb_send(endpoint, 2, ARGS(1, 2, 3, 4, 5, 6));
    settle();
    CHECK_EQUAL(worker->outcomes[0].rsi, message_info(2, 0, 6));
    CHECK_OK(revoke_cap(frame));
    nb_send(endpoint, 3, ARGS(1, 2, 3, 4, 5, 6));
    settle();
    CHECK_EQUAL(worker->outcomes[1].rsi, message_info(3, 0, 4));
}

static void buffer_within_frame(void)
{
    /* The buffer is where the low bits of its address say, in the frame of the capability. */
    word endpoint = new_endpoint();
    word frame = new_mapped_frame(TEST_ADDRESS);
    struct worker *worker = new_worker(MIDDLE);
    volatile seL4_IPCBuffer *buffer = (volatile seL4_IPCBuffer *)(TEST_ADDRESS + 3 * 1024);

    CHECK_OK(invoke(worker->tcb, TCB_SET_IPC_BUFFER, ARGS(0x7000000 + 3 * 1024), CAPS(frame)));
    add_step(worker, RECV, endpoint, 0, 0, 0, 0, 0);
    start_script(worker);
    settle();
    nb_send(endpoint, 2, ARGS(1, 2, 3, 4, 5));
    settle();
    CHECK_EQUAL(buffer->msg[4], 5);
}

static void message_changed_while_waiting(void)
{
    /*
     * Words beyond the registers are read when the message is transferred, not when the send is
     * made.
     */
    word endpoint = new_endpoint();
    struct worker *worker = new_worker(MIDDLE);
    struct reply message;

    fill_buffer(worker->buffer, 100);
    add_message(worker, SEND, endpoint, 1, 6);
    start_script(worker);
    settle();
    worker->buffer->msg[5] = 0xfeed;
    CHECK(poll_message(endpoint, &message));
    CHECK_MESSAGE(message, 1, 0x1111, 0x2222, 0x3333, 0x4444, 104, 0xfeed);
}

static const struct test tests[] = {
    {"ipc-long", "messages up to 120 words", long_messages},
    {"ipc-too-long", "longer lengths are cut to 120", too_long_messages},
    {"ipc-receive-no-buffer", "without a buffer four words arrive", no_buffer_to_receive},
    {"ipc-send-no-buffer", "without a buffer four words are sent", no_buffer_to_send},
    {"ipc-read-only-buffer", "a read-only buffer serves for sending only", read_only_buffer},
    {"ipc-buffer-revoked", "a buffer whose frame was revoked is none", buffer_frame_revoked},
    {"ipc-buffer-in-frame", "the buffer's place within its frame", buffer_within_frame},
    {"ipc-late-words", "buffer words are read at the transfer", message_changed_while_waiting},
};

SUBJECT(buffers, tests);
