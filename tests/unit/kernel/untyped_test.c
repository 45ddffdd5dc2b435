/*
 * Retype (contract 4.4, 7.7): the checks in their order, the arithmetic of the watermark, clearing,
 * preemption.
 */
#include "world.h"
#include <kernel/objects.h>
#include <kernel/untyped.h>
#include <string.h>

enum { U = 8, FIRST = 16 }; /* root slots: the untyped, and where objects go */

static struct answer answer;

static void setup(void)
{
    world_start();
    put_untyped(U, 0, 16, 0, false);
}

/* Into the root CNode itself (depth 0). */
static struct call retype_call(word_t type, word_t size, word_t first, word_t count)
{
    return (struct call){&root[U], LABEL_UntypedRetype, {type, size, 0, 0, first, count},
                         6,        {&root[SLOT_ROOT]},  1};
}

static enum outcome retype(word_t type, word_t size, word_t first, word_t count)
{
    struct call call = retype_call(type, size, first, count);

    return invoke(&call, &answer);
}

static void expect_range(word_t least, word_t greatest)
{
    ck_assert_uint_eq(answer.label, ERROR_RANGE);
    ck_assert_uint_eq(answer.words[0], least);
    ck_assert_uint_eq(answer.words[1], greatest);
}

static word_t watermark(void)
{
    return untyped_capability_watermark(at(U));
}

/* --- checks --- */

START_TEST(other_labels_and_truncation)
{
    struct call call = {&root[U], LABEL_CNodeCopy,    {OBJECT_ENDPOINT, 0, 0, 0, FIRST, 1},
                        6,        {&root[SLOT_ROOT]}, 1};

    invoke(&call, &answer);
    ck_assert_uint_eq(answer.label, ERROR_ILLEGAL_OPERATION);
    call.label = LABEL_UntypedRetype;
    call.length = 5;
    invoke(&call, &answer);
    ck_assert_uint_eq(answer.label, ERROR_TRUNCATED_MESSAGE);
    call.length = 6;
    call.extra_caps = 0;
    invoke(&call, &answer);
    ck_assert_uint_eq(answer.label, ERROR_TRUNCATED_MESSAGE);
}
END_TEST

START_TEST(types_and_sizes)
{
    word_t bad_types[] = {12, 13, 0xffffff, 0xfffffffe, 1ull << 32, ~0ull};

    for (unsigned i = 0; i < ARRAY_LENGTH(bad_types); i++) {
        retype(bad_types[i], 99, 999, 0); /* everything else is wrong as well: this comes first */
        ck_assert_uint_eq(answer.label, ERROR_INVALID_ARGUMENT);
        ck_assert_uint_eq(answer.words[0], 0);
    }
    for (word_t type = 0; type < OBJECT_TYPE_COUNT; type++) {
        retype(type, 64, 999, 0);
        expect_range(0, 47);
        retype(type, ~0ull, 999, 0);
        expect_range(0, 47);
        retype(type, 1ull << 32, 999, 0);
        expect_range(0, 47);
    }
    retype(OBJECT_UNTYPED, 48, 999, 0);
    expect_range(0, 47);
    retype(OBJECT_CNODE, 43, 999, 0);
    expect_range(0, 47);
    retype(OBJECT_CNODE, 0, 999, 0);
    ck_assert(answer.label == ERROR_INVALID_ARGUMENT && answer.words[0] == 1);
    for (word_t size = 0; size < 4; size++) {
        retype(OBJECT_UNTYPED, size, 999, 0);
        ck_assert(answer.label == ERROR_INVALID_ARGUMENT && answer.words[0] == 1);
    }
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 63, FIRST, 1), DONE); /* a size that does not matter */
}
END_TEST

