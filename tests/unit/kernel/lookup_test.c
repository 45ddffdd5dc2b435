/*
 * Capability pointers to slots: contract 7.2 and 7.3, with guards, left-over bits and every
 * failure.
 */
#include "world.h"
#include <kernel/cspace.h>
#include <kernel/objects.h>

static struct slot *node;  /* radix 4 */
static struct slot *inner; /* radix 3, in node[5] with guard 0b10 of 2 bits */
static struct capability node_capability;

static void setup(void)
{
    world_start();
    node = new_cnode(4);
    inner = new_cnode(3);
    node_capability = cnode_capability(node, 4, 0x2a, 8);
    node[5].capability = cnode_capability(inner, 3, 2, 2);
    node[6].capability = endpoint_capability(new_object(4), 0, RIGHTS_ALL);
    inner[7].capability = endpoint_capability(new_object(4), 0, RIGHTS_ALL);
}

static void expect_failure(word_t pointer, unsigned bits, enum lookup_failure_type type, word_t w0,
                           word_t w1, word_t w2)
{
    struct slot *slot;
    unsigned left;
    struct lookup_failure f = {LOOKUP_NONE, {0}};

    ck_assert(!lookup_slot(node_capability, pointer, bits, &slot, &left, &f));
    ck_assert_uint_eq(f.type, type);
    ck_assert_uint_eq(f.words[0], w0);
    ck_assert_uint_eq(f.words[1], w1);
    ck_assert_uint_eq(f.words[2], w2);
}

static void expect_slot(word_t pointer, unsigned bits, const struct slot *expected,
                        unsigned expected_left)
{
    struct slot *slot = NULL;
    unsigned left = 99;
    struct lookup_failure f;

    ck_assert(lookup_slot(node_capability, pointer, bits, &slot, &left, &f));
    ck_assert_ptr_eq(slot, expected);
    ck_assert_uint_eq(left, expected_left);
}

START_TEST(finds_slots)
{
    expect_slot(0x2a6, 12, &node[6], 0);
    expect_slot(0x2a0, 12, &node[0], 0); /* an empty slot is found too */
    /* depth ends at a CNode: that slot, not what is in it */
    expect_slot(0x2a5, 12, &node[5], 0);
    expect_slot(0x2a5 << 5 | 2 << 3 | 7, 17, &inner[7], 0); /* two levels */
    /* left-over bits behind something that is no CNode */
    expect_slot(0x2a6ull << 52, 64, &node[6], 52);
    expect_slot(0x2a0ull << 52 | 12345, 64, &node[0], 52); /* also behind nothing */
    expect_slot(0xf2a6, 12, &node[6], 0);                  /* bits above the depth do not count */
}
END_TEST

START_TEST(says_why_not)
{
    expect_failure(0x2b6, 12, LOOKUP_GUARD_MISMATCH, 12, 0x2a, 8);
    /* fewer bits than the guard has */
    expect_failure(0x2a, 7, LOOKUP_GUARD_MISMATCH, 7, 0x2a, 8);
    /* the guard, and nothing for the index */
    expect_failure(0x2a, 8, LOOKUP_DEPTH_MISMATCH, 8, 12, 0);
    expect_failure(0x2a6 >> 1, 11, LOOKUP_DEPTH_MISMATCH, 11, 12, 0);
    /* in the second level */
    expect_failure(0x2a5 << 5 | 1 << 3 | 7, 17, LOOKUP_GUARD_MISMATCH, 5, 2, 2);
    expect_failure(0x2a5 << 4 | 2 << 2, 16, LOOKUP_DEPTH_MISMATCH, 4, 5, 0);
    expect_failure(0x2a5 << 1, 13, LOOKUP_GUARD_MISMATCH, 1, 2, 2);
    node_capability = endpoint_capability(new_object(4), 0, RIGHTS_ALL);
    expect_failure(0, 64, LOOKUP_INVALID_ROOT, 0, 0, 0);
    node_capability = capability_null();
    expect_failure(0, 64, LOOKUP_INVALID_ROOT, 0, 0, 0);
    node_capability = zombie_capability((word_t)node, 4, 16);
    expect_failure(0, 64, LOOKUP_INVALID_ROOT, 0, 0, 0);
}
END_TEST

