/* Rings and calls, both ends in one thread. */
#include "pair.h"

#include <string.h>

static unsigned char bytes[8192], got[8192];

static void fill(uint64_t seed)
{
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)next_random(&seed);
    }
}

START_TEST(geometry)
{
    struct pair pair;
    static const struct cmk_channel_geometry bad[] = {{0, 0},      {1, 0},  {3, 0},
                                                      {131072, 0}, {4, 64}, {4, 129}};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        must(cmk_channel_bytes(bad[i]) == 0);
        must(cmk_channel_max_message(bad[i]) == 0);
    }
    pair_open(&pair, 8, 128, false);
    must(pair.bytes == 2 * (128 + 8 * 64 + 128));
    struct cmk_channel_config config = {.geometry = {8, 128}, .side = 2};
    must(!cmk_channel_open(&pair.end[0], pair.memory, &config));
    config.side = 0;
    must(!cmk_channel_open(&pair.end[0], (char *)pair.memory + 8, &config));
    must(!cmk_channel_open(&pair.end[0], NULL, &config));
    pair_close(&pair);
}
END_TEST

START_TEST(every_length)
{
    struct pair pair;
    struct cmk_message message;
    fill(7);
    pair_open(&pair, 16, 0, false);
    size_t longest = cmk_channel_max_message(pair.end[0].geometry);
    must(longest == 48 + 15 * 56);
    for (unsigned round = 0; round < 5; round++) {
        for (size_t length = 0; length <= longest; length++) {
            unsigned from = (unsigned)length & 1;
            memset(got, 0xee, sizeof(got));
            must(cmk_channel_try_send(&pair.end[from], length * 3, bytes, length) ==
                 CMK_CHANNEL_OK);
            must(cmk_channel_try_receive(&pair.end[1 - from], &message, got, length) ==
                 CMK_CHANNEL_OK);
            must(message.kind == CMK_MESSAGE);
            must(message.tag == length * 3);
            must(message.length == length);
            must(memcmp(got, bytes, length) == 0);
            must(got[length] == 0xee);
        }
    }
    must(cmk_channel_try_send(&pair.end[0], 0, bytes, longest + 1) == CMK_CHANNEL_TOO_LONG);
    pair_close(&pair);
}
END_TEST

START_TEST(full_and_empty)
{
    struct pair pair;
    struct cmk_message message;
    pair_open(&pair, 4, 0, false);
    must(cmk_channel_try_receive(&pair.end[1], &message, got, 8) == CMK_CHANNEL_EMPTY);
    for (uint64_t sent = 0; sent < 4; sent++) {
        must(cmk_channel_try_send(&pair.end[0], sent, NULL, 0) == CMK_CHANNEL_OK);
    }
    must(cmk_channel_try_send(&pair.end[0], 9, NULL, 0) == CMK_CHANNEL_FULL);
    for (uint64_t tag = 0; tag < 1000; tag++) {
        must(cmk_channel_try_receive(&pair.end[1], &message, got, 8) == CMK_CHANNEL_OK);
        must(message.tag == tag);
        must(cmk_channel_try_send(&pair.end[0], tag + 4, NULL, 0) == CMK_CHANNEL_OK);
        must(cmk_channel_try_send(&pair.end[0], 9, bytes, 49) == CMK_CHANNEL_FULL);
    }
    pair_close(&pair);
}
END_TEST

/* Positions count on past 2^32; then sequences begin again. */
START_TEST(sequence_wraps)
{
    struct pair pair;
    struct cmk_message message;
    pair_open(&pair, 4, 0, false);
    for (unsigned side = 0; side < 2; side++) {
        pair.end[side].sent = pair.end[side].sent_taken = pair.end[side].received = 0xfffffff8u;
    }
    /* What the rings would hold: the sequences of one round before. */
    for (unsigned i = 0; i < 8; i++) {
        uint64_t *line = (uint64_t *)((char *)pair.memory + 256 + 64 * i);
        line[0] = 0xfffffff8u - 4 + i % 4 + 1;
    }
    for (uint64_t tag = 0; tag < 100; tag++) {
        must(cmk_channel_try_receive(&pair.end[1], &message, got, 100) == CMK_CHANNEL_EMPTY);
        must(cmk_channel_try_send(&pair.end[0], tag, bytes, 49) == CMK_CHANNEL_OK);
        must(cmk_channel_try_receive(&pair.end[1], &message, got, 100) == CMK_CHANNEL_OK);
        must(message.tag == tag);
    }
    pair_close(&pair);
}
END_TEST