START_TEST(destinations)
{
    struct slot *small = new_cnode(2);
    struct call call = {&root[U], LABEL_UntypedRetype, {OBJECT_ENDPOINT, 0, FIRST, 64, 0, 1},
                        6,        {&root[SLOT_ROOT]},  1};

    invoke(&call, &answer); /* an empty slot is no CNode */
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.length == 3 && answer.words[0] == 0 &&
              answer.words[1] == LOOKUP_MISSING_CAPABILITY && answer.words[2] == 64);
    call.words[3] = 65;
    invoke(&call, &answer);
    expect_range(1, 64);
    call.words[3] = 8; /* fewer bits than the root's guard has */
    invoke(&call, &answer);
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.words[0] == 0 &&
              answer.words[1] == LOOKUP_GUARD_MISMATCH);
    call.extra[0] = &root[U];
    call.words[3] = 0;
    invoke(&call, &answer);
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.words[1] == LOOKUP_MISSING_CAPABILITY);
    ck_assert_uint_eq(answer.words[2], 0);
    call.words[3] = 64;
    invoke(&call, &answer);
    ck_assert(answer.label == ERROR_FAILED_LOOKUP && answer.length == 2 &&
              answer.words[1] == LOOKUP_INVALID_ROOT);

    insert_root(cnode_capability(small, 2, 0, 0), &root[FIRST]);
    call.extra[0] = &root[SLOT_ROOT];
    ck_assert_int_eq(invoke(&call, &answer), DONE);
    ck_assert_uint_eq(capability_type(small[0].capability), CAP_ENDPOINT);
    call.words[4] = 4;
    invoke(&call, &answer);
    expect_range(0, 3);
    call.words[4] = ~0ull;
    invoke(&call, &answer);
    expect_range(0, 3);
    call.words[4] = 1;
    for (word_t bad = 0; bad < 2; bad++) {
        call.words[5] = bad == 0 ? 0 : 257;
        invoke(&call, &answer);
        expect_range(1, 256);
    }
    call.words[5] = 4;
    invoke(&call, &answer);
    expect_range(1, 3);
    call.words[5] = 3;
    small[3].capability = capability_make(CAP_DOMAIN, 0, 0);
    invoke(&call, &answer);
    ck_assert_uint_eq(answer.label, ERROR_DELETE_FIRST);
    ck_assert(slot_is_empty(&small[1])); /* nothing was made */
}
END_TEST

START_TEST(not_enough_memory)
{
    retype(OBJECT_UNTYPED, 17, FIRST, 1);
    ck_assert(answer.label == ERROR_NOT_ENOUGH_MEMORY && answer.words[0] == BIT(16));
    retype(OBJECT_SMALL_PAGE, 0, FIRST, 17);
    ck_assert(answer.label == ERROR_NOT_ENOUGH_MEMORY && answer.words[0] == BIT(16));
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST, 1), DONE);
    retype(OBJECT_SMALL_PAGE, 0, FIRST + 1, 16); /* the first page is touched */
    ck_assert(answer.label == ERROR_NOT_ENOUGH_MEMORY && answer.words[0] == BIT(16) - 16);
    ck_assert_int_eq(retype(OBJECT_SMALL_PAGE, 0, FIRST + 1, 15), DONE);
    ck_assert_uint_eq(watermark(), BIT(16));
    /* what the rounding skipped is lost until the reset */
    retype(OBJECT_ENDPOINT, 0, FIRST + 40, 1);
    ck_assert(answer.label == ERROR_NOT_ENOUGH_MEMORY && answer.words[0] == 0);
}
END_TEST

