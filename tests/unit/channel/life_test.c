/* Channels that are opened anew when a node was started again, by both ends in either order. */
#include "channel_memory.h"
#include "pair.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 4, POOL = 256 };

static struct pair pair;
static const struct cmk_channel_geometry geometry = {LINES, POOL};

static void open_end(unsigned side)
{
    struct cmk_channel_config config = {.geometry = geometry,
                                        .side = side,
                                        .peer_status = &pair.status[1 - side],
                                        .own_status = &pair.status[side]};
    must(cmk_channel_open(&pair.end[side], pair.memory, &config));
}

static void set_life(unsigned side, uint64_t state, uint64_t generation)
{
    pair.status[side].generation = generation;
    pair.status[side].state = state;
}

/* Both nodes run for the first time; no end is open. */
static void setup(void)
{
    memset(&pair, 0, sizeof(pair));
    pair.bytes = cmk_channel_bytes(geometry);
    pair.memory = aligned_alloc(CMK_CHANNEL_LINE, pair.bytes);
    memset(pair.memory, 0, pair.bytes);
    set_life(0, CMK_STATUS_RUNNING, 1);
    set_life(1, CMK_STATUS_RUNNING, 1);
}

static void teardown(void)
{
    free(pair.memory);
}

static enum cmk_channel_error send(unsigned side, uint64_t tag)
{
    unsigned char text[100];
    memset(text, (int)tag, sizeof(text));
    return cmk_channel_try_send(&pair.end[side], tag, text, sizeof(text));
}

/* OK: exactly the message `tag`. */
static enum cmk_channel_error receive(unsigned side, uint64_t tag)
{
    struct cmk_message message;
    unsigned char text[100];
    enum cmk_channel_error error =
        cmk_channel_try_receive(&pair.end[side], &message, text, sizeof(text));
    if (error == CMK_CHANNEL_OK) {
        must(message.tag == tag && message.length == sizeof(text));
        for (unsigned i = 0; i < sizeof(text); i++) {
            must(text[i] == (unsigned char)tag);
        }
    }
    return error;
}

static void expect_both_ways(uint64_t tag)
{
    for (unsigned i = 0; i < 3 * LINES; i++) {
        for (unsigned side = 0; side < 2; side++) {
            must(send(side, tag + i) == CMK_CHANNEL_OK);
            must(receive(1 - side, tag + i) == CMK_CHANNEL_OK);
            must(receive(1 - side, 0) == CMK_CHANNEL_EMPTY);
        }
    }
}

static void restart(unsigned side)
{
    set_life(side, CMK_STATUS_STOPPED, pair.status[side].generation);
    set_life(side, CMK_STATUS_OFF, 0);
    pair.status[side].generation = 0;
}

static void come_back(unsigned side, uint64_t generation)
{
    set_life(side, CMK_STATUS_RUNNING, generation);
}

/* As many as fit and no more, whether or not the peer has opened its end. */
static void fill_ring(unsigned side)
{
    must(send(side, 3) == CMK_CHANNEL_OK && send(side, 4) == CMK_CHANNEL_OK);
    must(send(side, 5) == CMK_CHANNEL_FULL && send(side, 5) == CMK_CHANNEL_FULL);
}

static void empty_ring(unsigned side)
{
    must(receive(side, 3) == CMK_CHANNEL_OK && receive(side, 4) == CMK_CHANNEL_OK);
}

START_TEST(first_lives)
{
    open_end(0);
    must(receive(0, 0) == CMK_CHANNEL_EMPTY);
    must(send(0, 7) == CMK_CHANNEL_OK); /* before the other has opened */
    open_end(1);
    must(receive(1, 7) == CMK_CHANNEL_OK);
    expect_both_ways(10);
}
END_TEST

/* The first end is opened while the other node's kernel has not begun. */
START_TEST(before_the_peer_is_up)
{
    set_life(1, CMK_STATUS_OFF, 0);
    open_end(0);
    must(send(0, 7) == CMK_CHANNEL_OK && send(0, 8) == CMK_CHANNEL_OK);
    must(send(0, 9) == CMK_CHANNEL_FULL); /* two lines each */
    must(receive(0, 0) == CMK_CHANNEL_EMPTY);
    come_back(1, 1);
    open_end(1);
    must(receive(1, 7) == CMK_CHANNEL_OK && send(1, 5) == CMK_CHANNEL_OK);
    must(receive(0, 5) == CMK_CHANNEL_OK && receive(1, 8) == CMK_CHANNEL_OK);
    expect_both_ways(10);
}
END_TEST