/* Data that looks like any header of later rounds is not taken for one. */
START_TEST(data_like_headers)
{
    struct pair pair;
    struct cmk_message message;
    pair_open(&pair, 4, 0, false);
    for (unsigned round = 0; round < 200; round++) {
        uint64_t data[20];
        for (unsigned i = 0; i < 20; i++) {
            data[i] = (uint32_t)(pair.end[0].sent + 1 + i % 9) | (uint64_t)CMK_MESSAGE << 56;
        }
        must(cmk_channel_try_send(&pair.end[0], data[0], data, 40 + 8 * (round % 15)) ==
             CMK_CHANNEL_OK);
        must(cmk_channel_try_receive(&pair.end[1], &message, got, sizeof(got)) == CMK_CHANNEL_OK);
        must(message.length == 40 + 8 * (round % 15));
        must(cmk_channel_try_receive(&pair.end[1], &message, got, sizeof(got)) ==
             CMK_CHANNEL_EMPTY);
    }
    pair_close(&pair);
}
END_TEST

START_TEST(too_long_stays)
{
    struct pair pair;
    struct cmk_message message;
    fill(3);
    pair_open(&pair, 4, 0, false);
    must(cmk_channel_try_send(&pair.end[0], 5, bytes, 60) == CMK_CHANNEL_OK);
    must(cmk_channel_try_receive(&pair.end[1], &message, got, 59) == CMK_CHANNEL_TOO_LONG);
    must(message.length == 60);
    must(cmk_channel_try_receive(&pair.end[1], &message, got, 60) == CMK_CHANNEL_OK);
    must(memcmp(got, bytes, 60) == 0);
    pair_close(&pair);
}
END_TEST

START_TEST(dead_peer)
{
    struct pair pair;
    struct cmk_message message;
    for (unsigned state = CMK_STATUS_EXITED; state <= CMK_STATUS_STOPPED; state++) {
        pair_open(&pair, 4, 256, true);
        must(cmk_channel_try_send(&pair.end[0], 5, bytes, 60) == CMK_CHANNEL_OK);
        pair_end_node(&pair, 0, state);
        must(cmk_channel_state(&pair.end[1]) == CMK_CHANNEL_DEAD);
        must(cmk_channel_try_send(&pair.end[1], 5, bytes, 60) == CMK_CHANNEL_DEAD);
        must(!cmk_channel_bulk_reserve(&pair.end[1], 10));
        must(!cmk_channel_bulk_wait(&pair.end[1], 10));
        must(cmk_channel_receive(&pair.end[1], &message, got, 60) == CMK_CHANNEL_OK);
        must(cmk_channel_try_receive(&pair.end[1], &message, got, 60) == CMK_CHANNEL_DEAD);
        must(cmk_channel_receive(&pair.end[1], &message, got, 60) == CMK_CHANNEL_DEAD);
        pair_close(&pair);
    }
}
END_TEST

START_TEST(call_finds_another_message)
{
    struct pair pair;
    struct cmk_message message;
    size_t length;
    pair_open(&pair, 4, 0, true);
    must(cmk_channel_try_send(&pair.end[1], 77, NULL, 0) == CMK_CHANNEL_OK);
    must(cmk_channel_call(&pair.end[0], "q", 1, got, 8, &length) == CMK_CHANNEL_UNEXPECTED);
    must(cmk_channel_try_receive(&pair.end[0], &message, got, 8) == CMK_CHANNEL_OK);
    must(message.tag == 77);
    pair_close(&pair);
}
END_TEST