START_TEST(device_memory)
{
    do_delete(U);
    /* Nothing is mapped there: any access would be seen. */
    insert_root(untyped_capability(0x7000000000, 32, true, BIT(32)), &root[U]);
    for (word_t type = 0; type < OBJECT_TYPE_COUNT; type++) {
        bool allowed = type == OBJECT_UNTYPED || type == OBJECT_SMALL_PAGE ||
                       type == OBJECT_LARGE_PAGE || type == OBJECT_HUGE_PAGE;
        enum outcome outcome = retype(type, 12, FIRST + type, 1);
        ck_assert_int_eq(outcome, allowed ? DONE : REFUSED);
        if (!allowed) {
            ck_assert(answer.label == ERROR_INVALID_ARGUMENT && answer.words[0] == 1);
        }
    }
    ck_assert_uint_eq(untyped_capability_base(at(FIRST + OBJECT_UNTYPED)), 0x7000000000);
    ck_assert(untyped_capability_is_device(at(FIRST + OBJECT_UNTYPED)));
    ck_assert_uint_eq(frame_capability_base(at(FIRST + OBJECT_HUGE_PAGE)), 0x7040000000);
    ck_assert(frame_capability_is_device(at(FIRST + OBJECT_SMALL_PAGE)));
    ck_assert_uint_eq(host_machine.words_cleared, 0);
    /* All children gone, it starts from the beginning, still without touching the memory. */
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert_int_eq(retype(OBJECT_SMALL_PAGE, 0, FIRST, 2), DONE);
    ck_assert_uint_eq(frame_capability_base(at(FIRST)), 0x7000000000);
    ck_assert_uint_eq(host_machine.words_cleared, 0);
}
END_TEST

/* --- objects --- */

START_TEST(object_sizes)
{
    unsigned bits[OBJECT_TYPE_COUNT] = {9, 11, 4, 5, 14, 12, 12, 30, 12, 21, 12, 12};

    for (unsigned type = 0; type < OBJECT_TYPE_COUNT; type++) {
        ck_assert_uint_eq(object_size_bits((unsigned)type, 9), bits[type]);
    }
}
END_TEST

START_TEST(objects_lie_behind_each_other)
{
    paddr_t base = UNTYPED_BASE;

    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST, 3), DONE);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(window_to_physical(capability_endpoint(at(FIRST + i))), base + 16 * i);
        ck_assert_uint_eq(capability_rights(at(FIRST + i)), RIGHTS_ALL);
        ck_assert_uint_eq(capability_badge(at(FIRST + i)), 0);
        ck_assert_ptr_eq(parent_of(&root[FIRST + i]), &root[U]);
    }
    ck_assert_uint_eq(watermark(), 48);
    ck_assert_int_eq(retype(OBJECT_NOTIFICATION, 0, FIRST + 3, 1), DONE);
    ck_assert_uint_eq(window_to_physical(capability_notification(at(FIRST + 3))), base + 64);
    ck_assert_uint_eq(capability_rights(at(FIRST + 3)), RIGHT_READ | RIGHT_WRITE);
    ck_assert_uint_eq(watermark(), 96);
    ck_assert_int_eq(retype(OBJECT_CNODE, 5, FIRST + 4, 2), DONE);
    ck_assert_uint_eq(window_to_physical(capability_cnode(at(FIRST + 5))), base + 2048);
    ck_assert_uint_eq(cnode_capability_radix(at(FIRST + 5)), 5);
    ck_assert_uint_eq(at(FIRST + 5).word[1], 0);
    ck_assert_int_eq(retype(OBJECT_TCB, 0, FIRST + 6, 1), DONE);
    ck_assert_uint_eq(window_to_physical(capability_tcb(at(FIRST + 6))), base + 4096);
    ck_assert_uint_eq(capability_tcb(at(FIRST + 6))->state, THREAD_INACTIVE);
    ck_assert_int_eq(retype(OBJECT_SMALL_PAGE, 0, FIRST + 7, 1), DONE);
    ck_assert_uint_eq(frame_capability_base(at(FIRST + 7)), base + 8192);
    ck_assert_int_eq(retype(OBJECT_UNTYPED, 15, FIRST + 8, 1), DONE);
    ck_assert_uint_eq(untyped_capability_base(at(FIRST + 8)), base + BIT(15));
    ck_assert_uint_eq(untyped_capability_watermark(at(FIRST + 8)), 0);
    ck_assert_uint_eq(watermark(), BIT(16));
    check_links(root, ROOT_SLOTS);
}
END_TEST