/* The node that was started again opens its end first, and sends; or last. */
static void survive(bool restarted_first, unsigned unread)
{
    open_end(0);
    open_end(1);
    expect_both_ways(10);
    for (unsigned i = 0; i < unread; i++) {
        must(send(0, 60 + i) == CMK_CHANNEL_OK && send(1, 70 + i) == CMK_CHANNEL_OK);
    }
    restart(1);
    must(send(0, 80) == CMK_CHANNEL_DEAD);
    come_back(1, 2);
    must(send(0, 80) == CMK_CHANNEL_DEAD && cmk_channel_state(&pair.end[0]) == CMK_CHANNEL_DEAD);
    if (restarted_first) {
        open_end(1);
        must(receive(1, 0) == CMK_CHANNEL_EMPTY); /* nothing of what its earlier life was sent */
        must(send(1, 90) == CMK_CHANNEL_OK);
        must(receive(0, 0) == CMK_CHANNEL_DEAD);
        must(send(0, 80) == CMK_CHANNEL_DEAD);
        open_end(0);
        must(receive(0, 90) == CMK_CHANNEL_OK);
    } else {
        open_end(0);
        must(receive(0, 0) == CMK_CHANNEL_EMPTY); /* nothing of what the earlier life has sent */
        must(send(0, 91) == CMK_CHANNEL_OK);
        must(receive(0, 0) == CMK_CHANNEL_EMPTY);
        open_end(1);
        must(receive(1, 91) == CMK_CHANNEL_OK);
    }
    must(receive(1, 0) == CMK_CHANNEL_EMPTY && receive(0, 0) == CMK_CHANNEL_EMPTY);
    expect_both_ways(100);
}

START_TEST(opened_first_by_the_new_life)
{
    survive(true, (unsigned)_i);
}
END_TEST

START_TEST(opened_first_by_the_peer)
{
    survive(false, (unsigned)_i);
}
END_TEST

/* How far an earlier life had read, and that it slept, does not count. */
START_TEST(words_of_an_earlier_life)
{
    struct cmk_channel_side *sides = pair.memory;
    open_end(0);
    open_end(1);
    expect_both_ways(10);
    sides[1].nap = 1;
    restart(1);
    come_back(1, 2);
    open_end(0);
    pair.end[0].button = 1;
    fill_ring(0);
    must(pair.end[0].rings == 0);
    open_end(1);
    empty_ring(1);
    fill_ring(0);
    must(pair.end[0].rings == 0); /* it is awake */
    empty_ring(1);
    expect_both_ways(20);
    restart(0);
    come_back(0, 2);
    open_end(0);
    open_end(1);
    fill_ring(0);
    fill_ring(1);
}
END_TEST

/* An end that has received nothing expects the number that the next life begins with. */
START_TEST(the_next_life_is_not_the_last_one)
{
    open_end(0);
    open_end(1);
    must(receive(0, 0) == CMK_CHANNEL_EMPTY);
    restart(1);
    come_back(1, 2);
    open_end(1);
    must(send(1, 90) == CMK_CHANNEL_OK);
    must(receive(0, 90) == CMK_CHANNEL_DEAD);
    must(pair.end[0].failed == CMK_CHANNEL_OK);
}
END_TEST

START_TEST(both_start_again)
{
    open_end(0);
    open_end(1);
    expect_both_ways(10);
    for (uint64_t life = 2; life < 20; life++) {
        must(send(0, 1) == CMK_CHANNEL_OK);
        restart((unsigned)life % 2);
        come_back((unsigned)life % 2, life / 2 + 1);
        open_end(life % 3 == 0);
        (void)send(life % 3 == 0, 200);
        (void)receive(life % 3 == 0, 0);
        open_end(life % 3 != 0);
        must(receive(life % 3 != 0, 200) == CMK_CHANNEL_OK);
        expect_both_ways(life * 10);
    }
}
END_TEST

/* A piece of the pool that is read while the peer's next life fills it. */
START_TEST(bulk_of_an_earlier_life)
{
    struct cmk_message message;
    unsigned char text[100];
    open_end(0);
    open_end(1);
    memset(cmk_channel_bulk_reserve(&pair.end[1], 100), 5, 100);
    must(cmk_channel_bulk_send(&pair.end[1], 1) == CMK_CHANNEL_OK);
    must(cmk_channel_try_receive(&pair.end[0], &message, NULL, 0) == CMK_CHANNEL_OK);
    restart(1);
    come_back(1, 2);
    open_end(1);
    memset(cmk_channel_bulk_reserve(&pair.end[1], 100), 6, 100);
    must(cmk_channel_bulk_copy(&pair.end[0], &message, text, 100) == CMK_CHANNEL_DEAD);
    open_end(0);
    must(cmk_channel_bulk_send(&pair.end[1], 2) == CMK_CHANNEL_OK);
    must(cmk_channel_try_receive(&pair.end[0], &message, NULL, 0) == CMK_CHANNEL_OK);
    must(cmk_channel_bulk_copy(&pair.end[0], &message, text, 100) == CMK_CHANNEL_OK);
    must(text[0] == 6 && text[99] == 6);
}
END_TEST

Suite *life_suite(void)
{
    Suite *suite = suite_create("lives");
    TCase *t = tcase_create("lives");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_lives);
    tcase_add_test(t, before_the_peer_is_up);
    tcase_add_loop_test(t, opened_first_by_the_new_life, 0, 3);
    tcase_add_loop_test(t, opened_first_by_the_peer, 0, 3);
    tcase_add_test(t, words_of_an_earlier_life);
    tcase_add_test(t, the_next_life_is_not_the_last_one);
    tcase_add_test(t, both_start_again);
    tcase_add_test(t, bulk_of_an_earlier_life);
    suite_add_tcase(suite, t);
    return suite;
}