START_TEST(reply_to_another_call)
{
    struct pair pair;
    struct cmk_message wrong = {.kind = CMK_REQUEST, .tag = 5};
    size_t length;
    pair_open(&pair, 4, 0, true);
    must(cmk_channel_reply(&pair.end[1], &wrong, "a", 1) == CMK_CHANNEL_OK);
    must(cmk_channel_call(&pair.end[0], "q", 1, got, 8, &length) == CMK_CHANNEL_BROKEN);
    pair_close(&pair);
}
END_TEST

/* The peer is rung once for each nap, and not at all while it is awake. */
START_TEST(rings_once_for_a_nap)
{
    struct pair pair;
    pair_open(&pair, 8, 0, true);
    must(cmk_channel_try_send(&pair.end[0], 0, NULL, 0) == CMK_CHANNEL_OK);
    must(pair.end[0].rings == 0);
    uint64_t *nap = (uint64_t *)((char *)pair.memory + 128 + 64);
    for (uint64_t naps = 1; naps < 4; naps++) {
        *nap += 1;
        must(cmk_channel_try_send(&pair.end[0], 0, NULL, 0) == CMK_CHANNEL_OK);
        must(cmk_channel_try_send(&pair.end[0], 0, NULL, 0) == CMK_CHANNEL_OK);
        must(pair.end[0].rings == naps);
        *nap += 1;
    }
    pair_close(&pair);
}
END_TEST

/*
 * Between the last look and the announcement of a nap: what comes then rings nobody, and only one
 * more look finds it.
 */
static struct pair *late_pair;

static void send_late(void)
{
    must(cmk_channel_try_send(&late_pair->end[0], 3, NULL, 0) == CMK_CHANNEL_OK);
    pair_between_looks = NULL;
}

static void receive_late(void)
{
    struct cmk_message message;
    must(cmk_channel_try_receive(&late_pair->end[0], &message, got, sizeof(got)) == CMK_CHANNEL_OK);
    pair_between_looks = NULL;
}

START_TEST(message_just_before_the_nap)
{
    struct pair pair;
    struct cmk_message message;
    struct cmk_channel_end *ends[1] = {&pair.end[1]};
    pair_open(&pair, 4, 0, true);
    late_pair = &pair;
    pair.end[1].spins = 1;
    pair_between_looks = send_late;
    must(cmk_channel_receive(&pair.end[1], &message, got, 8) == CMK_CHANNEL_OK && message.tag == 3);
    pair_between_looks = send_late;
    must(cmk_channel_wait_any(ends, 1, 0) == 0);
    must(pair.end[0].rings == 0 && pair.end[1].naps == 0);
    pair_close(&pair);
}
END_TEST

START_TEST(room_just_before_the_nap)
{
    struct pair pair;
    pair_open(&pair, 4, 0, true);
    late_pair = &pair;
    pair.end[1].spins = 1;
    for (unsigned i = 0; i < 4; i++) {
        must(cmk_channel_try_send(&pair.end[1], i, NULL, 0) == CMK_CHANNEL_OK);
    }
    pair_between_looks = receive_late;
    must(cmk_channel_send(&pair.end[1], 4, NULL, 0) == CMK_CHANNEL_OK);
    must(pair.end[0].rings == 0 && pair.end[1].naps == 0);
    pair_close(&pair);
}
END_TEST

Suite *ring_suite(void)
{
    Suite *suite = suite_create("ring");
    TCase *cases = tcase_create("one thread");
    tcase_add_test(cases, geometry);
    tcase_add_test(cases, every_length);
    tcase_add_test(cases, full_and_empty);
    tcase_add_test(cases, sequence_wraps);
    tcase_add_test(cases, data_like_headers);
    tcase_add_test(cases, too_long_stays);
    tcase_add_test(cases, dead_peer);
    tcase_add_test(cases, call_finds_another_message);
    tcase_add_test(cases, reply_to_another_call);
    tcase_add_test(cases, rings_once_for_a_nap);
    tcase_add_test(cases, message_just_before_the_nap);
    tcase_add_test(cases, room_just_before_the_nap);
    suite_add_tcase(suite, cases);
    return suite;
}