START_TEST(exactly_full)
{
    /* 4096 endpoints would fit; a CNode of 256 slots takes 224 at once */
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(retype(OBJECT_CNODE, 9, FIRST + i, 1), DONE);
    }
    ck_assert_uint_eq(watermark(), BIT(16));
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST + 9, 1), REFUSED);
    ck_assert_uint_eq(do_delete(FIRST), 0); /* one of several children gone: nothing is won */
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST + 9, 1), REFUSED);
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST + 9, 1), DONE);
    ck_assert_uint_eq(window_to_physical(capability_endpoint(at(FIRST + 9))), UNTYPED_BASE);
}
END_TEST

/* --- copies --- */

START_TEST(copying_fills_the_source)
{
    ck_assert_uint_eq(do_copy(FIRST, U), 0);
    ck_assert_uint_eq(watermark(), BIT(16));
    ck_assert_ptr_eq(parent_of(&root[FIRST]), &root[U]);
    retype(OBJECT_ENDPOINT, 0, FIRST + 2, 1);
    ck_assert(answer.label == ERROR_NOT_ENOUGH_MEMORY && answer.words[0] == 0);
    ck_assert_uint_eq(do_copy(FIRST + 2, U), ERROR_REVOKE_FIRST);
    ck_assert_uint_eq(do_retype(FIRST, OBJECT_ENDPOINT, 0, FIRST + 2, 1), 0);
    ck_assert_uint_eq(do_delete(FIRST), 0); /* the endpoint is the source's child now */
    ck_assert_ptr_eq(parent_of(&root[FIRST + 2]), &root[U]);
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST + 3, 1), REFUSED);
    ck_assert_uint_eq(do_delete(FIRST + 2), 0);
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST + 3, 1), DONE);
}
END_TEST

/* --- clearing --- */

static void expect_clear(paddr_t from, word_t bytes)
{
    const unsigned char *memory = window(from);

    for (word_t i = 0; i < bytes; i++) {
        EXPECT(memory[i] == 0);
    }
}

/* What the design says of untyped memory at all times: behind the watermark all is zero. */
static void expect_invariant(void)
{
    expect_clear(UNTYPED_BASE + watermark(), BIT(16) - watermark());
}

START_TEST(boot_memory_is_cleared_first)
{
    do_delete(U);
    memset(window(UNTYPED_BASE), 0xa5, BIT(16) + 8);
    put_untyped(U, 0, 16, BIT(16), false);
    ck_assert_int_eq(retype(OBJECT_SMALL_PAGE, 0, FIRST, 16), DONE);
    expect_clear(UNTYPED_BASE, BIT(16));
    ck_assert_uint_eq(*(unsigned char *)window(UNTYPED_BASE + BIT(16)), 0xa5);
    ck_assert_uint_le(host_machine.longest_clear, 8192);
}
END_TEST

START_TEST(only_what_was_used_is_cleared)
{
    ck_assert_int_eq(retype(OBJECT_SMALL_PAGE, 0, FIRST, 3), DONE);
    ck_assert_uint_eq(host_machine.words_cleared, 0);
    memset(window(UNTYPED_BASE), 0xff, 3 * 4096);
    ck_assert_uint_eq(do_revoke(U), 0);
    ck_assert_uint_eq(host_machine.words_cleared, 0); /* not before the next Retype */
    ck_assert_int_eq(retype(OBJECT_ENDPOINT, 0, FIRST, 1), DONE);
    ck_assert_uint_eq(host_machine.words_cleared, 3 * 512);
    ck_assert_uint_eq(watermark(), 16);
    expect_invariant();
}
END_TEST

START_TEST(preempted_everywhere)
{
    do_delete(U);
    memset(window(UNTYPED_BASE), 0x77, BIT(16));
    put_untyped(U, 0, 16, BIT(16), false);
    host_interrupt_after = 0;
    struct call call = retype_call(OBJECT_SMALL_PAGE, 0, FIRST, 16);
    word_t before = watermark();
    unsigned tries = 0;
    while (invoke_once(&call, &answer) == PREEMPTED) {
        ck_assert_uint_lt(watermark(), before); /* every entry gets further */
        before = watermark();
        expect_invariant();
        ck_assert(slot_is_empty(&root[FIRST]));
        ck_assert_uint_lt(tries++, 100);
    }
    ck_assert_uint_eq(answer.label, 0);
    ck_assert_uint_gt(tries, 2);
    ck_assert_uint_eq(host_machine.words_cleared, BIT(16) / 8); /* nothing twice */
    expect_clear(UNTYPED_BASE, BIT(16));
}
END_TEST