START_TEST(extreme_sizes)
{
    /* Guard and radix fill the word: no shift by 64 anywhere (the sanitizer watches). */
    node_capability = cnode_capability(node, 1, MASK(58), 63);
    expect_failure(0, 64, LOOKUP_GUARD_MISMATCH, 64, MASK(58), 63);
    node_capability = cnode_capability(node, 1, 0, 63);
    expect_slot(1, 64, &node[1], 0);
    expect_failure(2, 64, LOOKUP_GUARD_MISMATCH, 64, 0, 63);
    node_capability = cnode_capability(node, 4, 0, 60);
    expect_slot(6, 64, &node[6], 0);
    node_capability = cnode_capability(node, 4, 0, 0);
    expect_slot(6ull << 60, 64, &node[6], 60);
    expect_slot(6, 4, &node[6], 0);
    expect_failure(1, 1, LOOKUP_DEPTH_MISMATCH, 1, 4, 0);
}
END_TEST

/* A CNode of two slots that holds itself: 64 levels, then the bits are used up. */
START_TEST(most_levels)
{
    struct slot *self = new_cnode(1);

    node_capability = cnode_capability(self, 1, 0, 0);
    self[1].capability = node_capability;
    expect_slot(~0ull, 64, &self[1], 0);
    expect_slot(~1ull, 64, &self[0], 0);
    expect_slot(1ull << 63, 64, &self[0], 62);
}
END_TEST

START_TEST(threads_ignore_leftover_bits)
{
    struct slot *slot;
    struct lookup_failure f;

    insert_derived(cnode_capability(node, 4, 0x2a, 8), &root[SLOT_ROOT], &root[20]);
    caller->slots[TCB_CSPACE].capability = cnode_capability(node, 4, 0, 0);
    ck_assert(lookup_thread_slot(caller, 6ull << 60 | 77, &slot, &f));
    ck_assert_ptr_eq(slot, &node[6]);
    caller->slots[TCB_CSPACE].capability = capability_null();
    ck_assert(!lookup_thread_slot(caller, 0, &slot, &f));
    ck_assert_uint_eq(f.type, LOOKUP_INVALID_ROOT);
}
END_TEST

/* --- the exact lookup of operations --- */

static void expect_refusal(struct capability r, word_t index, word_t depth, bool source,
                           const struct answer *expected)
{
    struct slot *slot;
    struct answer a = {0};

    ck_assert(!lookup_operation_slot(r, index, depth, source, &slot, &a));
    ck_assert_uint_eq(a.label, expected->label);
    ck_assert_uint_eq(a.length, expected->length);
    for (word_t i = 0; i < a.length; i++) {
        ck_assert_uint_eq(a.words[i], expected->words[i]);
    }
}

/*
 * The short lookup against the one that says why it fails: CNodes of all sizes and guards, linked
 * at random, so that paths end at empty slots, other capabilities, too few bits and wrong guards,
 * or with the last bit at a CNode.
 */
