/*
 * Each single word that a correct peer does not write, one at a time: the channel is broken at
 * once, and stays so.
 */
#include "pair.h"

#include <string.h>

#define LINES        8
#define SIDE_0_TAKEN 0  /* index of words in the shared memory */
#define RING_0       32 /* side 0 to side 1 */

static unsigned char buffer[4096];

static uint64_t header(uint64_t sequence, uint64_t length, uint64_t kind)
{
    return (uint32_t)sequence | length << 32 | kind << 56;
}

/*
 * What side 1 says when the header of its next message is this one, after it received `before`
 * messages.
 */
static enum cmk_channel_error answer_to(uint64_t wrong, unsigned before)
{
    struct pair pair;
    struct cmk_message message;
    pair_open(&pair, LINES, 256, false);
    for (unsigned i = 0; i < before; i++) {
        must(cmk_channel_try_send(&pair.end[0], i, NULL, 0) == CMK_CHANNEL_OK);
        must(cmk_channel_try_receive(&pair.end[1], &message, NULL, 0) == CMK_CHANNEL_OK);
    }
    ((uint64_t *)pair.memory)[RING_0 + before % LINES * 8] = wrong;
    enum cmk_channel_error error =
        cmk_channel_try_receive(&pair.end[1], &message, buffer, sizeof(buffer));
    if (error == CMK_CHANNEL_BROKEN) {
        must(cmk_channel_state(&pair.end[1]) == CMK_CHANNEL_BROKEN);
        must(cmk_channel_try_receive(&pair.end[1], &message, buffer, sizeof(buffer)) ==
             CMK_CHANNEL_BROKEN);
        must(cmk_channel_try_send(&pair.end[1], 0, NULL, 0) == CMK_CHANNEL_BROKEN);
        must(!cmk_channel_bulk_reserve(&pair.end[1], 1));
    }
    pair_close(&pair);
    return error;
}

START_TEST(headers)
{
    uint64_t longest = 48 + (LINES - 1) * 56;
    must(answer_to(0, 0) == CMK_CHANNEL_EMPTY);
    must(answer_to(header(1, longest, CMK_MESSAGE), 0) == CMK_CHANNEL_OK);
    must(answer_to(header(1, longest + 1, CMK_MESSAGE), 0) == CMK_CHANNEL_BROKEN);
    must(answer_to(header(1, 0xffffff, CMK_REPLY), 0) == CMK_CHANNEL_BROKEN);
    static const uint64_t kinds[] = {0, CMK_BULK + 1, 0x7f, 0xff};
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        must(answer_to(header(1, 5, kinds[i]), 0) == CMK_CHANNEL_BROKEN);
    }
    for (uint64_t length = 0; length < 40; length++) {
        /* with 16, the reference is wrong */
        must(answer_to(header(1, length, CMK_BULK), 0) == CMK_CHANNEL_BROKEN);
    }
    static const uint64_t sequences[] = {0, 2, 3, 9, 0x80000001, 0xffffffff};
    for (unsigned i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        must(answer_to(header(sequences[i], 0, CMK_MESSAGE), 0) == CMK_CHANNEL_BROKEN);
    }
}
END_TEST

/* Later rounds: a line holds the sequence of the round before, and nothing older. */
START_TEST(headers_of_later_rounds)
{
    unsigned before = 3 * LINES + 2;
    must(answer_to(header(before + 1 - LINES, 0, CMK_MESSAGE), before) == CMK_CHANNEL_EMPTY);
    must(answer_to(header(before + 1, 0, CMK_MESSAGE), before) == CMK_CHANNEL_OK);
    must(answer_to(header(before + 1 - 2 * LINES, 0, CMK_MESSAGE), before) == CMK_CHANNEL_BROKEN);
    must(answer_to(header(before, 0, CMK_MESSAGE), before) == CMK_CHANNEL_BROKEN);
    must(answer_to(header(before + 1 + LINES, 0, CMK_MESSAGE), before) == CMK_CHANNEL_BROKEN);
    must(answer_to(0, before) == CMK_CHANNEL_BROKEN);
}
END_TEST

/*
 * Side 1 has sent 8 + 3 messages, of which it knows that 8 were received; then its peer says
 * `taken`.
 */
static enum cmk_channel_error answer_to_taken(uint64_t taken)
{
    struct pair pair;
    struct cmk_message message;
    pair_open(&pair, LINES, 256, false);
    for (unsigned i = 0; i < LINES + 3; i++) {
        must(cmk_channel_try_send(&pair.end[1], i, NULL, 0) == CMK_CHANNEL_OK);
        must(cmk_channel_try_receive(&pair.end[0], &message, NULL, 0) == CMK_CHANNEL_OK);
    }
    must(pair.end[1].sent_taken == LINES);
    ((uint64_t *)pair.memory)[SIDE_0_TAKEN] = taken;
    enum cmk_channel_error error = cmk_channel_try_send(&pair.end[1], 0, buffer, 48 + 5 * 56);
    pair_close(&pair);
    return error;
}

START_TEST(taken_lines)
{
    must(answer_to_taken(LINES) == CMK_CHANNEL_FULL);
    must(answer_to_taken(LINES + 1) == CMK_CHANNEL_OK);
    must(answer_to_taken(LINES + 3) == CMK_CHANNEL_OK);
    must(answer_to_taken(LINES + 4) == CMK_CHANNEL_BROKEN);
    must(answer_to_taken(LINES - 1) == CMK_CHANNEL_BROKEN);
    must(answer_to_taken(0) == CMK_CHANNEL_BROKEN);
    must(answer_to_taken(UINT64_MAX) == CMK_CHANNEL_BROKEN);
    must(answer_to_taken(1ul << 63) == CMK_CHANNEL_BROKEN);
}
END_TEST

START_TEST(taken_bulk)
{
    static const struct {
        uint64_t taken;
        bool room;
        enum cmk_channel_error state;
    } cases[] = {{0, false, CMK_CHANNEL_OK},       {64, true, CMK_CHANNEL_OK},
                 {256, true, CMK_CHANNEL_OK},      {257, false, CMK_CHANNEL_BROKEN},
                 {320, false, CMK_CHANNEL_BROKEN}, {UINT64_MAX, false, CMK_CHANNEL_BROKEN}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;
        pair_open(&pair, LINES, 256, false);
        for (unsigned j = 0; j < 4; j++) {
            must(cmk_channel_bulk_reserve(&pair.end[1], 64));
            must(cmk_channel_bulk_send(&pair.end[1], 0) == CMK_CHANNEL_OK);
        }
        ((uint64_t *)pair.memory)[SIDE_0_TAKEN + 1] = cases[i].taken;
        must((cmk_channel_bulk_reserve(&pair.end[1], 64) != NULL) == cases[i].room);
        must(cmk_channel_state(&pair.end[1]) == cases[i].state);
        pair_close(&pair);
    }
}
END_TEST

Suite *wrong_suite(void)
{
    Suite *suite = suite_create("wrong words");
    TCase *cases = tcase_create("one word");
    tcase_add_test(cases, headers);
    tcase_add_test(cases, headers_of_later_rounds);
    tcase_add_test(cases, taken_lines);
    tcase_add_test(cases, taken_bulk);
    suite_add_tcase(suite, cases);
    return suite;
}