START_TEST(the_door_preempts_too)
{
    do_delete(U);
    put_untyped(U, 0, 16, BIT(16), false);
    host_cpu_at_the_door = true;
    struct call call = retype_call(OBJECT_SMALL_PAGE, 0, FIRST, 1);
    ck_assert_int_eq(invoke_once(&call, &answer), PREEMPTED);
    ck_assert_int_eq(invoke(&call, &answer), DONE);
}
END_TEST

START_TEST(a_refused_retype_clears_nothing)
{
    do_delete(U);
    put_untyped(U, 0, 16, BIT(16), false);
    retype(OBJECT_LARGE_PAGE, 0, FIRST, 1);
    ck_assert_uint_eq(answer.label, ERROR_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(watermark(), BIT(16));
    ck_assert_uint_eq(host_machine.words_cleared, 0);
}
END_TEST

/*
 * Random objects of random sizes: they never overlap, all lie inside, and the watermark is behind
 * them.
 */
START_TEST(random_objects_do_not_overlap)
{
    static const unsigned types[] = {OBJECT_UNTYPED,      OBJECT_TCB,   OBJECT_ENDPOINT,
                                     OBJECT_NOTIFICATION, OBJECT_CNODE, OBJECT_SMALL_PAGE,
                                     OBJECT_PAGE_TABLE};

    for (unsigned seed = 0; seed < 50; seed++) {
        random_seed(seed);
        world_start();
        put_untyped(U, 0, 16, 0, false);
        paddr_t end = UNTYPED_BASE;
        for (unsigned slot = FIRST; slot < ROOT_SLOTS;) {
            unsigned type = types[random_below(ARRAY_LENGTH(types))];
            unsigned size = 4 + random_below(6);
            unsigned count = 1 + random_below(MIN(4u, ROOT_SLOTS - slot));
            word_t free = BIT(16) - watermark();
            bool fits = free >> object_size_bits(type, size) >= count;
            EXPECT((retype(type, size, slot, count) == DONE) == fits);
            if (!fits) {
                break;
            }
            for (unsigned i = 0; i < count; i++, slot++) {
                struct capability c = at(slot);
                paddr_t base = type == OBJECT_UNTYPED || type == OBJECT_SMALL_PAGE
                                   ? capability_object(c)
                                   : window_to_physical((void *)capability_object(c));
                EXPECT(base >= end && IS_ALIGNED(base, object_size_bits(type, size)));
                end = base + BIT(object_size_bits(type, size));
                EXPECT(end <= UNTYPED_BASE + watermark() && parent_of(&root[slot]) == &root[U]);
            }
        }
        check_links(root, ROOT_SLOTS);
    }
}
END_TEST

Suite *untyped_suite(void);
Suite *untyped_suite(void)
{
    Suite *suite = suite_create("untyped");
    TCase *tests = tcase_create("retype");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, other_labels_and_truncation);
    tcase_add_test(tests, types_and_sizes);
    tcase_add_test(tests, destinations);
    tcase_add_test(tests, not_enough_memory);
    tcase_add_test(tests, device_memory);
    tcase_add_test(tests, object_sizes);
    tcase_add_test(tests, objects_lie_behind_each_other);
    tcase_add_test(tests, exactly_full);
    tcase_add_test(tests, copying_fills_the_source);
    tcase_add_test(tests, boot_memory_is_cleared_first);
    tcase_add_test(tests, only_what_was_used_is_cleared);
    tcase_add_test(tests, preempted_everywhere);
    tcase_add_test(tests, the_door_preempts_too);
    tcase_add_test(tests, a_refused_retype_clears_nothing);
    tcase_add_test(tests, random_objects_do_not_overlap);
    suite_add_tcase(suite, tests);
    return suite;
}