START_TEST(both_lookups_agree)
{
    enum { NODES = 24, TREES = 40, POINTERS = 400 };
    struct slot *nodes[NODES];
    unsigned radix[NODES], found = 0, failed = 0, random = 1;
    for (unsigned i = 0; i < NODES; i++) {
        radix[i] = 1 + i % 5;
        nodes[i] = new_cnode(radix[i]);
    }
    for (unsigned tree = 0; tree < TREES; tree++) {
        for (unsigned i = 0; i < NODES; i++) {
            for (unsigned j = 0; j < 1u << radix[i]; j++) {
                random = random * 1103515245 + 12345;
                unsigned to = (random >> 16) % NODES, kind = random >> 8 & 31,
                         what = random >> 11 & 31;
                /*
                 * None, some bits, or nearly all; few guards, so that many paths come near the
                 * pointer's end.
                 */
                unsigned guard_size = kind < 28 ? 0 : kind < 31 ? kind - 27 : 60 - radix[to];
                word_t guard = random >> 20 & MASK(guard_size);
                nodes[i][j].capability = cnode_capability(nodes[to], radix[to], guard, guard_size);
                if (what == 0) {
                    nodes[i][j].capability = capability_null();
                } else if (what == 1) {
                    nodes[i][j].capability = endpoint_capability((void *)nodes[to], 0, RIGHTS_ALL);
                }
            }
        }
        for (unsigned i = 0; i < POINTERS; i++) {
            struct slot *slot = NULL;
            unsigned left;
            struct lookup_failure failure;
            random = random * 1103515245 + 12345;
            word_t pointer = (word_t)random << 32 ^ (word_t)(random * 69069u) << 7 ^ (random >> 3);
            pointer &= i % 3 == 0 ? ~0ull : i % 3 == 1 ? 0xf0f0f0f0f0f0f0f0 : 0x8080808080808080;
            unsigned guard_size = i % 2 == 0 ? 0 : 1 + i % 40;
            struct capability root =
                cnode_capability(nodes[i % NODES], radix[i % NODES], 0, guard_size);
            bool good = lookup_slot(root, pointer, WORD_BITS, &slot, &left, &failure);
            ck_assert_ptr_eq(resolve(root, pointer), good ? slot : NULL);
            found += good, failed += !good;
        }
    }
    ck_assert_uint_gt(found, TREES * POINTERS / 20);
    ck_assert_uint_gt(failed, TREES * POINTERS / 20);
    ck_assert_ptr_null(resolve(capability_null(), 0));
}
END_TEST

START_TEST(operations_are_exact)
{
    struct slot *slot;
    struct answer a = {0};
    struct capability c = node_capability;

    ck_assert(lookup_operation_slot(c, 0x2a6, 12, true, &slot, &a));
    ck_assert_ptr_eq(slot, &node[6]);
    ck_assert_uint_eq(a.label, 0);
    expect_refusal(capability_null(), 0, 0, true,
                   &(struct answer){ERROR_FAILED_LOOKUP, 2, {1, LOOKUP_INVALID_ROOT}});
    expect_refusal(c, 0x2a6, 0, false, &(struct answer){ERROR_RANGE, 2, {1, 64}});
    expect_refusal(c, 0x2a6, 65, false, &(struct answer){ERROR_RANGE, 2, {1, 64}});
    expect_refusal(c, 0x2a6, ~0ull, false, &(struct answer){ERROR_RANGE, 2, {1, 64}});
    expect_refusal(
        c, 0x2b6, 12, false,
        &(struct answer){ERROR_FAILED_LOOKUP, 5, {0, LOOKUP_GUARD_MISMATCH, 12, 0x2a, 8}});
    expect_refusal(c, 0x2a, 8, true,
                   &(struct answer){ERROR_FAILED_LOOKUP, 4, {1, LOOKUP_DEPTH_MISMATCH, 8, 12}});
    /* Bits left over behind a slot that is no CNode, which a system call would ignore. */
    expect_refusal(c, 0x2a6 << 3, 15, true,
                   &(struct answer){ERROR_FAILED_LOOKUP, 4, {1, LOOKUP_DEPTH_MISMATCH, 3, 0}});
}
END_TEST

START_TEST(destinations_must_be_empty)
{
    struct slot *slot;
    struct answer a = {0};

    ck_assert(lookup_empty_slot(node_capability, 0x2a0, 12, &slot, &a));
    ck_assert_ptr_eq(slot, &node[0]);
    ck_assert(!lookup_empty_slot(node_capability, 0x2a6, 12, &slot, &a));
    ck_assert_uint_eq(a.label, ERROR_DELETE_FIRST);
    ck_assert(!lookup_empty_slot(node_capability, 0x2a6, 99, &slot, &a));
    ck_assert_uint_eq(a.label, ERROR_RANGE);
}
END_TEST

Suite *lookup_suite(void);
Suite *lookup_suite(void)
{
    Suite *suite = suite_create("lookup");
    TCase *tests = tcase_create("lookup");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, finds_slots);
    tcase_add_test(tests, says_why_not);
    tcase_add_test(tests, extreme_sizes);
    tcase_add_test(tests, most_levels);
    tcase_add_test(tests, threads_ignore_leftover_bits);
    tcase_add_test(tests, both_lookups_agree);
    tcase_add_test(tests, operations_are_exact);
    tcase_add_test(tests, destinations_must_be_empty);
    suite_add_tcase(suite, tests);
    return suite;
}
