/* Bulk data by reference. */
#include "pair.h"

#include <string.h>

static unsigned char bytes[4096], got[4096];

static void transfer(struct pair *pair, size_t length, uint64_t seed)
{
    struct cmk_message message;
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (unsigned char)next_random(&seed);
    }
    unsigned char *room = cmk_channel_bulk_reserve(&pair->end[0], length);
    must(room);
    memcpy(room, bytes, length);
    must(cmk_channel_bulk_send(&pair->end[0], length) == CMK_CHANNEL_OK);
    must(cmk_channel_try_receive(&pair->end[1], &message, NULL, 0) == CMK_CHANNEL_OK);
    must(message.kind == CMK_BULK);
    must(message.tag == length);
    must(message.length == length);
    must(cmk_channel_bulk_copy(&pair->end[1], &message, got, length - 1) == CMK_CHANNEL_TOO_LONG);
    must(cmk_channel_bulk_copy(&pair->end[1], &message, got, length) == CMK_CHANNEL_OK);
    must(memcmp(got, bytes, length) == 0);
}

START_TEST(every_piece)
{
    struct pair pair;
    pair_open(&pair, 4, 4096, false);
    for (size_t length = 1; length <= 2048; length++) {
        transfer(&pair, length, length + 1);
    }
    must(!cmk_channel_bulk_reserve(&pair.end[0], 2049));
    must(!cmk_channel_bulk_wait(&pair.end[0], 2049));
    must(!cmk_channel_bulk_reserve(&pair.end[0], 0));
    must(cmk_channel_bulk_send(&pair.end[0], 0) == CMK_CHANNEL_UNEXPECTED);
    pair_close(&pair);
}
END_TEST

START_TEST(no_room_until_released)
{
    struct pair pair;
    struct cmk_message first, second;
    pair_open(&pair, 8, 256, false);
    for (unsigned i = 0; i < 2; i++) {
        must(cmk_channel_bulk_reserve(&pair.end[0], 100));
        must(cmk_channel_bulk_send(&pair.end[0], i) == CMK_CHANNEL_OK);
    }
    must(!cmk_channel_bulk_reserve(&pair.end[0], 1));
    must(cmk_channel_try_receive(&pair.end[1], &first, NULL, 0) == CMK_CHANNEL_OK);
    must(cmk_channel_try_receive(&pair.end[1], &second, NULL, 0) == CMK_CHANNEL_OK);
    must(!cmk_channel_bulk_reserve(&pair.end[0], 1));
    cmk_channel_bulk_release(&pair.end[1], &first);
    must(cmk_channel_bulk_reserve(&pair.end[0], 128));
    must(cmk_channel_bulk_send(&pair.end[0], 2) == CMK_CHANNEL_OK);
    must(!cmk_channel_bulk_reserve(&pair.end[0], 1));
    cmk_channel_bulk_release(&pair.end[1], &second);
    must(cmk_channel_bulk_reserve(&pair.end[0], 1));
    pair_close(&pair);
}
END_TEST

/* References that no correct peer sends. */
START_TEST(wrong_references)
{
    static const uint64_t wrong[][2] = {
        {0, 0},         {0, 129},   {64, 1},    {256, 1},         {UINT64_MAX, 1}, {0, UINT64_MAX},
        {0, 1ul << 32}, {192, 128}, {256, 128}, {1ul << 63, 128}, {0, 1ul << 63},  {1, 10}};
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct pair pair;
        struct cmk_message message;
        pair_open(&pair, 4, 256, false);
        uint64_t *line = (uint64_t *)((char *)pair.memory + 256);
        line[2] = wrong[i][0];
        line[3] = wrong[i][1];
        line[0] = 1 | 16ul << 32 | (uint64_t)CMK_BULK << 56;
        must(cmk_channel_try_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_BROKEN);
        must(cmk_channel_try_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_BROKEN);
        must(cmk_channel_try_send(&pair.end[1], 0, NULL, 0) == CMK_CHANNEL_BROKEN);
        pair_close(&pair);
    }
}
END_TEST

START_TEST(without_a_pool)
{
    struct pair pair;
    pair_open(&pair, 4, 0, false);
    must(!cmk_channel_bulk_reserve(&pair.end[0], 1));
    pair_close(&pair);
}
END_TEST

Suite *bulk_suite(void)
{
    Suite *suite = suite_create("bulk");
    TCase *cases = tcase_create("one thread");
    tcase_add_test(cases, every_piece);
    tcase_add_test(cases, no_room_until_released);
    tcase_add_test(cases, wrong_references);
    tcase_add_test(cases, without_a_pool);
    suite_add_tcase(suite, cases);
    return suite;
}
